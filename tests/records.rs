//! What configuration and record say besides scales, on its way into the graph.

use std::collections::BTreeSet;
use std::path::Path;

use amct::amct_api::save_model;
use amct::model::Model;
use amct::pipeline::{self, Artifacts, CalibrateOptions, PrepareOptions, Prepared};
use amct_artifacts::config::{FakequantPrecisionMode, QuantConfig};
use amct_artifacts::record::{Record, RecordEntry};
use amct_graph::{AttrValue, Graph};
use amct_interpreter::{Arithmetic, Feeds};
use amct_rewrite::{Severity, verify};
use amct_tensor::quantization::{DeqScale, fp16_scale};

use crate::support::{arg_max, npy, root, shipped_model};

const CONV: &str = "MobilenetV2/Conv/Conv2D";
const OUTPUT: &str = "MobilenetV2/Predictions/Reshape_1";

fn image() -> Feeds {
    Feeds::from([("input", npy("classification_input.npy"))])
}

fn calibrated(change: impl FnOnce(&mut QuantConfig)) -> (Prepared, Record) {
    let graph = shipped_model();
    let batches = [image()];
    let outputs = [OUTPUT.to_owned()];
    let plain = pipeline::prepare(&graph, &outputs, &PrepareOptions::default(), Some(&batches)).unwrap();
    let mut config = pipeline::default_config(&plain, 1, true).unwrap();
    change(&mut config);
    let options = PrepareOptions::default()
        .with_fusion(config.do_fusion)
        .with_skipped_layers(config.skip_fusion_layers.iter().cloned());
    let prepared = pipeline::prepare(&graph, &outputs, &options, Some(&batches)).unwrap();
    let record =
        pipeline::calibrate(&prepared, &config, &batches, &CalibrateOptions::default()).unwrap().record;
    (prepared, record)
}

fn run(graph: &Graph, arithmetic: Arithmetic) -> Vec<f32> {
    let model = Model::new(graph, &[], arithmetic).unwrap();
    model.run(image()).unwrap()[0].clone().into_vec::<f32>().unwrap()
}

/// Verified with no more than warnings, and the same in both arithmetics.
fn check(graph: &Graph) {
    let violations = verify(graph, Some(&shipped_model()), &[OUTPUT.to_owned()]);
    assert!(violations.iter().all(|violation| violation.severity == Severity::Should), "{violations:?}");
    let (integer, simulated) = (run(graph, Arithmetic::Integer), run(graph, Arithmetic::FloatSimulation));
    assert!(integer == simulated);
}

fn words(graph: &Graph, scope: &str) -> Vec<DeqScale> {
    let name = format!("{scope}/dequant/deq_scale");
    let tensor = graph.constant(graph.outlet(&name).unwrap()).unwrap().unwrap();
    tensor.as_slice::<u64>().unwrap().iter().map(|&word| DeqScale::from_bits(word)).collect()
}

#[test]
fn fp16_precision_goes_from_the_configuration_to_the_attributes() {
    let (_, plain) = calibrated(|_| {});
    let (prepared, record) =
        calibrated(|config| config.fakequant_precision_mode = FakequantPrecisionMode::ForceFp16Quant);
    for (plain, forced) in plain.entries.iter().zip(&record.entries) {
        assert_eq!(forced.fakequant_precision_mode.as_deref(), Some("FORCE_FP16_QUANT"));
        assert_eq!(plain.fakequant_precision_mode, None);
        let (plain, scale) = (plain.scale_d.unwrap(), forced.scale_d.unwrap());
        assert_eq!(scale, fp16_scale(plain), "{}", forced.key);
        // Between 2^-14 and 65504 a rounded scale is an f16: ten bits behind the leading one.
        assert_eq!(scale.to_bits() & 0x1FFF, 0, "{}", forced.key);
    }
    let quantized = pipeline::quantize(&prepared, &record, "m").unwrap().graph;
    let entry = record.get(CONV).unwrap();
    let quant = quantized.node(quantized.find("MobilenetV2/Conv/act_quant/AscendQuant").unwrap());
    assert_eq!(quant.attrs["scale"], AttrValue::F(1.0 / entry.scale_d.unwrap()));
    for (word, scale_w) in words(&quantized, "MobilenetV2/Conv").iter().zip(&entry.scale_w) {
        let exact = entry.scale_d.unwrap() * scale_w;
        assert_eq!(word.scale.to_bits(), exact.to_bits() & 0xFFFF_E000);
    }
    check(&quantized);
}

