//! `amct run --semantics`.

use crate::quantized::{job, three_layers, values};

const DEVICES: [&str; 6] = ["npu-310", "npu-310p", "npu-910", "npu-910b", "npu-310b", "npu-950"];

/// x = [0.125, 1]: `stem` quantizes 0.5 to 1 in TensorFlow (away from zero) and to 0 on a device (to the
/// even one); 1 to 4. With the pixel of padding, 0:
///
/// | | q | 3 q + 1 | times 1/2 | times 2: TF, device | a + b = 3 q / 4 |
/// | --- | --- | --- | --- | --- | --- |
/// | padding | 0 | 1 | 0.5 | 1 | 0.75 |
/// | 0.125 | TF 1 | 4 | 2 | 4 | 3 |
/// | 0.125 | device 0 | 1 | 0.5 | 1 | 0.75 |
/// | 1 | 4 | 13 | 6.5 | 13 | 9.75 |
#[test]
fn a_device_rounds_half_to_even() {
    let job = job(three_layers(2.0), [0.125, 1.0]);
    for tf in [&[][..], &["--semantics", "tf"], &["--simulate"], &["--simulate", "--semantics", "tf"]] {
        assert_eq!(values(&job, tf), [0.75, 3.0, 9.75], "{tf:?}");
    }
    for device in DEVICES {
        let args = ["--semantics", device, "--no-rollback"];
        assert_eq!(values(&job, &args), [0.75, 0.75, 9.75], "{device}");
    }
}

/// All three layers have one channel. In float `stem` is 6 x + 0.5, and a + b is 1.5 times that:
/// 0.75 (padding), 1.875 and 9.75.
#[test]
fn layers_that_atc_gives_back_run_in_float() {
    let job = job(three_layers(2.0), [0.125, 1.0]);
    let stderr = |further: &[&str]| {
        let output = job.run(&[&["run", "m.pb", "--input", "x.npy"], further].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    for device in DEVICES {
        assert_eq!(values(&job, &["--semantics", device]), [0.75, 1.875, 9.75], "{device}");
    }
    let told = stderr(&["--semantics", "npu-910"]);
    for layer in ["stem/Conv2D", "a/Conv2D", "b/Conv2D"] {
        let expected = format!("layer '{layer}' runs in float16 and not in int8: 1 input channel");
        assert!(told.contains(&expected), "{told}");
    }
    assert!(told.contains("3 layer(s) run in float") && told.contains("--no-rollback"), "{told}");
    for further in [&[][..], &["--semantics", "npu-910", "--no-rollback"]] {
        assert!(!stderr(further).contains("run in float"));
    }
    // `verify` and `inspect` tell the same.
    let inspected = String::from_utf8(job.run(&["inspect", "m.pb"]).stdout).unwrap();
    let expected = "not run in int8, or refuses: 3\n  Conv2D 'stem/Conv2D': 1 input channel; ATC runs such";
    assert!(inspected.contains(expected), "{inspected}");
    let verified = String::from_utf8(job.run(&["verify", "m.pb"]).stdout).unwrap();
    assert_eq!(verified.matches("note: rule 28").count(), 3, "{verified}");
}

#[test]
fn names_and_contradictions() {
    let job = job(three_layers(2.0), [0.125, 1.0]);
    let run = |further: &[&str]| job.run(&[&["run", "m.pb", "--input", "x.npy"], further].concat());
    let unknown = run(&["--semantics", "npu-920"]);
    let stderr = String::from_utf8(unknown.stderr).unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    for name in DEVICES {
        assert!(stderr.contains(name), "{stderr}");
    }
    job.assert_refused(&run(&["--semantics", "npu-310", "--simulate"]), &["--simulate", "--semantics tf"]);
}

#[test]
fn nan_is_refused() {
    let job = job(three_layers(2.0), [f32::NAN, 6e4]);
    for device in DEVICES {
        let args = ["run", "m.pb", "--input", "x.npy", "--semantics", device, "--no-rollback"];
        job.assert_refused(&job.run(&args), &["stem/act_quant/AscendQuant", "NaN", "no integer"]);
    }
}
