use std::arch::x86_64::*;

use super::pack::Packed;
use super::screen::Screen;
use super::{GROUP, Lanes, Task, WIDTH, divide, lanes_of};
use crate::quantization_loss::Candidate;
use crate::quantization_loss::count_reciprocal::{CountReciprocal, MIN_NUMERATOR};

/// Adding it to a number below 2^22 in magnitude rounds that to an integer, a half to even.
const SIGNED: f32 = 12_582_912.0; // 1.5 * 2^23
/// The same for numbers that are not negative; its product with any scale is exact.
const UNSIGNED: f32 = 8_388_608.0; // 2^23

/// Below that many values the search for exceptions costs more than it saves.
const MIN_COUNT: usize = 1 << 13;
/// Values other than 0.0 must have this magnitude, so that the square of every difference is a
/// numerator of the reciprocal: a value that rounds to 0 is its own difference.
pub(super) const MIN_MAGNITUDE: f32 = 1.0 / (1u64 << 37) as f32;
const _: () = assert!(MIN_MAGNITUDE * MIN_MAGNITUDE >= MIN_NUMERATOR);
/// Scales must be as large for the same reason: a value that does not round to 0 is nearly 2^-12 or
/// more and the quantized one 2^-11, so their difference is 0.0 or a multiple of 2^-36.
const MIN_SCALE: f32 = 1.0 / 2048.0;
/// With more levels nearly every value is misrounded by some candidate's inverse.
const MAX_LEVEL: f32 = 1024.0;

/// What replaces the divisions of a set of candidates.
#[derive(Clone, Debug)]
pub(super) struct Multiply {
    constants: Vec<Constants>,
    reciprocal: CountReciprocal,
    /// The magnitudes are quantized: the ranges are symmetric, so is the rounding.
    magnitudes: bool,
    /// Negative values reach the sum.
    signed: bool,
    screen: Screen,
}

/// Eight candidates' share of it.
#[derive(Clone, Copy, Debug)]
struct Constants {
    /// 1/scale, or a neighbour of it.
    inverse: __m256,
    /// The largest sum of a rounded value and the rounding constant.
    ceiling: __m256,
    /// What takes that constant, times the scale, off again; 0.0 in the signed case.
    correction: __m256,
    /// Whether a value that passes the screen can reach the ceiling.
    clips: bool,
}

impl Multiply {
    /// `None` where the arithmetic is not proved exact or does not pay.
    #[target_feature(enable = "avx2,fma")]
    pub(super) fn new(task: &Task) -> Option<Self> {
        let Task { candidates, count, .. } = *task;
        let reciprocal = CountReciprocal::new(count as f32)?;
        let magnitudes = candidates.iter().all(|c| c.low == -c.high);
        let levels = |c: &Candidate| c.high.max(-c.low) / c.scale;
        if count < MIN_COUNT || candidates.iter().any(|c| c.scale < MIN_SCALE || levels(c) > MAX_LEVEL) {
            return None;
        }
        let lowest = candidates.iter().fold(f32::NEG_INFINITY, |low, c| low.max(c.low));
        // Far beyond every clip the difference could overflow, and the product with `low` be -inf.
        let highest = 2.0 * candidates.iter().fold(0.0, |high: f32, c| high.max(c.high));
        let (low, high) = if magnitudes {
            (0.0, task.high.max(-task.low).min(highest))
        } else {
            (task.low.max(lowest), task.high.min(highest))
        };
        let signed = low < 0.0;
        let offset = if signed { SIGNED } else { UNSIGNED };
        let inverses: Vec<f32> = candidates.iter().map(|c| inverse(c.scale, [high, -low])).collect();
        let constants =
            candidates.chunks(WIDTH).zip(inverses.chunks(WIDTH)).map(|(candidates, inverses)| Constants {
                inverse: lanes_of(inverses, |inverse| *inverse),
                ceiling: lanes_of(candidates, |c| offset + (c.high / c.scale).round()),
                correction: lanes_of(candidates, |c| if signed { 0.0 } else { -UNSIGNED * c.scale }),
                clips: candidates.iter().any(|c| c.high < high),
            });
        let constants = constants.collect();
        let screen = Screen::new(low, high, candidates, &inverses);
        Some(Self { constants, reciprocal, magnitudes, signed, screen })
    }

