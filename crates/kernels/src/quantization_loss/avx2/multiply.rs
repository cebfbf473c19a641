//! The losses by multiplications: values are packed and screened, exceptional ones divided, the others
//! multiplied.

use std::arch::x86_64::*;

use super::pack::Packed;
use super::screen::Screen;
use super::{GROUP, Lanes, WIDTH, divide, lanes_of};
use crate::quantization_loss::Task;
use crate::quantization_loss::count_reciprocal::CountReciprocal;
use crate::quantization_loss::reciprocals::{Reciprocals, SIGNED, UNSIGNED};

/// What replaces the divisions of a set of candidates.
#[derive(Clone, Debug)]
pub(super) struct Multiply {
    constants: Vec<Constants>,
    reciprocals: Reciprocals,
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
        let reciprocals = Reciprocals::new(task)?;
        let constants = task.candidates.chunks(WIDTH).zip(reciprocals.inverses.chunks(WIDTH)).map(
            |(candidates, inverses)| Constants {
                inverse: lanes_of(inverses, |inverse| *inverse),
                ceiling: lanes_of(candidates, |c| reciprocals.ceiling(c)),
                correction: lanes_of(candidates, |c| reciprocals.correction(c)),
                clips: candidates.iter().any(|c| reciprocals.clips(c)),
            },
        );
        let constants = constants.collect();
        let screen = Screen::new(task.candidates, &reciprocals);
        Some(Self { constants, reciprocals, screen })
    }

    /// Adds the terms of a block.
    #[target_feature(enable = "avx2,fma")]
    pub(super) fn add(&self, lanes: &mut [Lanes], count: __m256, packed: &mut Packed) {
        if self.reciprocals.magnitudes {
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
        match (self.reciprocals.signed, constants.iter().any(|c| c.clips)) {
            (false, false) => accumulate::<G, false, false>(lanes, constants, self.reciprocals.count, values),
            (false, true) => accumulate::<G, false, true>(lanes, constants, self.reciprocals.count, values),
            (true, false) => accumulate::<G, true, false>(lanes, constants, self.reciprocals.count, values),
            (true, true) => accumulate::<G, true, true>(lanes, constants, self.reciprocals.count, values),
        }
    }
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
