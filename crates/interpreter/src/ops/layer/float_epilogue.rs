//! What follows the sums of a float layer: bias, batch normalization, activation, a sum with another tensor,
//! in this order.

use amct_kernels::{Activation, Epilogue, Norm};
use amct_tensor::Tensor;

use super::addend::{buffer, sum};
use crate::OpError;
use crate::fusible::EpilogueStep;
use crate::memory::Memory;

/// The steps that a float layer has absorbed.
#[derive(Default)]
pub(super) struct FloatEpilogue {
    bias: Option<Vec<f32>>,
    /// Mean, factor and offset.
    norm: Option<[Vec<f32>; 3]>,
    activation: Activation,
    accumulate: bool,
}

impl FloatEpilogue {
    /// Takes a step in, if the order of the steps is kept.
    pub(super) fn absorb(&mut self, step: &EpilogueStep) -> bool {
        let (normed, clipped) = (self.norm.is_some(), self.activation != Activation::None);
        match step {
            _ if self.accumulate => return false,
            EpilogueStep::Accumulate => self.accumulate = true,
            _ if clipped => return false,
            &EpilogueStep::Activate(activation) => self.activation = activation,
            _ if normed => return false,
            EpilogueStep::Norm { mean, factor, offset } => {
                self.norm = Some([mean.clone(), factor.clone(), offset.clone()]);
            }
            EpilogueStep::Bias { values, .. } if self.bias.is_none() => self.bias = Some(values.clone()),
            _ => return false,
        }
        true
    }

    /// Whether a tensor is added, which is the last input.
    pub(super) fn accumulates(&self) -> bool {
        self.accumulate
    }

    /// What the kernel does; `accumulate` if the output holds what is to be added.
    pub(super) fn of_kernel(&self, accumulate: bool) -> Epilogue<'_> {
        Epilogue {
            bias: self.bias.as_deref(),
            norm: self.norm.as_ref().map(|[mean, factor, offset]| Norm { mean, factor, offset }),
            activation: self.activation,
            accumulate: self.accumulate && accumulate,
        }
    }

    /// Makes the layer's output, of `shape`; `run` computes it.
    pub(super) fn run(
        &self,
        shape: Vec<usize>,
        addend: Option<Tensor>,
        memory: &Memory,
        run: impl FnOnce(Epilogue<'_>, &mut [f32]) -> Result<(), OpError>,
    ) -> Result<Tensor, OpError> {
        let (mut output, addend) = buffer(&shape, addend, memory)?;
        run(self.of_kernel(addend.is_none()), &mut output)?;
        sum(Tensor::from_vec(shape, output)?, addend)
    }
}
