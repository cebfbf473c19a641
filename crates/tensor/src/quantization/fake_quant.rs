//! The grid of TensorFlow's fake quantization, nudged so that 0.0 is on it.

use crate::rounding::half_away;

/// The grid that TensorFlow's `FakeQuantWithMinMax*` puts values on: `2^num_bits` steps between a
/// minimum and a maximum (one less if the range is narrow), moved so that 0.0 lies on it.
///
/// Arithmetic is that of TensorFlow's CPU kernels to the bit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FakeQuantGrid {
    /// The real distance between two neighbouring steps.
    pub scale: f32,
    /// The step that stands for 0.0, counted from that of the full range's minimum.
    pub zero_point: i32,
    /// The first step: 0, or 1 for a narrow range.
    pub first: i32,
    /// The last step, `2^num_bits - 1`.
    pub last: i32,
    inverse_scale: f32,
}

impl FakeQuantGrid {
    /// The numbers of bits that TensorFlow takes.
    pub const BITS: std::ops::RangeInclusive<i64> = 2..=16;

    /// The grid of a range. `num_bits` is one of [`BITS`](Self::BITS).
    ///
    /// For a range without 0.0 the grid is moved until it ends there. Without extent, scale or
    /// its inverse are no positive finite numbers ([`is_sound`](Self::is_sound)).
    pub fn new(min: f32, max: f32, num_bits: u32, narrow_range: bool) -> Self {
        let first = i32::from(narrow_range);
        let last = (1 << num_bits.min(16)) - 1;
        let (low, high) = (first as f32, last as f32);
        let scale = (max - min) / (high - low);
        let from_min = low - min / scale;
        let zero_point = if from_min < low {
            first
        } else if from_min > high {
            last
        } else {
            half_away(from_min) as i32
        };
        Self { scale, zero_point, first, last, inverse_scale: (high - low) / (max - min) }
    }

    /// Whether steps have a length.
    pub fn is_sound(&self) -> bool {
        let positive = |x: f32| x.is_finite() && x > 0.0;
        positive(self.scale) && positive(self.inverse_scale)
    }

    /// The real value of the first step.
    pub fn min(&self) -> f32 {
        (self.first as f32 - self.zero_point as f32) * self.scale
    }

    /// The real value of the last step.
    pub fn max(&self) -> f32 {
        (self.last as f32 - self.zero_point as f32) * self.scale
    }

    /// The function that puts a value on the grid, the nearest step, a half to the one above; as
    /// `FakeQuantWithMinMaxArgs` and `FakeQuantWithMinMaxVarsPerChannel` count steps.
    pub fn by_inverse(self) -> impl Fn(f32) -> f32 + Copy {
        self.nearest(move |distance| distance * self.inverse_scale)
    }

    /// As [`by_inverse`](Self::by_inverse), but as `FakeQuantWithMinMaxVars` counts steps: it
    /// divides, so that a value halfway between two may come out at the other one.
    pub fn by_division(self) -> impl Fn(f32) -> f32 + Copy {
        self.nearest(move |distance| distance / self.scale)
    }

    fn nearest(self, steps: impl Fn(f32) -> f32 + Copy) -> impl Fn(f32) -> f32 + Copy {
        let (min, max) = (self.min(), self.max());
        let zero = (-min * self.inverse_scale + 0.5).floor();
        move |x| {
            let clamped = if x < max { x } else { max };
            let clamped = if clamped > min { clamped } else { min };
            (steps(clamped - min) - zero + 0.5).floor() * self.scale
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_on_the_grid_wherever_the_range_lies() {
        // From -1 to 1, zero is halfway between two steps but for f32's rounding of the scale.
        for (min, max, zero_point) in
            [(0.0, 6.0, 0), (-1.0, 1.0, 127), (-6.0, 0.0, 255), (1.0, 2.0, 0), (-2.0, -1.0, 255)]
        {
            let grid = FakeQuantGrid::new(min, max, 8, false);
            assert_eq!(grid.zero_point, zero_point, "{min} to {max}");
            assert_eq!((grid.by_inverse()(0.0), grid.by_division()(0.0)), (0.0, 0.0));
            assert!(grid.is_sound());
        }
    }

    #[test]
    fn a_narrow_range_is_symmetric() {
        let grid = FakeQuantGrid::new(-1.0, 1.0, 8, true);
        assert_eq!((grid.first, grid.last, grid.zero_point), (1, 255, 128));
        assert_eq!((grid.min(), grid.max()), (-grid.max(), 127.0 * grid.scale));
    }

    #[test]
    fn a_range_without_extent_is_not_sound() {
        for (min, max) in [(0.0, 0.0), (1.0, 1.0), (1.0, -1.0), (f32::NAN, 1.0), (f32::NEG_INFINITY, 1.0)] {
            assert!(!FakeQuantGrid::new(min, max, 8, false).is_sound(), "{min} to {max}");
        }
    }
}
