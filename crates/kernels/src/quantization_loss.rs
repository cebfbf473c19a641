//! The loss of IFMR's candidates: how far the fake-quantized data lie from the data.
//!
//! For a value `x` and a candidate with scale `s` and clip range `[low, high]`, all in f32,
//!
//! ```text
//! term = (round_half_away(clip(x, low, high) / s) * s - x)^2 / count
//! ```
//!
//! and the loss is the plain sum of the terms in data order, rounded after every addition. Hence a
//! sum cannot be split over chunks of data; it can be continued, and candidates are independent,
//! so the fast kernels keep one candidate per SIMD lane. Their losses are those of
//! [`mod@reference`] to the bit.

mod count_reciprocal;
mod divide;
mod exceptions;
mod lanes;
mod misrounded;
mod multiply;
mod pack;
mod reciprocals;
pub mod reference;
mod sums;

use std::ops::RangeInclusive;

use crate::Isa;
use divide::Divide;
use lanes::Lanes;
use multiply::Multiply;
use pack::{Filter, PackedValues};

/// A quantizer whose loss is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Distance of two neighbouring quantized values; finite and positive.
    pub scale: f32,
    /// Smaller values are clipped to this; finite, at most `high`.
    pub low: f32,
    /// Larger values are clipped to this; finite.
    pub high: f32,
}

/// Running losses of a set of candidates over data that arrive piece by piece.
#[derive(Clone, Debug)]
pub struct QuantizationLoss {
    isa: Isa,
    candidates: usize,
    lanes: Lanes,
    /// By lanes.
    losses: Vec<f32>,
    count: f32,
    way: Way,
}

/// Two ways to the same bits.
#[derive(Clone, Debug)]
enum Way {
    /// The formula as it stands.
    Divide(Filter),
    /// No division but for the few f32 that multiplications with [`Reciprocals`](reciprocals::Reciprocals)
    /// round differently. They are found beforehand and kept in an
    /// [`ExceptionSet`](exceptions::ExceptionSet).
    Multiply(Box<Multiply>),
}

impl QuantizationLoss {
    /// Starts every loss at 0.0. `count` is the number of values that the data will have in all:
    /// each term is divided by it, as f32. Values outside `expected` are as welcome as others, but
    /// take longer.
    pub fn new(candidates: &[Candidate], count: usize, expected: RangeInclusive<f32>) -> Self {
        Self::for_isa(Isa::best(), candidates, count, expected)
    }

    /// [`QuantizationLoss::new`] for a given instruction set.
    pub fn for_isa(isa: Isa, candidates: &[Candidate], count: usize, expected: RangeInclusive<f32>) -> Self {
        let lanes = Lanes::new(candidates, isa.vectors().lanes);
        // Zeros add nothing to any loss, unless a candidate cannot hold them.
        let zeros = !candidates.iter().all(|c| c.low <= 0.0 && 0.0 <= c.high);
        let expected = [*expected.start(), *expected.end()];
        let multiply = if zeros { None } else { Multiply::new(isa, candidates, count, expected) };
        let way = match multiply {
            Some(multiply) => Way::Multiply(Box::new(multiply)),
            None => Way::Divide(Filter::everything(zeros)),
        };
        let losses = vec![0.0; lanes.len()];
        Self { isa, candidates: candidates.len(), lanes, losses, count: count as f32, way }
    }

    /// Adds the terms of the next values, in order. The values must be finite.
    pub fn add(&mut self, data: &[f32]) {
        let Self { isa, lanes: candidates, losses, count, way, .. } = self;
        let (isa, count) = (*isa, *count);
        let mut packed = PackedValues::new();
        for block in data.chunks(pack::BLOCK) {
            match &*way {
                Way::Divide(filter) => {
                    packed.fill(isa, block, filter);
                    isa.run(Divide { candidates, losses, count, values: packed.values() });
                }
                Way::Multiply(multiply) => {
                    packed.fill(isa, block, multiply.filter());
                    multiply.add(candidates, count, &packed, losses);
                }
            }
        }
    }

    /// The losses so far, in the order of the candidates.
    pub fn losses(&self) -> Vec<f32> {
        self.losses[..self.candidates].to_vec()
    }
}

#[cfg(test)]
mod tests;
