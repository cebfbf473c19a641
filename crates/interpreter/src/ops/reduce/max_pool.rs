//! `MaxPool`, and `MaxPoolV2`, whose window comes as inputs.

use amct_graph::views::WindowAttrs;
use amct_graph::{AttrValue, Node, op};
use amct_kernels::pool::max_pool_f32;
use amct_tensor::Tensor;

use super::avg_pool::{output_shape, pool_shape};
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::per_image::layer_per_image;
use crate::ops::support::window::{from_nhwc, to_nhwc};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    if context.node().op == op::MAX_POOL_V2 {
        context.expect_inputs(3)?;
        return Ok(Box::new(MaxPoolV2 { node: context.node().clone() }));
    }
    context.expect_inputs(1)?;
    Ok(Box::new(MaxPool { attrs: WindowAttrs::of(context.node())? }))
}

struct MaxPool {
    attrs: WindowAttrs,
}

struct MaxPoolV2 {
    node: Node,
}

impl Operator for MaxPoolV2 {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let mut node = Node { op: op::MAX_POOL.to_owned(), ..self.node.clone() };
        for (index, name) in [(1, "ksize"), (2, "strides")] {
            node.attrs.insert(name.to_owned(), AttrValue::ints(inputs.tensor(index)?.to_i64_vec()?));
        }
        MaxPool { attrs: WindowAttrs::of(&node)? }.run(inputs)
    }
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

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        layer_per_image(inputs, batched)
    }
}
