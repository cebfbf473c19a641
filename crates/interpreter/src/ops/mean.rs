//! `Mean` over some axes.

use amct_tensor::Tensor;
use ndarray::Axis;

use super::axis::normalized;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    Ok(Box::new(Mean { keep_dims: context.attributes().bool_or("keep_dims", false)? }))
}

struct Mean {
    keep_dims: bool,
}

impl Operator for Mean {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let axes = reduced_axes(&inputs.tensor(1)?, input.rank())?;
        let mut sum = input.view::<f32>()?.to_owned();
        let mut count = 1_usize;
        // From the last axis on, so that the earlier ones keep their numbers.
        for &axis in axes.iter().rev() {
            count *= sum.len_of(Axis(axis));
            sum = sum.sum_axis(Axis(axis));
        }
        let mut output = Tensor::from_array(sum.mapv(|x| x / count as f32));
        if self.keep_dims {
            let kept = |(axis, &dim): (usize, &usize)| if axes.contains(&axis) { 1 } else { dim };
            output = output.reshaped(input.shape().iter().enumerate().map(kept).collect::<Vec<_>>())?;
        }
        Ok(vec![output.into()])
    }
}

/// The axes named by an integer tensor, ascending, each once; negative ones count from the end.
fn reduced_axes(axes: &Tensor, rank: usize) -> Result<Vec<usize>, OpError> {
    let mut list =
        axes.to_i64_vec()?.into_iter().map(|axis| normalized(axis, rank)).collect::<Result<Vec<_>, _>>()?;
    list.sort_unstable();
    list.dedup();
    Ok(list)
}
