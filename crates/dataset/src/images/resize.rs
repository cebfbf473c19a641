//! Pillow's `Image.resize((width, height))` on 8-bit RGB, bit for bit.
//!
//! Pillow's default filter for RGB is bicubic with a = -0.5, widened by the scale when shrinking
//! (antialiasing), in two passes, each in integers: weights are computed in f64, brought to a sum
//! of 1 and rounded to 22 fractional bits; sums start at one half, and are shifted and clamped to 8
//! bits after *each* pass, so that the order of the passes shows in the last bits.
//!
//! Source: Pillow 13.0, `src/libImaging/Resample.c` (`precompute_coeffs`, `normalize_coeffs_8bpc`,
//! `ImagingResampleInner`). Pillow 12 resizes rows first (but for images 100 times as high as wide):
//! where [`columns_first`] holds, its pixels differ from these by a few levels. Own code because
//! fast_image_resize, with its 16-bit weights, differs from Pillow in 18 % of the values, by up to 7.

use super::Pixels;
use super::pixels::CHANNELS;

/// Fractional bits of a weight: of 32 bits, 8 are for the pixel and 2 for the kernel's overshoot.
const PRECISION_BITS: u32 = 32 - 8 - 2;
/// Where every sum starts, so that the shift rounds.
const HALF: i32 = 1 << (PRECISION_BITS - 1);
/// Source pixels on each side of the centre that the kernel reaches, at scale 1.
const SUPPORT: f64 = 2.0;

/// `image` at `height` x `width`, both at least 1; aspect ratio not kept, nothing cropped.
///
/// An axis that has its size already is left as it is. The image between the passes is never larger
/// than the larger of the two others.
pub(super) fn resize(image: Pixels, height: usize, width: usize) -> Pixels {
    if columns_first(&image, height, width) {
        resize_rows(resize_columns(image, height), width)
    } else {
        resize_columns(resize_rows(image, width), height)
    }
}

/// Whether the height shrinks by more than twice the pixels that the width shrinks by.
fn columns_first(image: &Pixels, height: usize, width: usize) -> bool {
    // Sides are at most 65535, far from overflow.
    let shrunk = |from: usize, to: usize| from as i64 - to as i64;
    let rows_lost = shrunk(image.height(), height);
    rows_lost > 0 && rows_lost > 2 * shrunk(image.width(), width)
}

/// What one output position is made of.
struct Window {
    /// The first source position that counts.
    start: usize,
    /// The weights from there on, with [`PRECISION_BITS`] fractional bits.
    weights: Vec<i32>,
}

fn windows(source: usize, target: usize) -> Vec<Window> {
    let scale = source as f64 / target as f64;
    // Shrinking widens the kernel to all the source pixels that an output pixel covers.
    let filter_scale = scale.max(1.0);
    let support = SUPPORT * filter_scale;
    let step = 1.0 / filter_scale;
    (0..target)
        .map(|position| {
            let center = (position as f64 + 0.5) * scale;
            // `as` truncates and stops at 0, as Pillow's cast and clamp do.
            let start = (center - support + 0.5) as usize;
            let end = ((center + support + 0.5) as usize).min(source);
            let kernel: Vec<f64> = (start..end).map(|x| bicubic((x as f64 - center + 0.5) * step)).collect();
            // Not `sum()`: std's starts at -0.0 and promises no order.
            let sum = kernel.iter().fold(0.0, |sum, weight| sum + weight);
            Window { start, weights: kernel.into_iter().map(|weight| to_fixed(weight / sum)).collect() }
        })
        .collect()
}

/// Keys' cubic kernel, a = -0.5.
fn bicubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

/// Half away from zero, by truncation after adding half of the sign.
fn to_fixed(weight: f64) -> i32 {
    (weight * f64::from(1 << PRECISION_BITS) + 0.5_f64.copysign(weight)) as i32
}

fn to_pixel(sum: i32) -> u8 {
    (sum >> PRECISION_BITS).clamp(0, 255) as u8
}

fn resize_rows(image: Pixels, width: usize) -> Pixels {
    if image.width() == width {
        return image;
    }
    let windows = windows(image.width(), width);
    let mut data = Vec::with_capacity(image.height() * width * CHANNELS);
    for row in image.data().chunks_exact(image.width() * CHANNELS) {
        let (pixels, _) = row.as_chunks::<CHANNELS>();
        for Window { start, weights } in &windows {
            let mut sums = [HALF; CHANNELS];
            for (pixel, weight) in pixels.iter().skip(*start).zip(weights) {
                for (sum, &value) in sums.iter_mut().zip(pixel) {
                    *sum += i32::from(value) * weight;
                }
            }
            data.extend(sums.map(to_pixel));
        }
    }
    Pixels::of_parts(image.height(), width, data)
}

fn resize_columns(image: Pixels, height: usize) -> Pixels {
    if image.height() == height {
        return image;
    }
    let row_len = image.width() * CHANNELS;
    let mut data = Vec::with_capacity(height * row_len);
    let mut sums = vec![HALF; row_len];
    for Window { start, weights } in windows(image.height(), height) {
        sums.fill(HALF);
        for (row, weight) in image.data().chunks_exact(row_len).skip(start).zip(weights) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += i32::from(value) * weight;
            }
        }
        data.extend(sums.iter().copied().map(to_pixel));
    }
    Pixels::of_parts(height, image.width(), data)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A naive version: the weights of one position, in real numbers.
    fn weights(source: usize, target: usize, position: usize) -> Vec<f64> {
        let fixed = &windows(source, target)[position];
        let mut all = vec![0.0; source];
        for (weight, fixed) in all.iter_mut().skip(fixed.start).zip(&fixed.weights) {
            *weight = f64::from(*fixed) / f64::from(1 << PRECISION_BITS);
        }
        all
    }

    #[test]
    fn the_weights_of_each_position_sum_to_one_within_rounding() {
        for (source, target) in [(1, 1), (1, 9), (9, 1), (2, 7), (341, 224), (224, 341), (65_535, 3)] {
            for position in [0, target / 2, target - 1] {
                let sum: f64 = weights(source, target, position).iter().sum();
                assert!((sum - 1.0).abs() < 0.01, "{source} to {target} at {position}: {sum}");
            }
        }
    }

    #[test]
    fn doubling_uses_the_textbook_weights() {
        // Keys' kernel at 1.75, 0.75, 0.25, 1.25 pixels from the centre.
        assert_eq!(weights(4, 8, 4), [-0.0234375, 0.2265625, 0.8671875, -0.0703125]);
    }

    #[test]
    fn a_flat_image_stays_flat_at_every_size() {
        for value in [0, 1, 127, 255] {
            let flat = Pixels::new(7, 5, vec![value; 7 * 5 * 3]).unwrap();
            for (height, width) in [(1, 1), (3, 11), (20, 2), (7, 5), (16, 16)] {
                let resized = resize(flat.clone(), height, width);
                assert_eq!((resized.height(), resized.width()), (height, width));
                assert!(resized.data().iter().all(|&found| found == value));
            }
        }
    }

    #[test]
    fn the_order_of_the_passes_follows_pillow_13() {
        let first = |from: (usize, usize), to: (usize, usize)| {
            let image = Pixels::new(from.0, from.1, vec![0; from.0 * from.1 * 3]).unwrap();
            columns_first(&image, to.0, to.1)
        };
        assert!(first((384, 256), (224, 224)));
        assert!(!first((256, 384), (224, 224)));
        assert!(!first((30, 20), (20, 15)));
        assert!(first((31, 20), (20, 15)));
        assert!(!first((10, 10), (10, 20)));
    }
}
