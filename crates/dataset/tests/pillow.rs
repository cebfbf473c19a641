//! Pixels against Pillow's, made by tests/golden/images/make.py and from the photographs in data/.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use amct_dataset::{ImageSet, Preprocessing, list_images, load_image, load_pixels, read_npy};
use amct_tensor::DataFormat;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn golden(name: &str) -> PathBuf {
    root().join("tests/golden/images").join(name)
}

/// The pixels in a .npy file, and their height and width (the last axes but the channels).
fn golden_pixels(name: &str) -> (usize, usize, Vec<u8>) {
    let tensor = read_npy(golden(name)).unwrap();
    let [.., height, width, 3] = *tensor.shape() else { panic!("{name}: {:?}", tensor.shape()) };
    (height, width, tensor.into_vec().unwrap())
}

#[derive(Debug, Default)]
struct Difference {
    largest: u8,
    sum: u64,
    count: u64,
}

impl Difference {
    fn add(&mut self, found: &[u8], expected: &[u8]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            let difference = found.abs_diff(*expected);
            self.largest = self.largest.max(difference);
            self.sum += u64::from(difference);
            self.count += 1;
        }
    }

    fn mean(&self) -> f64 {
        self.sum as f64 / self.count as f64
    }
}

#[test]
fn the_resize_is_pillows_bit_for_bit() {
    let mut cases = 0;
    for entry in std::fs::read_dir(golden("")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let Some((picture, _)) =
            name.split_once('_').filter(|(picture, _)| ["wide", "tall"].contains(picture))
        else {
            continue;
        };
        let (height, width, expected) = golden_pixels(name);
        let found = load_pixels(golden(&format!("{picture}.png")), height, width).unwrap();
        assert!(found.data() == expected, "{name}");
        cases += 1;
    }
    assert_eq!(cases, 14);
}

#[test]
fn every_kind_of_pixel_becomes_pillows_rgb() {
    // PNG exactly; JPEG but for what decoders differ in, and CMYK's conversion.
    for (name, tolerance) in [
        ("rgba.png", 0),
        ("grey.png", 0),
        ("grey_alpha.png", 0),
        ("palette.png", 0),
        ("bilevel.png", 0),
        ("grey.jpg", 1),
        ("cmyk.jpg", 3),
        ("turned.jpg", 4),
        ("progressive.jpg", 4),
    ] {
        let (height, width, expected) = golden_pixels(&format!("kind_{}.npy", name.replace('.', "_")));
        let found = load_pixels(golden(&format!("kind_{name}")), height, width).unwrap();
        let mut difference = Difference::default();
        difference.add(found.data(), &expected);
        assert!(difference.largest <= tolerance, "{name}: {difference:?}");
    }
}

/// What is left is the JPEG decoder: its rounding in chroma upsampling and colour conversion differs
/// from libjpeg-turbo's by up to 4 levels before the resize.
#[test]
fn the_photographs_are_pillows_but_for_the_decoder() {
    let mut difference = Difference::default();
    let classification = load_pixels(root().join("data/classification.jpg"), 224, 224).unwrap();
    difference.add(classification.data(), &golden_pixels("classification_u8.npy").2);

    let images = list_images(root().join("data/calibration")).unwrap().images;
    let set = ImageSet::load(images, Preprocessing::new(224, 224)).unwrap();
    let expected: Vec<u8> =
        (0..3).flat_map(|part| golden_pixels(&format!("calibration_u8_{part}.npy")).2).collect();
    let found: Vec<u8> = set.pixels().iter().flat_map(|pixels| pixels.data()).copied().collect();
    difference.add(&found, &expected);

    println!("33 images: largest {}, mean {:.5}", difference.largest, difference.mean());
    assert_eq!(set.len(), 32);
    assert!(difference.mean() < 0.3, "{}", difference.mean());
    assert!(difference.largest <= 6, "{}", difference.largest);
}

#[test]
fn batches_hold_the_single_images_in_order() {
    let images = list_images(root().join("data/calibration")).unwrap().images;
    let images = images[..5].to_vec();
    for format in [DataFormat::Nhwc, DataFormat::Nchw] {
        let preprocessing = Preprocessing { format, ..Preprocessing::new(24, 32) };
        let set = ImageSet::load(images.clone(), preprocessing.clone()).unwrap();
        let batches = set.batches(NonZeroUsize::new(2).unwrap());
        assert_eq!(batches.len(), 3);
        let shapes: Vec<usize> = batches.clone().map(|batch| batch.unwrap().shape()[0]).collect();
        assert_eq!(shapes, [2, 2, 1]);
        // None of them in memory but the first, or some: the same batches.
        for kept in [1, 3] {
            let part =
                ImageSet::load_within(images.clone(), preprocessing.clone(), kept * 24 * 32 * 3).unwrap();
            assert_eq!((part.len(), part.pixels().len()), (5, kept));
            let again = part.batches(NonZeroUsize::new(2).unwrap());
            assert!(again.zip(batches.clone()).all(|(one, other)| one.unwrap() == other.unwrap()));
        }
        let together: Vec<f32> =
            batches.flat_map(|batch| batch.unwrap().into_vec::<f32>().unwrap()).collect();
        let single: Vec<f32> = images
            .iter()
            .flat_map(|path| load_image(path, &preprocessing).unwrap().into_vec::<f32>().unwrap())
            .collect();
        assert_eq!(together, single);
        assert!(together.iter().all(|value| (-1.0..1.0).contains(value)));
    }
}
