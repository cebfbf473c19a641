//! What follows a float sum before it is stored: bias, batch norm, activation.

/// What follows a sum of products. A NaN stays a NaN, as in TensorFlow; -0.0 stays -0.0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Activation {
    /// The value itself.
    #[default]
    None,
    /// max(x, 0)
    Relu,
    /// min(max(x, 0), 6)
    Relu6,
}

impl Activation {
    /// The interval that values are clipped to.
    #[inline(always)]
    pub(crate) fn bounds(self) -> (f32, f32) {
        match self {
            Activation::None => (f32::NEG_INFINITY, f32::INFINITY),
            Activation::Relu => (0.0, f32::INFINITY),
            Activation::Relu6 => (0.0, 6.0),
        }
    }

    /// Applies the activation to one value.
    #[inline(always)]
    pub fn apply(self, x: f32) -> f32 {
        clip(x, self.bounds())
    }
}

/// Clips `x`. The comparisons are those of `maxps(low, x)` and `minps(high, x)`, so that scalar and
/// vector code agree on NaN and -0.0, which come out as they went in.
#[inline(always)]
pub(crate) fn clip(x: f32, (low, high): (f32, f32)) -> f32 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// A batch normalization with known statistics, each with one value per output channel:
/// `(x - mean) * factor + offset`, every step rounded.
#[derive(Clone, Copy, Debug)]
pub struct Norm<'a> {
    /// Subtracted.
    pub mean: &'a [f32],
    /// Multiplied with.
    pub factor: &'a [f32],
    /// Added.
    pub offset: &'a [f32],
}

/// What a kernel does to each sum before it stores it: `activation(norm(sum + bias[channel]))`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Epilogue<'a> {
    /// One value per output channel. `None` adds nothing, not even 0.0.
    pub bias: Option<&'a [f32]>,
    /// Applied after the bias.
    pub norm: Option<Norm<'a>>,
    /// Applied after the normalization.
    pub activation: Activation,
    /// Whether the result is added to what the output holds, instead of replacing it.
    pub accumulate: bool,
}

impl Epilogue<'_> {
    /// The value stored for `sum` in output channel `channel`, where `held` was before.
    ///
    /// # Panics
    /// If `channel` is not in the bias or the norm; the kernels check their lengths first.
    #[inline(always)]
    pub fn apply(&self, sum: f32, channel: usize, held: f32) -> f32 {
        let value = match self.bias {
            Some(bias) => sum + bias[channel],
            None => sum,
        };
        let value = match self.norm {
            Some(norm) => (value - norm.mean[channel]) * norm.factor[channel] + norm.offset[channel],
            None => value,
        };
        let value = self.activation.apply(value);
        if self.accumulate { value + held } else { value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activations_clip_and_keep_nan() {
        let relu6: Vec<f32> = [-1.0, 0.5, 6.0, 7.0].map(|x| Activation::Relu6.apply(x)).to_vec();
        assert_eq!(relu6, [0.0, 0.5, 6.0, 6.0]);
        assert_eq!(Activation::Relu.apply(f32::INFINITY), f32::INFINITY);
        for activation in [Activation::None, Activation::Relu, Activation::Relu6] {
            assert!(activation.apply(f32::NAN).is_nan());
            assert_eq!(activation.apply(-0.0).to_bits(), (-0.0_f32).to_bits());
        }
    }
}
