//! `AvgPool`. On a quantized input the sums are integers, and the mean of each is the float that
//! the simulation would give.

use amct_graph::views::WindowAttrs;
use amct_kernels::pool::{PoolShape, avg_pool_f32, sum_pool_i8};
use amct_tensor::Tensor;

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::per_image::layer_per_image;
use crate::ops::support::window::{Image, from_nhwc, to_nhwc};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    Ok(Box::new(AvgPool { attrs: WindowAttrs::of(context.node())? }))
}

struct AvgPool {
    attrs: WindowAttrs,
}

pub(in crate::ops) fn pool_shape(input: &[usize], attrs: &WindowAttrs) -> Result<PoolShape, OpError> {
    let image = Image::new(input, attrs, attrs.kernel)?;
    Ok(PoolShape { batch: image.batch, height: image.height, width: image.width, channels: image.channels })
}

pub(in crate::ops) fn output_shape(shape: &PoolShape) -> Vec<usize> {
    vec![shape.batch, shape.height.output, shape.width.output, shape.channels]
}

impl Operator for AvgPool {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let format = self.attrs.format;
        let (shape, output) = match inputs.value(0)? {
            Value::Plain(input) => {
                let input = to_nhwc::<f32>(input, format)?;
                let shape = pool_shape(input.shape(), &self.attrs)?;
                let mut output = vec![0.0; shape.output_len()?];
                avg_pool_f32(input.as_slice()?, &shape, &mut output)?;
                (shape, output)
            }
            Value::Quantized { q, zero_offset } => {
                let q = to_nhwc::<i8>(q, format)?;
                let shape = pool_shape(q.shape(), &self.attrs)?;
                let mut sums = vec![0_i32; shape.output_len()?];
                sum_pool_i8(q.as_slice()?, zero_offset, &shape, &mut sums)?;
                let means = means(&sums, &shape);
                (shape, means)
            }
        };
        let output = Tensor::from_vec(output_shape(&shape), output)?;
        Ok(vec![from_nhwc::<f32>(output, format)?.into()])
    }

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        layer_per_image(inputs, batched)
    }
}

fn means(sums: &[i32], shape: &PoolShape) -> Vec<f32> {
    let columns = shape.width.output.max(1);
    let rows = shape.height.output.max(1);
    sums.chunks(shape.channels.max(1))
        .enumerate()
        .flat_map(|(pixel, sums)| {
            let taps = shape.taps(pixel / columns % rows, pixel % columns) as f32;
            sums.iter().map(move |&sum| sum as f32 / taps)
        })
        .collect()
}
