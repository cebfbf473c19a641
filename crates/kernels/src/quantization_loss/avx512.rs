//! Sixteen candidates per vector, four vectors at a time, values in order.
//!
//! The ways are those of [`avx2`](super::avx2). Nothing but the multipliers limits this: a value takes
//! all candidates of 60 ten cycles.
#![allow(unsafe_code, reason = "functions compiled for AVX-512 are called once it is detected")]

mod divide;
mod group;
mod multiply;
mod pack;
mod sums;

use std::arch::x86_64::*;

use crate::isa::has_avx512;

use self::multiply::Multiply;
use self::pack::Packed;
use super::Task;

/// Candidates per vector.
const WIDTH: usize = 16;

/// Sixteen candidates and their losses.
#[derive(Clone, Copy, Debug)]
struct Lanes {
    scale: __m512,
    low: __m512,
    high: __m512,
    loss: __m512,
}

/// Running losses; exists only on a CPU with the AVX-512 instructions used here.
#[derive(Clone, Debug)]
pub(super) struct Losses {
    candidates: usize,
    count: __m512,
    lanes: Vec<Lanes>,
    multiply: Option<Multiply>,
}

impl Losses {
    /// `None` without AVX-512, or if 0.0 is outside a candidate's range (zeros would count).
    pub(super) fn new(task: &Task) -> Option<Self> {
        let zero_inside = task.candidates.iter().all(|c| c.low <= 0.0 && 0.0 <= c.high);
        if !zero_inside || !has_avx512() {
            return None;
        }
        // SAFETY: the features were detected.
        Some(unsafe { new(task) })
    }

    pub(super) fn add(&mut self, data: &[f32]) {
        // SAFETY: `new` made this value, so the CPU has the features.
        unsafe { add(self, data) }
    }

    pub(super) fn losses(&self) -> Vec<f32> {
        let mut losses: Vec<f32> = self.lanes.iter().flat_map(|lanes| store(lanes.loss)).collect();
        losses.truncate(self.candidates);
        losses
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn new(task: &Task) -> Losses {
    let chunks = task.candidates.chunks(WIDTH);
    let lanes = chunks.map(|candidates| Lanes {
        scale: lanes_of(candidates, |c| c.scale),
        low: lanes_of(candidates, |c| c.low),
        high: lanes_of(candidates, |c| c.high),
        loss: _mm512_setzero_ps(),
    });
    Losses {
        candidates: task.candidates.len(),
        count: _mm512_set1_ps(task.count as f32),
        lanes: lanes.collect(),
        multiply: Multiply::new(task),
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn add(losses: &mut Losses, data: &[f32]) {
    let Losses { lanes, multiply, count, .. } = losses;
    let mut packed = Packed::new();
    for block in data.chunks(pack::BLOCK) {
        match &*multiply {
            None => {
                packed.fill(block, &pack::Filter::EVERYTHING);
                divide::add(lanes, *count, packed.values());
            }
            Some(multiply) => {
                packed.fill(block, multiply.filter());
                multiply.add(lanes, *count, &packed);
            }
        }
    }
}

/// A vector of a property of up to sixteen things; idle lanes repeat the first one's.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn lanes_of<T>(things: &[T], property: impl Fn(&T) -> f32) -> __m512 {
    let first = things.first().map_or(0.0, &property);
    load(&std::array::from_fn(|lane| things.get(lane).map_or(first, &property)))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn load(values: &[f32; WIDTH]) -> __m512 {
    // SAFETY: the reference covers the 64 bytes read; the load needs no alignment.
    unsafe { _mm512_loadu_ps(values.as_ptr()) }
}

fn store(vector: __m512) -> [f32; WIDTH] {
    // SAFETY: both types are 64 bytes of plain f32.
    unsafe { std::mem::transmute(vector) }
}
