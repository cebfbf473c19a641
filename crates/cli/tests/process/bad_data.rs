//! Calibration data that cannot be used.

use crate::builder::one_convolution;
use crate::job::Job;

/// Bytes of a batch [1, 4, 4, 3] of floats.
const BATCH: [u8; 192] = [0x3f; 192];

fn job() -> Job {
    let job = Job::with_model(one_convolution());
    job.file("bins/0.bin", &BATCH);
    job.file("bins/1.bin", &BATCH);
    job
}

#[test]
fn an_empty_image_directory() {
    let job = job();
    std::fs::create_dir(job.path("empty")).unwrap();
    job.assert_refused(&job.quantize(&["--calibration", "empty"]), &["no image in empty", ".png"]);
}

#[test]
fn a_missing_image_directory() {
    let job = job();
    job.assert_refused(&job.quantize(&["--calibration", "nowhere"]), &["cannot list nowhere", ".png"]);
}

#[test]
fn a_broken_image_among_good_ones() {
    let job = job();
    let whole = std::fs::read(job.path("images/a.png")).unwrap();
    job.file("images/ab.png", &whole[..whole.len() / 2]);
    job.assert_refused(&job.quantize(&[]), &["images/ab.png", "replace or remove it"]);
}

#[test]
fn a_text_file_named_like_an_image() {
    let job = job();
    job.file("images/notes.jpg", b"not an image");
    job.assert_refused(
        &job.quantize(&[]),
        &["images/notes.jpg is neither a JPEG nor a PNG", "replace or remove it"],
    );
}

#[test]
fn a_broken_test_image() {
    let job = job();
    job.file("test.jpg", b"\xff\xd8\xff\xe0");
    let output = job.run(&[
        "quantize",
        "--model=model.pb",
        "--calibration=images",
        "--test-image=test.jpg",
        "--save-path=out/m",
    ]);
    job.assert_refused(&output, &["test.jpg", "replace or remove it"]);
}

#[test]
fn more_batches_than_images() {
    let job = job();
    let output = job.quantize(&["--batch-size", "1", "--batch-num", "3"]);
    job.assert_refused(&output, &["Total batches found: 2, but trying to load: 3", "images"]);
}

#[test]
fn an_input_shape_that_the_placeholder_does_not_take() {
    let job = job();
    let output = job.calibrate("input:1,3,4,4", "bins", "1");
    job.assert_refused(&output, &["'input'", "[?, 4, 4, 3]", "[1, 3, 4, 4]", "--input-shape"]);
}

#[test]
fn an_input_shape_of_another_rank() {
    let job = job();
    let output = job.calibrate("input:4,12", "bins", "1");
    job.assert_refused(&output, &["'input'", "[?, 4, 4, 3]", "[4, 12]", "--input-shape"]);
}

#[test]
fn an_input_that_is_not_there() {
    let job = job();
    let output = job.calibrate("inptu:1,4,4,3", "bins", "1");
    job.assert_refused(&output, &["'inptu' is not an input", "'input'"]);
}

#[test]
fn a_missing_data_type() {
    let job = job();
    let output = job.calibrate("input:1,4,4,3;other:1,2", "bins;bins", "1");
    job.assert_refused(&output, &["--input_shape names 2", "--data_types 1"]);
}

#[test]
fn a_batch_of_the_wrong_length() {
    let job = job();
    job.file("bins/1.bin", &BATCH[..100]);
    let output = job.calibrate("input:1,4,4,3", "bins", "2");
    job.assert_refused(&output, &["bins/1.bin", "100 bytes", "192", "[1, 4, 4, 3]", "check the shape"]);
}

#[test]
fn too_few_batches() {
    let job = job();
    let output = job.calibrate("input:1,4,4,3", "bins", "3");
    job.assert_refused(
        &output,
        &[
            "The number of given data batches is not enough to run calibration with the given batch_num.",
            "Total batches found: 2, but trying to load: 3.",
            "bins",
        ],
    );
}

#[test]
fn a_missing_batch_directory() {
    let job = job();
    job.assert_refused(&job.calibrate("input:1,4,4,3", "nowhere", "1"), &["nowhere"]);
}
