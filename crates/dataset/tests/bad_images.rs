//! Files that are not the images they should be.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use amct_dataset::{DatasetError, ImageSet, Preprocessing, load_pixels};

fn photograph() -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/classification.jpg")).unwrap()
}

fn png() -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/images/tall.png")).unwrap()
}

/// What loading a file of this content says; the text must name the file.
fn error_of(name: &str, content: &[u8]) -> DatasetError {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    fs::write(&path, content).unwrap();
    let error = load_pixels(&path, 8, 8).unwrap_err();
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    error
}

#[test]
fn a_truncated_jpeg_is_refused_at_any_length() {
    let whole = photograph();
    for len in [4, 100, 700, whole.len() / 2, whole.len() - 2, whole.len() - 1] {
        let error = error_of("a.jpg", &whole[..len]);
        assert!(matches!(error, DatasetError::TruncatedImage { .. }), "{len}: {error}");
    }
}

#[test]
fn a_truncated_or_damaged_png_is_refused() {
    let whole = png();
    for len in [8, 20, 40, whole.len() / 2] {
        let error = error_of("a.png", &whole[..len]);
        assert!(matches!(error, DatasetError::BrokenImage { .. }), "{len}: {error}");
    }
    let mut damaged = whole;
    damaged[60] ^= 0x55;
    assert!(matches!(error_of("a.png", &damaged), DatasetError::BrokenImage { .. }));
}

#[test]
fn what_is_no_image_is_refused_whatever_its_name() {
    for content in [b"not an image\n".as_slice(), b"", b"GIF89a\x01\x00\x01\x00"] {
        assert!(matches!(error_of("text.jpg", content), DatasetError::NotAnImage { .. }));
    }
}

#[test]
fn the_content_decides_not_the_extension() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("really_a_png.jpg");
    fs::write(&path, png()).unwrap();
    assert_eq!(load_pixels(&path, 97, 29).unwrap().data().len(), 97 * 29 * 3);
}

#[test]
fn a_small_file_cannot_ask_for_much_memory() {
    // Width and height of the PNG header; its checksum is made to fit.
    let with_size = |width: u32, height: u32| {
        let mut file = png();
        file[16..20].copy_from_slice(&width.to_be_bytes());
        file[20..24].copy_from_slice(&height.to_be_bytes());
        let checksum = crc32(&file[12..29]);
        file[29..33].copy_from_slice(&checksum.to_be_bytes());
        file
    };
    assert_eq!(with_size(29, 97), png());
    for (width, height) in [(60_000, 60_000), (1, 70_000), (i32::MAX as u32, 1)] {
        let error = error_of("a.png", &with_size(width, height));
        assert!(matches!(error, DatasetError::ImageTooLarge { .. }), "{error}");
    }
    // The frame header of a JPEG: marker, length, precision, height, width.
    let mut jpeg = photograph();
    let frame = jpeg.windows(2).position(|bytes| bytes == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].fill(0xFF);
    assert!(matches!(error_of("a.jpg", &jpeg), DatasetError::ImageTooLarge { .. }));
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
    })
}

#[test]
fn a_missing_file_is_an_error_that_names_it() {
    let error = load_pixels("no/such/file.jpg", 8, 8).unwrap_err();
    assert!(matches!(error, DatasetError::Read { .. }) && error.to_string().contains("no/such/file.jpg"));
}

#[test]
fn a_target_without_pixels_or_with_too_many_is_refused() {
    for (height, width) in [(0, 8), (8, 0), (8, 16_385), (usize::MAX, 8)] {
        let error = load_pixels("any.jpg", height, width).unwrap_err();
        assert!(matches!(error, DatasetError::TargetSize { .. }), "{error}");
    }
}

#[test]
fn of_several_broken_files_the_first_in_order_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let (good, bad) = (photograph(), b"text".to_vec());
    // The first broken file takes longest to be found out: the whole file is looked through.
    let truncated = [&good[..good.len() - 2], vec![0; 1 << 20].as_slice()].concat();
    let paths: Vec<PathBuf> = (0..16).map(|i| directory.path().join(format!("{i:02}.jpg"))).collect();
    for (i, path) in paths.iter().enumerate() {
        fs::write(
            path,
            if i < 3 {
                &good
            } else if i == 3 {
                &truncated
            } else {
                &bad
            },
        )
        .unwrap();
    }
    for _ in 0..5 {
        match ImageSet::load(paths.clone(), Preprocessing::new(8, 8)) {
            Err(DatasetError::TruncatedImage { path }) => assert_eq!(path, paths[3]),
            other => panic!("{:?}", other.map(|set| set.len())),
        }
    }
}

/// What shows without decoding is told at once, the rest by the batch.
#[test]
fn broken_files_that_are_not_kept_are_reported_too() {
    let directory = tempfile::tempdir().unwrap();
    let good = photograph();
    let paths: Vec<PathBuf> = (0..4).map(|i| directory.path().join(format!("{i}.jpg"))).collect();
    paths.iter().for_each(|path| fs::write(path, &good).unwrap());
    let load = || ImageSet::load_within(paths.clone(), Preprocessing::new(8, 8), 0);

    fs::write(&paths[2], &good[..good.len() - 2]).unwrap();
    assert!(matches!(load(), Err(DatasetError::TruncatedImage { path }) if path == paths[2]));
    fs::write(&paths[2], b"text").unwrap();
    assert!(matches!(load(), Err(DatasetError::NotAnImage { path }) if path == paths[2]));

    // Whole to look at, but without tables and pixels.
    fs::write(&paths[2], [&good[..2], &good[good.len() - 2..]].concat()).unwrap();
    let set = load().unwrap();
    assert!(set.batch(0..2).is_ok() && set.batch(3..4).is_ok());
    assert!(matches!(set.batch(1..3), Err(DatasetError::BrokenImage { path, .. }) if path == paths[2]));
}
