//! The search of HFMG: ever narrower windows of a histogram, of which the one with the least loss is taken.

use amct_tensor::quantization::ActivationParams;

use super::loss::{Losses, Window};
use super::result::from_range;
use super::{HfmgParams, Histogram};
use crate::algorithm::AlgorithmError;

/// Share of the values that a step of the search drops.
const STEP: f32 = 100_000.0;

/// Scale and offset of the window of a histogram that quantization distorts least, the first of
/// several.
///
/// # Errors
/// See [`HfmgParams::validate`]; [`AlgorithmError::Empty`] for a histogram of no values.
pub fn search(histogram: &Histogram, params: &HfmgParams) -> Result<ActivationParams, AlgorithmError> {
    params.validate()?;
    if histogram.total() == 0 {
        return Err(AlgorithmError::Empty);
    }
    let losses = Losses::new(histogram, params.num_bits);
    let mut windows = Windows::new(histogram);
    let mut best = windows.next().ok_or(AlgorithmError::Empty)?;
    let mut least = losses.of(best, f32::INFINITY).unwrap_or(f32::INFINITY);
    for window in windows {
        if let Some(loss) = losses.of(window, least).filter(|loss| *loss < least) {
            (best, least) = (window, loss);
        }
    }
    Ok(from_range(histogram.edge(best.left), histogram.edge(best.right + 1), params))
}

/// Ever narrower windows. Each step drops about a 100,000th of the values, from the side where these
/// fill more bins, the right one if they fill as many.
struct Windows<'a> {
    counts: &'a [u32],
    window: Window,
    step: u64,
}

impl<'a> Windows<'a> {
    fn new(histogram: &'a Histogram) -> Self {
        let counts = histogram.counts();
        let step = (histogram.total() as f32 / STEP).ceil() as u64;
        let window = Window { left: 0, right: counts.len().saturating_sub(1) };
        Self { counts, window, step: step.max(1) }
    }

    fn in_bin(&self, bin: usize) -> u64 {
        self.counts.get(bin).copied().unwrap_or(0).into()
    }
}

impl Iterator for Windows<'_> {
    type Item = Window;

    fn next(&mut self) -> Option<Window> {
        let Window { left, right } = self.window;
        if right - left <= self.counts.len().div_ceil(4) {
            return None;
        }
        let (mut from_left, mut dropped) = (left, 0);
        while from_left < right && dropped < self.step {
            dropped += self.in_bin(from_left);
            from_left += 1;
        }
        let (mut from_right, mut dropped) = (right, 0);
        while from_left < from_right && dropped < self.step {
            dropped += self.in_bin(from_right);
            from_right -= 1;
        }
        if right - from_right >= from_left - left {
            self.window.right = from_right;
        } else {
            self.window.left = from_left;
        }
        Some(self.window)
    }
}
