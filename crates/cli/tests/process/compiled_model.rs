//! `--om-json`: what ATC made of a model. The dump is written by hand in the form of ATC's: the stem
//! has gone back to float, and `b` reads the quantized activation of `a`.

use crate::builder::one_convolution;
use crate::job::Job;
use crate::quantized::{job, three_layers, values};

const DUMP: &str = include_str!("../../../../tests/golden/compiled/three_layers_om.json");

fn with_dump(scale_of_b: f32, x: [f32; 2], dump: &str) -> Job {
    let job = job(three_layers(scale_of_b), x);
    job.file("om.json", dump.as_bytes());
    job
}

/// In int8, x = 0.3 is 1.2, so 1, and -0.1 is 0:
/// `stem` (3 q + 1) / 2 = 0.5 (padding), 2, 0.5; quantized 1, 4, 1; `y` = 3 q / 4 = 0.75, 3, 0.75.
///
/// In float the weight of `stem` is 3 * (1/2 * 4) = 6 and its bias 1 * 1/2: 0.5, 6 * 0.3 + 0.5 = 2.3 and
/// -0.1, which `Relu` makes 0; quantized (times 2) 1, 5 and 0: `y` = 0.75, 3.75, 0.
#[test]
fn the_golden_model_runs_as_it_was_compiled() {
    let job = with_dump(2.0, [0.3, -0.1], DUMP);
    assert_eq!(values(&job, &[]), [0.75, 3.0, 0.75]);
    for semantics in [&[][..], &["--simulate"], &["--semantics", "npu-910"]] {
        let args = [&["--om-json", "om.json"], semantics].concat();
        assert_eq!(values(&job, &args), [0.75, 3.75, 0.0], "{semantics:?}");
    }
    let output =
        job.run(&["run", "m.pb", "--input", "x.npy", "--om-json", "om.json", "--semantics", "npu-910"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("layer 'stem/Conv2D' runs in DT_FLOAT16, not in int8"), "{stderr}");
    assert!(!stderr.contains("16 input channels"), "the dump tells it: {stderr}");
}

/// The value of the stem itself: 0.5, 2.3, -0.1.
#[test]
fn the_node_that_led_out_of_int8_keeps_its_name() {
    let job = with_dump(2.0, [0.3, -0.1], DUMP);
    let output = "stem/dequant/AscendDequant=stem.npy";
    let args = ["run", "m.pb", "--input", "x.npy", "--om-json", "om.json", "--output", output];
    assert_eq!(job.run(&args).status.code(), Some(0));
    let found: Vec<f32> = amct_dataset::read_npy(job.path("stem.npy")).unwrap().into_vec().unwrap();
    let expected = [0.5, 6.0 * 0.3_f32 + 0.5, 6.0 * -0.1_f32 + 0.5];
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
}

#[test]
fn the_dump_alone_is_reported() {
    let job = Job::new();
    job.file("om.json", DUMP.as_bytes());
    let text = String::from_utf8(job.run(&["inspect", "--om-json", "om.json"]).stdout).unwrap();
    let expected = "compiled for Ascend910A by ATC 1.0\n\
                    quantized layers: 3\n\
                    run in int8: 2\n  Conv2D 'a/Conv2D'\n  Conv2D 'b/Conv2D'\n\
                    given back to float: 1\n  Conv2D 'stem/Conv2D' runs in DT_FLOAT16\n\
                    quantized activations with several readers: 1\n  \
                    'a/act_quant/AscendQuant' for 'a/Conv2D', 'b/Conv2D'\n";
    assert_eq!(text, expected);
    let json = job.run(&["inspect", "--om_json", "om.json", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let layers = json["layers"].as_array().unwrap();
    let int8 = |layer: &serde_json::Value| layer["int8"].as_bool().unwrap();
    assert_eq!(layers.iter().map(int8).collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(json["shared"][0]["readers"], serde_json::json!(["a/Conv2D", "b/Conv2D"]));
}

#[test]
fn a_dump_of_another_model_is_refused() {
    let other = DUMP.replace("stem/", "root/");
    let cases = [
        (2.0, other, &["of another model", "not in this one, 'root/Conv2D'"][..]),
        (2.0, without_layer_b(), &["of another model", "does not have 1 quantized layer(s)", "'b/Conv2D'"]),
        (
            3.0,
            DUMP.to_owned(),
            &["of another model", "a/Conv2D and b/Conv2D read one a/act_quant/AscendQuant"],
        ),
    ];
    for (scale_of_b, dump, words) in cases {
        let job = with_dump(scale_of_b, [0.3, -0.1], &dump);
        let run = ["run", "m.pb", "--input", "x.npy", "--om-json", "om.json"];
        job.assert_refused(&job.run(&run), words);
        job.assert_refused(&job.run(&["inspect", "m.pb", "--om-json", "om.json"]), words);
        // The dump by itself is in order.
        assert_eq!(job.run(&["inspect", "--om-json", "om.json"]).status.code(), Some(0));
    }
}

/// The layer is there, but never was quantized.
fn without_layer_b() -> String {
    DUMP.replace("b/dequant/AscendDequant", "b/dequant/Mul")
}

/// Outputs that do not need `b` need not have it compiled.
#[test]
fn only_the_layers_that_are_needed_must_be_there() {
    let job = with_dump(2.0, [0.3, -0.1], &without_layer_b());
    let output = "a/dequant/AscendDequant=a.npy";
    let args = ["run", "m.pb", "--input", "x.npy", "--om-json", "om.json", "--output", output];
    assert_eq!(job.run(&args).status.code(), Some(0));
    // q / 4 of 1, 5, 0.
    let found: Vec<f32> = amct_dataset::read_npy(job.path("a.npy")).unwrap().into_vec().unwrap();
    assert_eq!(found, [0.25, 1.25, 0.0]);
}

#[test]
fn files_that_are_no_dump_are_refused() {
    let job = with_dump(2.0, [0.3, -0.1], "{\"graph\": [{\"op\": [{\"name\": \"x\"}]}]}");
    let inspect = |file: &str| job.run(&["inspect", "--om-json", file]);
    job.assert_refused(
        &inspect("om.json"),
        &["om.json", "not a dump of a compiled model", "type", "atc --mode=1"],
    );
    job.assert_refused(&inspect("none.json"), &["Can not find the om json file at none.json"]);
    job.file("float.json", br#"{"graph": [{"op": [{"name": "x", "type": "Data"}]}]}"#);
    job.assert_refused(&inspect("float.json"), &["no AscendDequant", "compile the quantized .pb"]);
    let neither = job.run(&["inspect"]);
    assert_eq!(neither.status.code(), Some(2));
}

#[test]
fn a_float_model_is_not_the_one_that_was_compiled() {
    let job = Job::with_model(one_convolution());
    job.file("om.json", DUMP.as_bytes());
    let run = job.run(&["run", "model.pb", "--input", "images/a.png", "--om-json", "om.json"]);
    job.assert_refused(&run, &["of another model", "3 of its quantized layer(s)"]);
}
