//! `OneHot`: a new axis with one value at the index and another elsewhere.

use amct_tensor::{Element, Tensor, checked_len, internal};

use crate::dispatch::dispatch;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::axis::{extent, normalized, product};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(4)?;
    Ok(Box::new(OneHot { axis: context.attributes().int_or("axis", -1)? }))
}

struct OneHot {
    axis: i64,
}

impl Operator for OneHot {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let indices = inputs.tensor(0)?;
        let depth = extent("depth", inputs.integer(1)?)?;
        let (on, off) = (inputs.tensor(2)?, inputs.tensor(3)?);
        // -1 alone counts from the end; TensorFlow knows no other negative axis here.
        if self.axis < -1 {
            return Err(OpError::Unsupported(format!("axis {} is below -1", self.axis)));
        }
        let axis = normalized(self.axis, indices.rank() + 1)?;
        Ok(vec![dispatch!(any on.dtype(), T => one_hot::<T>(&indices, axis, depth, &on, &off))?.into()])
    }
}

fn one_hot<T: Element>(
    indices: &Tensor,
    axis: usize,
    depth: usize,
    on: &Tensor,
    off: &Tensor,
) -> Result<Tensor, OpError> {
    let ([on], [off]) = (on.as_slice::<T>()?, off.as_slice::<T>()?) else {
        return Err(OpError::shape("scalars as on_value and off_value", on.shape()));
    };
    let mut shape = indices.shape().to_vec();
    shape.insert(axis, depth);
    checked_len(&shape, T::DTYPE)?;
    let mut output = Tensor::full(shape.as_slice(), off.clone())?.into_vec::<T>()?;
    let after = product(indices.shape().get(axis..).unwrap_or_default());
    for (flat, index) in indices.to_i64_vec()?.into_iter().enumerate() {
        // An index outside the depth lights nothing.
        let Some(row) = usize::try_from(index).ok().filter(|&row| row < depth) else { continue };
        let place = (flat / after * depth + row) * after + flat % after;
        let element = output.get_mut(place);
        *element.ok_or_else(|| internal!("place {place} of an output of shape {shape:?}"))? = on.clone();
    }
    Ok(Tensor::from_vec(shape, output)?)
}
