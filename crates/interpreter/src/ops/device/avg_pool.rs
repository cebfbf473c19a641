//! `AvgPool` of a device: on a quantized input the sums of the windows, which `AscendDequant` averages.

use amct_graph::views::WindowAttrs;
use amct_kernels::pool::{PoolShape, sum_pool_i8};
use amct_tensor::Tensor;
use amct_tensor::window::Padding;

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::reduce::avg_pool::{self, output_shape, pool_shape};
use crate::ops::support::per_image::layer_per_image;
use crate::ops::support::window::{from_nhwc, to_nhwc};
use crate::{OpError, Value};

pub(super) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
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
        let q = to_nhwc::<i8>(q, self.attrs.format)?;
        let shape = pool_shape(q.shape(), &self.attrs)?;
        let mut sums = vec![0_i32; shape.output_len()?];
        sum_pool_i8(q.as_slice()?, zero_offset, &shape, &mut sums)?;
        let sums = Tensor::from_vec(output_shape(&shape), sums)?;
        let mut outputs = vec![from_nhwc::<i32>(sums, self.attrs.format)?.into()];
        if self.attrs.padding != Padding::Valid {
            outputs.push(from_nhwc::<i32>(counts(&shape)?, self.attrs.format)?.into());
        }
        Ok(outputs)
    }

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        layer_per_image(inputs, batched)
    }
}

/// The number of values in each sum: output 1, where windows reach into the padding. One channel.
fn counts(shape: &PoolShape) -> Result<Tensor, OpError> {
    let (rows, columns) = (shape.height.output, shape.width.output);
    let places = (0..rows).flat_map(|row| (0..columns).map(move |column| shape.taps(row, column) as i32));
    let counts: Vec<i32> = std::iter::repeat_n(places, shape.batch).flatten().collect();
    Ok(Tensor::from_vec([shape.batch, rows, columns, 1], counts)?)
}
