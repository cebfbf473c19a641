//! `AvgPool` of a device: on a quantized input the sums of the windows, which `AscendDequant` divides.

use amct_graph::views::WindowAttrs;
use amct_kernels::pool::sum_pool_i8;
use amct_tensor::Tensor;
use amct_tensor::window::Padding;

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::avg_pool::{self, output_shape, pool_shape};
use crate::ops::per_image::layer_per_image;
use crate::ops::window::{from_nhwc, to_nhwc};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    Ok(Box::new(AvgPool { attrs: WindowAttrs::of(context.node())?, of_floats: avg_pool::build(context)? }))
}

struct AvgPool {
    attrs: WindowAttrs,
    of_floats: Box<dyn Operator>,
}

impl Operator for AvgPool {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let (q, zero_offset) = match inputs.value(0)? {
            Value::Quantized { q, zero_offset } => (q, zero_offset),
            floats => return self.of_floats.run(Inputs::new(vec![Some(floats)])),
        };
        if self.attrs.padding != Padding::Valid {
            return Err(OpError::Unsupported(
                "its padding is SAME; where a device divides an int8 average pool then is not public, so run \
                 it with the semantics of tf, or with the model that ATC compiled if that has it in float"
                    .to_owned(),
            ));
        }
        let q = to_nhwc::<i8>(q, self.attrs.format)?;
        let shape = pool_shape(q.shape(), &self.attrs)?;
        let mut sums = vec![0_i32; shape.output_len()?];
        sum_pool_i8(q.as_slice()?, zero_offset, &shape, &mut sums)?;
        let sums = Tensor::from_vec(output_shape(&shape), sums)?;
        Ok(vec![from_nhwc::<i32>(sums, self.attrs.format)?.into()])
    }

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        layer_per_image(inputs, batched)
    }
}
