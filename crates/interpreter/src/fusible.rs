//! What a plan may let a layer do besides its sums of products: the padding of its input, the steps that
//! follow the sums (its epilogue), and some lines of the output by themselves.

use amct_kernels::Activation;

use crate::lines::LineLayer;

/// A layer that can take nodes next to it into itself.
pub trait Fusible {
    /// Takes the step that alone reads the layer's output into its epilogue, if it can; then it computes
    /// that step's output instead of its own, to the same bits.
    fn absorb(&mut self, step: &EpilogueStep) -> bool;

    /// Takes a padding of its activation with zeros into itself, if it can; then it reads what the padding
    /// reads. `pads` are those before and after along each axis.
    fn absorb_padding(&mut self, pads: &[(usize, usize)]) -> bool;

    /// Multiply-adds that make one element of the output, 0 if its weights come with each run.
    fn depth(&self) -> usize;

    /// The layer as one that can compute some lines by themselves, if it is one.
    fn as_line_layer(&self) -> Option<&dyn LineLayer>;
}

/// What a layer may do in place of the node next to it.
#[derive(Clone, Debug, PartialEq)]
pub enum Absorbable {
    /// The node pads its input 0 with zeros by constant amounts: those before and after along each axis.
    Padding(Vec<(usize, usize)>),
    /// The node does a step to each value of a layer's output.
    Step(EpilogueStep),
}

/// A step of an epilogue.
#[derive(Clone, Debug, PartialEq)]
pub enum EpilogueStep {
    /// Adds a constant per channel (last axis).
    Bias {
        /// To floats.
        values: Vec<f32>,
        /// To int32 sums.
        integers: Vec<i32>,
    },
    /// A batch normalization per channel (last axis): `(x - mean) * factor + offset`.
    Norm {
        /// Subtracted.
        mean: Vec<f32>,
        /// Multiplied with.
        factor: Vec<f32>,
        /// Added.
        offset: Vec<f32>,
    },
    /// Applies an activation.
    Activate(Activation),
    /// Multiplies int32 sums by a factor for all, or one per channel.
    Dequantize(Vec<f32>),
    /// Quantizes to int8.
    Quantize {
        /// Multiplies the values.
        inverse_scale: f32,
        /// The int8 that stands for zero.
        offset: i32,
    },
    /// Adds a tensor, which becomes the last input.
    Accumulate,
}

impl From<EpilogueStep> for Absorbable {
    fn from(step: EpilogueStep) -> Self {
        Absorbable::Step(step)
    }
}