#[test]
fn shift_bits_go_from_the_record_to_the_words() {
    let (prepared, mut record) = calibrated(|_| {});
    let entry = record.entries.iter_mut().find(|entry| entry.key == CONV).unwrap();
    entry.shift_bit = (0..entry.scale_w.len() as u32).map(|channel| channel % 3 + 1).collect();
    let last = record.entries.iter_mut().find(|entry| entry.key.ends_with("Conv2d_1c_1x1/Conv2D")).unwrap();
    assert_eq!(last.scale_w.len(), 1);
    last.shift_bit = vec![2];
    let quantized = pipeline::quantize(&prepared, &record, "m").unwrap().graph;
    let shifts: Vec<u8> = words(&quantized, "MobilenetV2/Conv").iter().map(|word| word.shift_n).collect();
    assert_eq!(shifts[..4], [1, 2, 3, 1]);
    assert_eq!(words(&quantized, "MobilenetV2/Logits/Conv2d_1c_1x1")[0].shift_n, 2);
    assert_eq!(words(&quantized, "MobilenetV2/expanded_conv/depthwise")[0].shift_n, 0);
    check(&quantized);

    // AvgPool has no sums to shift.
    let pool = record.entries.iter_mut().find(|entry| entry.key.ends_with("AvgPool")).unwrap();
    pool.shift_bit = vec![1];
    assert!(pipeline::quantize(&prepared, &record, "m").is_err());
}

/// Both inputs of every residual sum.
#[test]
fn tensors_go_from_the_record_to_pairs_of_ops() {
    let (prepared, mut record) = calibrated(|_| {});
    let sums: Vec<&str> = prepared
        .graph
        .nodes()
        .filter(|(_, node)| node.op == "Add" && node.name.starts_with("MobilenetV2/"))
        .map(|(_, node)| node.name.as_str())
        .collect();
    assert_eq!(sums.len(), 10);
    for (index, sum) in sums.iter().enumerate() {
        for input in [0, 1] {
            record.entries.push(RecordEntry {
                key: format!("{sum}:{input}"),
                scale_d: Some(0.04 + 0.01 * index as f32),
                offset_d: Some(3 - index as i32),
                ..RecordEntry::default()
            });
        }
    }
    let quantized = pipeline::quantize(&prepared, &record, "m").unwrap().graph;
    assert_eq!(quantized.nodes().filter(|(_, node)| node.op == "AscendAntiQuant").count(), 20);
    check(&quantized);
    let float = run(&shipped_model(), Arithmetic::Integer);
    assert_eq!(arg_max(&run(&quantized, Arithmetic::Integer)), arg_max(&float));
}

/// A record must lead to the graph that it was calibrated on.
#[test]
fn what_was_not_folded_is_recorded() {
    let skipped = |record: &Record| -> BTreeSet<String> {
        let entries = record.entries.iter().filter(|entry| entry.skip_fusion == Some(true));
        entries.map(|entry| entry.key.clone()).collect()
    };
    let norms =
        |graph: &Graph| graph.nodes().filter(|(_, node)| node.op.starts_with("FusedBatchNorm")).count();
    let directory = tempfile::tempdir().unwrap();
    let save_path = directory.path().join("m").display().to_string();
    let record_file = directory.path().join("record.txt");
    let saved = |record: &Record| {
        record.write(&record_file).unwrap();
        save_model(&root().join("model/mobilenetv2_tf.pb"), &[], &record_file, &save_path).unwrap();
        std::fs::read(Path::new(&format!("{save_path}_quantized.pb"))).unwrap()
    };
    let direct = |prepared: &Prepared, record: &Record| {
        let quantized = pipeline::quantize(prepared, record, "m").unwrap();
        let path = directory.path().join("direct").display().to_string();
        let artifacts = Artifacts { quantized: &quantized, config: None, record: None };
        pipeline::Outputs::new(&path).unwrap().save(&artifacts).unwrap();
        (std::fs::read(Path::new(&format!("{path}_quantized.pb"))).unwrap(), norms(&quantized.graph))
    };

    let (prepared, record) = calibrated(|_| {});
    assert_eq!(skipped(&record).len(), 0);
    let (bytes, none) = direct(&prepared, &record);
    assert!(saved(&record) == bytes);

    // One layer that is quantized, one that is not.
    let other = "MobilenetV2/expanded_conv/depthwise/depthwise";
    let (prepared, record) = calibrated(|config| {
        config.skip_fusion_layers = vec![CONV.to_owned(), other.to_owned()];
        config.layers.get_mut(other).unwrap().quant_enable = false;
    });
    assert_eq!(skipped(&record), [CONV, other].map(str::to_owned).into());
    let (bytes, two) = direct(&prepared, &record);
    assert_eq!(two, none + 2);
    assert!(saved(&record) == bytes);

    let (prepared, record) = calibrated(|config| config.do_fusion = false);
    assert_eq!(skipped(&record).len(), record.entries.len());
    let (bytes, all) = direct(&prepared, &record);
    assert!(all > 50, "{all}");
    assert!(saved(&record) == bytes);
}
