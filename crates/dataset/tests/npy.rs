//! .npy files against numpy's own, made by tests/npy/make.py.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use amct_dataset::{DatasetError, read_npy, write_npy};
use amct_tensor::{DType, Tensor, TensorError};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/npy").join(format!("{name}.npy"))
}

/// What is said of a file of this content; the text must name the file.
fn error_of(content: &[u8]) -> DatasetError {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.npy");
    fs::write(&path, content).unwrap();
    let error = read_npy(&path).unwrap_err();
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    error
}

/// A file of version 1.0 with this header text and data.
fn file(header: &str, data: &[u8]) -> Vec<u8> {
    let len = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00".as_slice(), &len, header.as_bytes(), data].concat()
}

#[test]
fn every_type_is_read_and_written_back_byte_for_byte() {
    let directory = tempfile::tempdir().unwrap();
    let types = DType::ALL.into_iter().filter(|&dtype| dtype != DType::String);
    let names = types.map(DType::name).chain(["scalar", "vector", "empty"]);
    for name in names {
        let tensor = read_npy(golden(name)).unwrap();
        if let Some(dtype) = DType::from_name(name) {
            assert_eq!((tensor.dtype(), tensor.shape()), (dtype, [2, 3].as_slice()));
        }
        let path = directory.path().join(name);
        write_npy(&path, &tensor).unwrap();
        assert!(fs::read(&path).unwrap() == fs::read(golden(name)).unwrap(), "{name}");
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 15, "no temporary file is left");
}

#[test]
fn the_values_are_numpys() {
    let values = [0, 1, 2, 1, 0, 100];
    assert_eq!(read_npy(golden("int64")).unwrap().as_slice::<i64>().unwrap(), values);
    let floats = values.map(|value| value as f32);
    assert_eq!(read_npy(golden("float32")).unwrap().as_slice::<f32>().unwrap(), floats);
    let half = read_npy(golden("float16")).unwrap();
    assert_eq!(half.as_slice::<half::f16>().unwrap(), floats.map(half::f16::from_f32));
    let bools = values.map(|value| value != 0);
    assert_eq!(read_npy(golden("bool")).unwrap().as_slice::<bool>().unwrap(), bools);
    let scalar = read_npy(golden("scalar")).unwrap();
    assert_eq!((scalar.rank(), scalar.as_slice::<f32>().unwrap()), (0, [-1.5].as_slice()));
    assert_eq!(read_npy(golden("empty")).unwrap().shape(), [0, 3]);
    let version_2 = read_npy(golden("version_2")).unwrap();
    assert_eq!(version_2, read_npy(golden("vector")).unwrap());
}

#[test]
fn fortran_order_becomes_row_major() {
    let tensor = read_npy(golden("fortran")).unwrap();
    assert_eq!(tensor.shape(), [2, 3, 4]);
    assert_eq!(tensor.as_slice::<i16>().unwrap(), (0..24).collect::<Vec<_>>());
}

#[test]
fn other_element_types_are_refused() {
    for (name, reason) in [
        ("big_endian", "'>f4' is big-endian"),
        ("complex", "'<c8' is not supported"),
        ("structured", "string"),
    ] {
        let error = read_npy(golden(name)).unwrap_err();
        assert!(
            matches!(&error, DatasetError::NpyHeader { reason: found, .. } if found.contains(reason)),
            "{error}"
        );
    }
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let whole = fs::read(golden("float32")).unwrap();
    for len in 0..whole.len() {
        match error_of(&whole[..len]) {
            DatasetError::NpyHeader { .. } => assert!(len < 128, "{len}"),
            DatasetError::DataLength { expected: 24, found, .. } => assert_eq!(found + 128, len as u64),
            other => panic!("{len}: {other}"),
        }
    }
    let longer = [whole.as_slice(), &[0]].concat();
    assert!(matches!(error_of(&longer), DatasetError::DataLength { expected: 24, found: 25, .. }));
}

#[test]
fn an_absurd_shape_takes_no_memory() {
    let header = |shape: &str| format!("{{'descr': '<f8', 'fortran_order': True, 'shape': {shape}}}\n");
    let error = error_of(&file(&header("(4294967296, 4294967296, 4294967296)"), b"x"));
    assert!(matches!(error, DatasetError::Tensor { source: TensorError::TooLarge { .. }, .. }), "{error}");
    let error = error_of(&file(&header("(250000000,)"), b"x"));
    assert!(matches!(error, DatasetError::DataLength { expected: 2_000_000_000, found: 1, .. }), "{error}");
    // Nothing in it, and still beyond what an array can index.
    let error = error_of(&file(&header("(0, 9223372036854775807, 9223372036854775807)"), b""));
    assert!(matches!(error, DatasetError::Tensor { .. }), "{error}");
}

#[test]
fn a_header_that_claims_gigabytes_or_nests_deeply_is_refused() {
    let claims = [b"\x93NUMPY\x02\x00".as_slice(), &u32::MAX.to_le_bytes(), b"{"].concat();
    assert!(
        matches!(error_of(&claims), DatasetError::NpyHeader { reason, .. } if reason.contains("at most"))
    );
    assert!(matches!(error_of(&file(&"(".repeat(60_000), b"")), DatasetError::NpyHeader { .. }));
    assert!(matches!(error_of(&file(&"{'shape':(".repeat(6_000), b"")), DatasetError::NpyHeader { .. }));
    assert!(matches!(error_of(b"\x93NUMPY\x04\x00\x00\x00"), DatasetError::NpyHeader { .. }));
    assert!(matches!(error_of(b"PK\x03\x04 an .npz file"), DatasetError::NpyHeader { .. }));
}

#[test]
fn a_write_replaces_the_file_or_leaves_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.npy");
    for value in [1.0_f32, 2.0] {
        write_npy(&path, &Tensor::scalar(value)).unwrap();
        assert_eq!(read_npy(&path).unwrap(), Tensor::scalar(value));
    }
    let strings = write_npy(&path, &Tensor::scalar(b"text".to_vec())).unwrap_err();
    assert!(matches!(strings, DatasetError::ElementType { dtype: DType::String, .. }));
    assert_eq!(read_npy(&path).unwrap(), Tensor::scalar(2.0_f32));
    // A directory is in the way: the rename fails, and the temporary file goes.
    let taken = directory.path().join("taken");
    fs::create_dir(&taken).unwrap();
    assert!(matches!(write_npy(&taken, &Tensor::scalar(1_u8)), Err(DatasetError::Write { .. })));
    assert!(matches!(
        write_npy("no/such/directory/a.npy", &Tensor::scalar(1_u8)),
        Err(DatasetError::Write { .. })
    ));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
}
