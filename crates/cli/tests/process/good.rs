//! The commands on a small model that is in order, and `verify` on one that no longer is.

use amct_graph::{AttrValue, Patch};

use crate::builder::{deep, one_convolution};
use crate::job::Job;

const WARNING: &str = "it will be overwritten by AMCT";

#[test]
fn the_results_are_four_files_and_the_log() {
    let job = Job::with_model(one_convolution());
    let output = job.quantize(&[]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(job.results(), ["config.json", "m_quant.json", "m_quantized.pb", "record.txt"]);
    let log = std::fs::read_to_string(job.path("amct_log/amct_tensorflow.log")).unwrap();
    assert!(log.contains("The model is saved in out/m_quantized.pb"), "{log}");
    assert!(!log.contains(WARNING));
    let verified = job.run(&["verify", "out/m_quantized.pb", "--original", "model.pb"]);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
}

#[test]
fn an_existing_file_is_overwritten_with_amcts_warning() {
    let job = Job::with_model(one_convolution());
    job.quantize(&[]);
    let first = std::fs::read(job.path("out/m_quantized.pb")).unwrap();
    job.file("out/m_quantized.pb", b"old");
    let output = job.quantize(&[]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(std::fs::read(job.path("out/m_quantized.pb")).unwrap(), first);
    let log = std::fs::read_to_string(job.path("amct_log/amct_tensorflow.log")).unwrap();
    let expected = format!("The file already exists at out/m_quantized.pb, and {WARNING}");
    assert!(log.contains(&expected), "{log}");
    assert!(String::from_utf8(output.stderr).unwrap().contains(&expected));
}

#[test]
fn raw_batches_give_the_same_files() {
    let job = Job::with_model(one_convolution());
    let floats: Vec<u8> = (0..48).flat_map(|i| (i as f32 / 48.0).to_le_bytes()).collect();
    job.file("bins/0.bin", &floats);
    let output = job.calibrate("input:1,4,4,3", "bins", "1");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(job.results(), ["config.json", "m_quant.json", "m_quantized.pb", "record.txt"]);
}

#[test]
fn verify_refuses_a_damaged_model_with_exit_code_1() {
    let job = Job::with_model(one_convolution());
    job.quantize(&[]);
    let path = job.path("out/m_quantized.pb");
    let mut graph = amct::graphdef::load(&path).unwrap();
    let (quant, name) = graph
        .nodes()
        .find(|(_, node)| node.op == "AscendQuant")
        .map(|(id, node)| (id, node.name.clone()))
        .unwrap();
    let mut patch = Patch::new();
    patch.set_attr(quant, "scale", AttrValue::I(1));
    graph.apply(&patch).unwrap();
    std::fs::write(&path, amct::graphdef::encode(&graph).unwrap()).unwrap();
    let output = job.run(&["verify", "out/m_quantized.pb", "--original", "model.pb"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("violation: rule 12 ") && stdout.contains(&name), "{stdout}");
}

#[test]
fn verify_goes_by_what_is_written_beside_the_model() {
    let job = Job::with_model(one_convolution());
    job.quantize(&[]);
    let verify = |further: &[&str]| {
        let output = job.run(
            &[&["verify", "out/m_quantized.pb", "--original", "model.pb", "--format", "json"], further]
                .concat(),
        );
        (output.status.code(), [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()))
    };
    let (code, [found, _]) = verify(&[]);
    assert_eq!(code, Some(0));
    assert_eq!(verify(&["--quant-json", "none"]).1[0], found);
    assert_eq!(verify(&["--quant-json", "out/m_quant.json"]).1[0], found);
    // The file beside the model is read without being asked for.
    job.file("out/m_quant.json", br#"{"name":"other","graph":[{"op":[{"name":"x","type":"Relu"}]}]}"#);
    let (code, [_, error]) = verify(&[]);
    assert_eq!(code, Some(2));
    assert!(error.contains("is another model's") && error.contains("--quant-json none"), "{error}");
}

#[test]
fn run_names_the_inputs_when_a_wrong_one_is_fed() {
    let job = Job::with_model(one_convolution());
    let output = job.run(&["run", "model.pb", "--input", "imput=images/a.png"]);
    job.assert_refused(&output, &["'imput' is not an input", "'input'"]);
}

#[test]
fn a_profile_is_a_table_or_json() {
    let job = Job::with_model(one_convolution());
    job.quantize(&[]);
    let run = |model: &str, format: &str| {
        let output = job.run(&["run", model, "--input", "images/a.png", "--profile", format]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    for (model, kind) in [("model.pb", "Conv2D"), ("out/m_quantized.pb", "AscendQuant")] {
        let table = run(model, "table");
        assert!(table.contains("GOP/s") && table.contains(kind) && table.contains("in all"), "{table}");
        let json: serde_json::Value = serde_json::from_str(&run(model, "json")).unwrap();
        let nodes = json["nodes"].as_array().unwrap();
        let sum = |field: &str| nodes.iter().map(|node| node[field].as_f64().unwrap()).sum::<f64>();
        assert!((sum("share_percent") - 100.0).abs() < 1e-6, "{json}");
        assert!(sum("multiply_adds") > 0.0);
    }
}

#[test]
fn a_fused_model_gives_the_same_but_for_rounding() {
    let job = Job::with_model(deep());
    let run = |further: &[&str]| {
        let output = job.run(&[&["run", "model.pb", "--input", "images/a.png"], further].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["--output", "mean/AvgPool=plain.npy"]);
    run(&["--output", "mean/AvgPool=fused.npy", "--fold"]);
    let [plain, fused] =
        ["plain.npy", "fused.npy"].map(|name| amct_dataset::read_npy(job.path(name)).unwrap());
    assert_eq!(plain.shape(), fused.shape());
    let pairs = plain.as_slice::<f32>().unwrap().iter().zip(fused.as_slice::<f32>().unwrap());
    for (a, b) in pairs {
        assert!((a - b).abs() <= 1e-5 * (1.0 + a.abs()), "{a} {b}");
    }
    assert!(run(&["--profile"]).contains("Conv2D+FusedBatchNormV3+Relu"));
    assert!(run(&["--profile", "--fold"]).contains("Conv2D+BiasAdd+Relu"));
}
