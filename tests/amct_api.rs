//! AMCT's functions one after the other, and what they say when a step was left out.

use std::path::Path;

use amct::amct_api::{convert_model, quantize_model, save_model};
use amct_interpreter::Feeds;
use amct_tensor::Tensor;

use crate::support::{root, shipped_model};

const CONFIG: &str = r#"{"batch_num":2,"MobilenetV2/Conv/Conv2D":{"quant_enable":true}}"#;

fn images(count: usize) -> Vec<Feeds> {
    let image = |index| Tensor::full([1, 224, 224, 3], index as f32 / 4.0).unwrap();
    (0..count).map(|index| Feeds::from([("input", image(index))])).collect()
}

#[test]
fn calibration_takes_the_batches_that_the_configuration_asks_for() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let (config, record, model) =
        (file("config.json"), file("record.txt"), root().join("model/mobilenetv2_tf.pb"));
    std::fs::write(&config, CONFIG).unwrap();
    let calibration = quantize_model(&shipped_model(), &config, &record, &[]).unwrap();
    assert_eq!(calibration.batch_num(), 2);
    assert_eq!(calibration.outputs(), ["MobilenetV2/Predictions/Reshape_1"]);

    // Nothing is calibrated yet.
    assert_eq!(std::fs::read(&record).unwrap(), b"");
    let save_path = file("m").display().to_string();
    let error = save_model(&model, &[], &record, &save_path).unwrap_err().in_one_line();
    assert!(error.starts_with("record_file is empty, no layers to be quantized."), "{error}");

    let error = calibration.calibrate(&images(1), &|_| {}).unwrap_err().in_one_line();
    assert_eq!(
        error,
        "The number of given data batches is not enough to run calibration with the given batch_num. \
         Total batches found: 1, but trying to load: 2."
    );

    // A third batch is not looked at.
    let two = calibration.calibrate(&images(2), &|_| {}).unwrap();
    let three = calibration.calibrate(&images(3), &|_| {}).unwrap();
    assert_eq!(two, three);
    assert_eq!(two.entries.len(), 1);
    save_model(&model, &[], &record, &save_path).unwrap();
    let saved = std::fs::read(Path::new(&format!("{save_path}_quantized.pb"))).unwrap();
    convert_model(&model, &[], &record, &save_path).unwrap();
    assert!(saved == std::fs::read(Path::new(&format!("{save_path}_quantized.pb"))).unwrap());
}

#[test]
fn a_configuration_that_does_not_fit_the_graph_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (config, record) = (directory.path().join("config.json"), directory.path().join("record.txt"));
    let refused = |text: &str| {
        std::fs::write(&config, text).unwrap();
        let error = quantize_model(&shipped_model(), &config, &record, &[]).unwrap_err().in_one_line();
        assert!(!record.exists(), "{error}");
        error
    };
    let error = refused(r#"{"MobilenetV2/Conv/Conv2d":{}}"#);
    assert!(error.contains("MobilenetV2/Conv/Conv2d is an invalid layer name or parameter."), "{error}");
    let error = refused(r#"{"MobilenetV2/Conv/Relu6":{}}"#);
    assert!(error.contains("layer MobilenetV2/Conv/Relu6 does not support quant."), "{error}");
    let error = refused("{");
    assert!(error.contains("config.json"), "{error}");
    std::fs::remove_file(&config).unwrap();
    let error = quantize_model(&shipped_model(), &config, &record, &[]).unwrap_err().in_one_line();
    assert!(error.starts_with("Can not find the config_file at "), "{error}");
}
