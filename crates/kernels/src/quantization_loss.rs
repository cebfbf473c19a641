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
//! so the fast kernel keeps one candidate per SIMD lane. Its losses are those of
//! [`mod@reference`] to the bit.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod count_reciprocal;
#[cfg(target_arch = "x86_64")]
mod exceptions;
#[cfg(target_arch = "x86_64")]
mod reciprocals;
pub mod reference;

use std::ops::RangeInclusive;

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
pub struct QuantizationLoss(Engine);

#[derive(Clone, Debug)]
enum Engine {
    Reference(reference::Losses),
    #[cfg(target_arch = "x86_64")]
    Avx2(Box<avx2::Losses>),
    #[cfg(target_arch = "x86_64")]
    Avx512(Box<avx512::Losses>),
}

/// What a [`QuantizationLoss`] is made of.
#[derive(Clone, Copy, Debug)]
struct Task<'a> {
    candidates: &'a [Candidate],
    count: usize,
    low: f32,
    high: f32,
}

/// Makes an engine, if this CPU has it and it can do the task.
type Make = fn(&Task) -> Option<Engine>;

/// Every engine, fastest first.
const ENGINES: &[Make] = &[
    #[cfg(target_arch = "x86_64")]
    |task| avx512::Losses::new(task).map(|losses| Engine::Avx512(Box::new(losses))),
    #[cfg(target_arch = "x86_64")]
    |task| avx2::Losses::new(task).map(|losses| Engine::Avx2(Box::new(losses))),
    |task| Some(Engine::reference(task)),
];

impl Engine {
    fn reference(task: &Task) -> Engine {
        Engine::Reference(reference::Losses::new(task.candidates, task.count))
    }
}

impl QuantizationLoss {
    /// Starts every loss at 0.0. `count` is the number of values that the data will have in all:
    /// each term is divided by it, as f32. Values outside `expected` are as welcome as others, but
    /// take longer.
    pub fn new(candidates: &[Candidate], count: usize, expected: RangeInclusive<f32>) -> Self {
        let task = Task { candidates, count, low: *expected.start(), high: *expected.end() };
        let engine = ENGINES.iter().find_map(|make| make(&task));
        Self(engine.unwrap_or_else(|| Engine::reference(&task)))
    }

    /// Adds the terms of the next values, in order. The values must be finite.
    pub fn add(&mut self, data: &[f32]) {
        match &mut self.0 {
            Engine::Reference(losses) => losses.add(data),
            #[cfg(target_arch = "x86_64")]
            Engine::Avx2(losses) => losses.add(data),
            #[cfg(target_arch = "x86_64")]
            Engine::Avx512(losses) => losses.add(data),
        }
    }

    /// The losses so far, in the order of the candidates.
    pub fn losses(&self) -> Vec<f32> {
        match &self.0 {
            Engine::Reference(losses) => losses.losses().to_vec(),
            #[cfg(target_arch = "x86_64")]
            Engine::Avx2(losses) => losses.losses(),
            #[cfg(target_arch = "x86_64")]
            Engine::Avx512(losses) => losses.losses(),
        }
    }
}

#[cfg(test)]
mod tests;
