//! The numbers that replace the divisions of all candidates, and the values for which they do not.

use super::Candidate;
use super::count_reciprocal::CountReciprocal;

/// Adding it to a number below 2^22 in magnitude rounds that to an integer, a half to even.
pub(super) const SIGNED: f32 = 12_582_912.0; // 1.5 * 2^23
/// The same for numbers that are not negative; its product with any scale is exact.
pub(super) const UNSIGNED: f32 = 8_388_608.0; // 2^23

/// Below that many values the search for exceptions costs more than it saves.
const MIN_COUNT: usize = 1 << 13;
/// Values other than 0.0 must have this magnitude, or more for some numbers of values, so that the
/// square of every difference is a numerator of the reciprocal: a value that rounds to 0 is its own
/// difference.
const MIN_MAGNITUDE: f32 = 1.0 / (1u64 << 37) as f32;
/// For the same reason scales must be as large as this: a value that does not round to 0 is nearly 2^-12
/// or more and the quantized one 2^-11, so their difference is a multiple of [`DIFFERENCE`].
const MIN_SCALE: f32 = 1.0 / 2048.0;
/// The smallest difference other than 0.0 of a value that does not round to 0.
const DIFFERENCE: f32 = 1.0 / (1u64 << 36) as f32;
/// With more levels nearly every value is misrounded by some candidate's inverse.
const MAX_LEVEL: f32 = 1024.0;

/// What replaces the divisions of a set of candidates, for values of `[low, high]`.
///
/// `x / s` only matters as the integer it rounds to, so `x * (1/s)` does as well, but for the few
/// f32 that round differently. Larger values than `high` or smaller ones than `low`, and those of a
/// magnitude below `tiny` other than zero, must be divided.
#[derive(Clone, Debug)]
pub(super) struct Reciprocals {
    /// That of the number of values.
    pub(super) count: CountReciprocal,
    /// 1/scale of each candidate, or a neighbour of it.
    pub(super) inverses: Vec<f32>,
    /// The magnitudes are quantized: the ranges are symmetric, so is the rounding.
    pub(super) magnitudes: bool,
    /// Negative values reach the sum.
    pub(super) signed: bool,
    pub(super) low: f32,
    pub(super) high: f32,
    pub(super) tiny: f32,
}

impl Reciprocals {
    /// `None` where the arithmetic is not proved exact or does not pay.
    pub(super) fn new(candidates: &[Candidate], count: usize, expected: [f32; 2]) -> Option<Self> {
        let levels = |c: &Candidate| c.high.max(-c.low) / c.scale;
        if count < MIN_COUNT || candidates.iter().any(|c| c.scale < MIN_SCALE || levels(c) > MAX_LEVEL) {
            return None;
        }
        let (reciprocal, tiny) = reciprocal(count as f32)?;
        let magnitudes = candidates.iter().all(|c| c.low == -c.high);
        let lowest = candidates.iter().fold(f32::NEG_INFINITY, |low, c| low.max(c.low));
        // Far beyond every clip the difference could overflow, and the product with `low` be -inf.
        let highest = 2.0 * candidates.iter().fold(0.0, |high: f32, c| high.max(c.high));
        let (low, high) = if magnitudes {
            (0.0, expected[1].max(-expected[0]).min(highest))
        } else {
            (expected[0].max(lowest), expected[1].min(highest))
        };
        let inverses = candidates.iter().map(|c| inverse(c.scale, [high, -low])).collect();
        Some(Self { count: reciprocal, inverses, magnitudes, signed: low < 0.0, low, high, tiny })
    }

    /// What is added to a product with an inverse to round it.
    pub(super) fn offset(&self) -> f32 {
        if self.signed { SIGNED } else { UNSIGNED }
    }

    /// The largest sum of a rounded value and [`offset`](Self::offset) for a candidate.
    pub(super) fn ceiling(&self, candidate: &Candidate) -> f32 {
        self.offset() + (candidate.high / candidate.scale).round()
    }

    /// What takes the offset, times the scale, off again; 0.0 in the signed case, where that is not
    /// exact.
    pub(super) fn correction(&self, candidate: &Candidate) -> f32 {
        if self.signed { 0.0 } else { -UNSIGNED * candidate.scale }
    }

    /// Whether a value of the range can reach a candidate's ceiling.
    pub(super) fn clips(&self, candidate: &Candidate) -> bool {
        candidate.high < self.high
    }
}

/// The reciprocal of the number of values, and the least magnitude of a value for it.
fn reciprocal(count: f32) -> Option<(CountReciprocal, f32)> {
    let reciprocal = CountReciprocal::new(count)?;
    let smallest = reciprocal.min_numerator;
    // Powers of two, so the squares are exact.
    let tiny = std::iter::successors(Some(MIN_MAGNITUDE), |tiny| Some(tiny * 2.0));
    let tiny = tiny.into_iter().find(|tiny| tiny * tiny >= smallest)?;
    // From 2^31 values on, and for some numbers below, there are smaller squares than the reciprocal is
    // proved for. These few are tried.
    let differences = (1u32..).map(|units| units as f32 * DIFFERENCE);
    let mut squares = differences.map(|difference| difference * difference).take_while(|s| *s < smallest);
    squares.all(|square| reciprocal.divides(square, count)).then_some((reciprocal, tiny))
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
