//! Eight candidates per vector, values in order.
//!
//! Two ways to the same bits. The *dividing* one is the formula as it stands. The *multiplying* one
//! has no division but [`Reciprocals`](super::reciprocals::Reciprocals); the few f32 for which they
//! round differently are found beforehand and kept in an
//! [`ExceptionSet`](super::exceptions::ExceptionSet); they take the dividing way. Zeros add nothing to
//! any loss and are dropped first.
#![allow(unsafe_code, reason = "functions compiled for AVX2 and FMA are called once both are detected")]

mod divide;
mod misrounded;
mod multiply;
mod pack;
mod screen;

use std::arch::x86_64::*;

use self::multiply::Multiply;
use self::pack::Packed;
use super::Task;
use crate::Isa;

pub(super) use self::misrounded::misrounded;

/// Values that are packed and screened at once; they stay in the L1 cache.
const BLOCK: usize = 512;

/// Candidates per vector.
const WIDTH: usize = 8;

/// Vectors of candidates that go through a run of values together.
const GROUP: usize = 2;

/// Eight candidates and their losses.
#[derive(Clone, Copy, Debug)]
struct Lanes {
    scale: __m256,
    low: __m256,
    high: __m256,
    loss: __m256,
}

/// Running losses; exists only on a CPU with AVX2 and FMA.
#[derive(Clone, Debug)]
pub(super) struct Losses {
    candidates: usize,
    count: __m256,
    lanes: Vec<Lanes>,
    multiply: Option<Multiply>,
}

impl Losses {
    /// `None` without AVX2 and FMA, or if 0.0 is outside a candidate's range (zeros would count).
    pub(super) fn new(task: &Task) -> Option<Self> {
        let zero_inside = task.candidates.iter().all(|c| c.low <= 0.0 && 0.0 <= c.high);
        if !zero_inside || Isa::avx2().is_none() {
            return None;
        }
        // SAFETY: that instruction set is AVX2 with FMA.
        Some(unsafe { new(task) })
    }

    pub(super) fn add(&mut self, data: &[f32]) {
        // SAFETY: `new` made this value, so the CPU has AVX2 and FMA.
        unsafe { add(self, data) }
    }

    pub(super) fn losses(&self) -> Vec<f32> {
        let mut losses: Vec<f32> = self.lanes.iter().flat_map(|lanes| store(lanes.loss)).collect();
        losses.truncate(self.candidates);
        losses
    }
}

#[target_feature(enable = "avx2,fma")]
fn new(task: &Task) -> Losses {
    let chunks = task.candidates.chunks(WIDTH);
    let lanes = chunks.map(|candidates| Lanes {
        scale: lanes_of(candidates, |c| c.scale),
        low: lanes_of(candidates, |c| c.low),
        high: lanes_of(candidates, |c| c.high),
        loss: _mm256_setzero_ps(),
    });
    Losses {
        candidates: task.candidates.len(),
        count: _mm256_set1_ps(task.count as f32),
        lanes: lanes.collect(),
        multiply: Multiply::new(task),
    }
}

#[target_feature(enable = "avx2,fma")]
fn add(losses: &mut Losses, data: &[f32]) {
    let Losses { lanes, multiply, count, .. } = losses;
    let mut packed = Packed::new();
    for block in data.chunks(BLOCK) {
        packed.fill(block);
        match multiply {
            None => divide::add(lanes, *count, packed.values()),
            Some(multiply) => multiply.add(lanes, *count, &mut packed),
        }
    }
}

/// A vector of a property of up to eight things; idle lanes repeat the first one's.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn lanes_of<T>(things: &[T], property: impl Fn(&T) -> f32) -> __m256 {
    let first = things.first().map_or(0.0, &property);
    load(&std::array::from_fn(|lane| things.get(lane).map_or(first, &property)))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn load(values: &[f32; WIDTH]) -> __m256 {
    // SAFETY: the reference covers the 32 bytes read; the load needs no alignment.
    unsafe { _mm256_loadu_ps(values.as_ptr()) }
}

fn store(vector: __m256) -> [f32; WIDTH] {
    // SAFETY: both types are 32 bytes of plain f32.
    unsafe { std::mem::transmute(vector) }
}
