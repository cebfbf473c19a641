//! In what chips differ.

/// What is to be known of a chip.
#[derive(Clone, Copy)]
pub(super) struct Chip {
    /// On the command line.
    pub(super) name: &'static str,
    pub(super) scaling: Scaling,
    /// Whether a shift N of a `deq_scale` other than 0 is ignored; where it is not, what it does is not
    /// public.
    pub(super) ignores_shifts: bool,
    /// Whether activations are quantized and back in f32 and not in f16.
    pub(super) is_single: bool,
    pub(super) requantization: Requantization,
}

/// In what form the factor of a sum reaches the multiplier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scaling {
    /// f16, or twice its root.
    Half,
    /// f32.
    Single,
    /// The upper 19 bits of an f32, with a product in f32.
    Upper19,
}

/// How a chip goes from sums to int8 where an `AscendQuant` reads an `AscendDequant`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Requantization {
    /// The dequantization multiplies by the next scale too; f16 lies between.
    Half,
    /// An operator of its own, without f16.
    Fixed,
    /// On the way out of the multiplier, without f16. `clips`: whether that way has a unit for `Relu6`.
    FixPipe { clips: bool },
}