    /// Adds the terms of a block.
    #[target_feature(enable = "avx2,fma")]
    pub(super) fn add(&self, lanes: &mut [Lanes], count: __m256, packed: &mut Packed) {
        if self.magnitudes {
            packed.take_magnitudes();
        }
        let exceptional = self.screen.exceptional(packed);
        let mut rest = packed.values();
        let mut taken = 0;
        for (byte, mut mask) in exceptional.into_iter().enumerate() {
            while mask != 0 {
                let position = byte * WIDTH + mask.trailing_zeros() as usize;
                mask &= mask - 1;
                let Some((run, [exception, after @ ..])) = rest.split_at_checked(position - taken) else {
                    break;
                };
                self.add_run(lanes, run);
                divide::add(lanes, count, &[*exception]);
                (rest, taken) = (after, position + 1);
            }
        }
        self.add_run(lanes, rest);
    }

    /// Adds the terms of values none of which is exceptional.
    #[target_feature(enable = "avx2,fma")]
    fn add_run(&self, lanes: &mut [Lanes], values: &[f32]) {
        if values.is_empty() {
            return;
        }
        let (groups, last) = lanes.as_chunks_mut::<GROUP>();
        let (constants, last_constants) = self.constants.as_chunks::<GROUP>();
        for (lanes, constants) in groups.iter_mut().zip(constants) {
            self.add_to_group(lanes, constants, values);
        }
        for (lanes, constants) in last.as_chunks_mut().0.iter_mut().zip(last_constants.as_chunks().0) {
            self.add_to_group::<1>(lanes, constants, values);
        }
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn add_to_group<const G: usize>(
        &self,
        lanes: &mut [Lanes; G],
        constants: &[Constants; G],
        values: &[f32],
    ) {
        match (self.signed, constants.iter().any(|c| c.clips)) {
            (false, false) => accumulate::<G, false, false>(lanes, constants, self.reciprocal, values),
            (false, true) => accumulate::<G, false, true>(lanes, constants, self.reciprocal, values),
            (true, false) => accumulate::<G, true, false>(lanes, constants, self.reciprocal, values),
            (true, true) => accumulate::<G, true, true>(lanes, constants, self.reciprocal, values),
        }
    }
}

/// The f32 nearest to 1/scale, unless it rounds `ends` unlike the division and a neighbour does not:
/// where activations saturate, these are values that occur often.
fn inverse(scale: f32, ends: [f32; 2]) -> f32 {
    let nearest = 1.0 / scale;
    // The product is exact in f64.
    let good = |inverse: &f32| {
        let mut pairs = ends.iter().map(|end| (f64::from(*end) * f64::from(*inverse), end / scale));
        pairs.all(|(multiplied, divided)| multiplied.round_ties_even() == f64::from(divided.round()))
    };
    let tried = [nearest, nearest.next_up(), nearest.next_down()];
    tried.into_iter().find(good).unwrap_or(nearest)
}

/// `x * inverse` rounded to an integer, a half to even.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn round_by_inverse(x: __m256, inverse: __m256) -> __m256 {
    let offset = _mm256_set1_ps(SIGNED);
    _mm256_sub_ps(_mm256_fmadd_ps(x, inverse, offset), offset)
}

/// The hot loop: for every value and vector of candidates eight instructions, nine if `S`igned, one
/// less if nothing `C`lips.
#[target_feature(enable = "avx2,fma")]
fn accumulate<const G: usize, const S: bool, const C: bool>(
    lanes: &mut [Lanes; G],
    constants: &[Constants; G],
    reciprocal: CountReciprocal,
    values: &[f32],
) {
    let offset = _mm256_set1_ps(if S { SIGNED } else { UNSIGNED });
    let high = _mm256_set1_ps(reciprocal.high);
    let low = _mm256_set1_ps(reciprocal.low);
    // Copies, so that they may live in registers.
    let (mut sums, constants) = (*lanes, *constants);
    for &x in values {
        let x = _mm256_set1_ps(x);
        for (sums, constants) in sums.iter_mut().zip(&constants) {
            let mut rounded = _mm256_fmadd_ps(x, constants.inverse, offset);
            if C {
                rounded = _mm256_min_ps(rounded, constants.ceiling);
            }
            let quantized = if S {
                _mm256_mul_ps(_mm256_sub_ps(rounded, offset), sums.scale)
            } else {
                _mm256_fmadd_ps(rounded, sums.scale, constants.correction)
            };
            let difference = _mm256_sub_ps(quantized, x);
            let square = _mm256_mul_ps(difference, difference);
            let term = _mm256_fmadd_ps(square, high, _mm256_mul_ps(square, low));
            sums.loss = _mm256_add_ps(sums.loss, term);
        }
    }
    for (lanes, sums) in lanes.iter_mut().zip(sums) {
        lanes.loss = sums.loss;
    }
}
