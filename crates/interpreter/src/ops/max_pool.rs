//! `MaxPool`.

use amct_graph::views::WindowAttrs;
use amct_kernels::pool::max_pool_f32;
use amct_tensor::Tensor;

use super::avg_pool::{output_shape, pool_shape};
use super::window::{from_nhwc, to_nhwc};
use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    Ok(Box::new(MaxPool { attrs: WindowAttrs::of(context.node())? }))
}

struct MaxPool {
    attrs: WindowAttrs,
}

impl Operator for MaxPool {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = to_nhwc::<f32>(inputs.tensor(0)?, self.attrs.format)?;
        let shape = pool_shape(input.shape(), &self.attrs)?;
        let mut output = vec![0.0; shape.output_len()?];
        max_pool_f32(input.as_slice()?, &shape, &mut output)?;
        let output = Tensor::from_vec(output_shape(&shape), output)?;
        Ok(vec![from_nhwc::<f32>(output, self.attrs.format)?.into()])
    }
}
