//! `amct run --semantics`.

use crate::quantized::{job, three_layers, values};

const DEVICES: [&str; 5] = ["npu-310", "npu-310p", "npu-910", "npu-910b", "npu-950"];

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
        assert_eq!(values(&job, &["--semantics", device]), [0.75, 0.75, 9.75], "{device}");
    }
}

#[test]
fn a_layer_that_atc_would_not_run_in_int8_is_told() {
    let job = job(three_layers(2.0), [0.125, 1.0]);
    let stderr = |further: &[&str]| {
        let output = job.run(&[&["run", "m.pb", "--input", "x.npy"], further].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let warning = "layer 'stem/Conv2D' has at most 16 input channels";
    assert!(stderr(&["--semantics", "npu-910"]).contains(warning));
    assert!(!stderr(&[]).contains(warning));
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

/// 6e4 * 4 is beyond int8 in any case; NaN has no int8, and no source tells what a chip makes of it.
#[test]
fn what_is_not_known_is_refused() {
    let job = job(three_layers(2.0), [f32::NAN, 6e4]);
    for device in DEVICES {
        let output = job.run(&["run", "m.pb", "--input", "x.npy", "--semantics", device]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("stem/act_quant/AscendQuant") && stderr.contains("not public"), "{stderr}");
    }
}
