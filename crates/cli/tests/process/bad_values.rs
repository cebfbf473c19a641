//! Values that cannot be quantized, and places that cannot be written to.

use amct_tensor::Tensor;

use crate::builder::{Builder, one_convolution, shifted_by};
use crate::job::Job;

#[test]
fn a_nan_in_an_activation() {
    let job = Job::with_model(shifted_by(0.0, 0.0));
    job.assert_refused(&job.quantize(&[]), &["'conv/Conv2D'", "NaN", "skip the layer"]);
}

#[test]
fn an_infinity_in_an_activation() {
    let job = Job::with_model(shifted_by(1.0, 0.0));
    job.assert_refused(&job.quantize(&[]), &["'conv/Conv2D'", "infinity", "skip the layer"]);
}

#[test]
fn a_nan_in_a_batch_file() {
    let job = Job::with_model(one_convolution());
    job.file("bins/0.bin", &f32::NAN.to_le_bytes().repeat(48));
    job.assert_refused(&job.calibrate("input:1,4,4,3", "bins", "1"), &["'conv/Conv2D'", "NaN"]);
}

#[test]
fn a_nan_in_the_weights() {
    let weights = Tensor::full([1, 1, 3, 2], f32::NAN).unwrap();
    let model = Builder::default()
        .placeholder("input", &[-1, 4, 4, 3])
        .constant("conv/weights", &weights)
        .convolution("conv/Conv2D", "input", "conv/weights");
    let job = Job::with_model(model);
    job.assert_refused(
        &job.quantize(&[]),
        &["weights of layer 'conv/Conv2D'", "repair the model", "--skip-layers conv/Conv2D"],
    );
}

#[test]
fn a_file_where_the_output_directory_should_be() {
    let job = Job::with_model(one_convolution());
    job.file("out", b"in the way");
    job.assert_refused(
        &job.quantize(&[]),
        &["cannot write out/config.json", "Not a directory", "another save path"],
    );
    assert_eq!(std::fs::read(job.path("out")).unwrap(), b"in the way");
}

#[test]
fn a_directory_where_an_output_file_should_be() {
    let job = Job::with_model(one_convolution());
    std::fs::create_dir_all(job.path("out/record.txt")).unwrap();
    let output = job.quantize(&[]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("cannot write out/record.txt") && stderr.contains("another save path"));
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert_eq!(job.results(), ["record.txt"], "no partial output");
}

#[test]
fn a_save_path_that_names_no_file() {
    let job = Job::with_model(one_convolution());
    let output = job.run(&[
        "quantize",
        "--model=model.pb",
        "--calibration=images",
        "--test-image=none",
        "--save-path=out/..",
    ]);
    job.assert_refused(&output, &["prefix{..} is invalid"]);
}
