//! AMCT's raw .bin batches.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use amct_dataset::{DatasetError, list_bin_batches, read_bin_batch};
use amct_tensor::{DType, TensorError};

fn input_directory(root: &Path, name: &str, files: &[&str]) -> PathBuf {
    let directory = root.join(name);
    fs::create_dir(&directory).unwrap();
    for file in files {
        fs::write(directory.join(file), file).unwrap();
    }
    directory
}

#[test]
fn the_kth_files_of_all_inputs_make_batch_k() {
    let root = tempfile::tempdir().unwrap();
    // Every file counts, hidden ones and other extensions too, in the order of the names' bytes.
    let first = input_directory(root.path(), "first", &["b_10.bin", "b_9.bin", ".a", "B.txt"]);
    let second = input_directory(root.path(), "second", &["y", "x", "z"]);
    let batches = list_bin_batches(&[&first, &second], 3).unwrap();
    let expected = [
        [first.join(".a"), second.join("x")],
        [first.join("B.txt"), second.join("y")],
        [first.join("b_10.bin"), second.join("z")],
    ];
    assert_eq!(batches, expected);
}

#[test]
fn too_few_batches_are_told_in_amcts_words() {
    let root = tempfile::tempdir().unwrap();
    let first = input_directory(root.path(), "first", &["a", "b", "c"]);
    let second = input_directory(root.path(), "second", &["a", "b"]);
    let error = list_bin_batches(&[&first, &second], 3).unwrap_err();
    assert!(
        matches!(&error, DatasetError::NotEnoughBatches { path, found: 2, wanted: 3 } if *path == second)
    );
    let text = error.to_string();
    assert!(text.starts_with(
        "The number of given data batches is not enough to run calibration with the given batch_num. \
         Total batches found: 2, but trying to load: 3."
    ));
    assert!(text.contains(second.to_str().unwrap()), "{text}");
    let missing = list_bin_batches(&[root.path().join("missing")], 1).unwrap_err();
    assert!(matches!(missing, DatasetError::Read { .. }) && missing.to_string().contains("missing"));
}

#[test]
fn a_batch_is_the_elements_and_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a.bin");
    let values = [1.5_f32, -2.0, 0.25, 3.0, f32::MAX, 0.0];
    fs::write(&path, values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>()).unwrap();
    let tensor = read_bin_batch(&path, &[1, 2, 3], DType::F32).unwrap();
    assert_eq!(
        (tensor.shape(), tensor.as_slice::<f32>().unwrap()),
        ([1, 2, 3].as_slice(), values.as_slice())
    );
    assert_eq!(read_bin_batch(&path, &[24], DType::U8).unwrap().len(), 24);
    assert_eq!(read_bin_batch(&path, &[3], DType::F64).unwrap().dtype(), DType::F64);
}

#[test]
fn a_wrong_length_tells_file_found_and_expected_bytes() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a.bin");
    for len in [0, 23, 25] {
        fs::write(&path, vec![0; len]).unwrap();
        let text = read_bin_batch(&path, &[2, 3], DType::F32).unwrap_err().to_string();
        for part in [path.to_str().unwrap(), &format!("{len} bytes"), "needs 24", "float32", "[2, 3]"] {
            assert!(text.contains(part), "{text}");
        }
    }
}

#[test]
fn an_impossible_request_is_refused_before_the_file_is_touched() {
    let path = Path::new("any.bin");
    let too_large = read_bin_batch(path, &[usize::MAX, 2], DType::U8).unwrap_err();
    assert!(matches!(too_large, DatasetError::Tensor { source: TensorError::TooLarge { .. }, .. }));
    let strings = read_bin_batch(path, &[2], DType::String).unwrap_err();
    assert!(matches!(strings, DatasetError::ElementType { .. }));
    assert!(matches!(read_bin_batch(path, &[2], DType::U8), Err(DatasetError::Read { .. })));
}
