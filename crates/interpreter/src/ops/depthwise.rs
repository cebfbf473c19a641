//! `DepthwiseConv2dNative`, in float and in int8.

use amct_graph::views::WindowAttrs;
use amct_kernels::depthwise::{DepthwiseShape, depthwise_f32, depthwise_i8};
use amct_kernels::{Activation, Epilogue};
use amct_tensor::{DType, Tensor};

use super::conv2d::{absorb_epilogue, mixed};
use super::window::{Image, from_nhwc, to_nhwc};
use crate::operator::{BuildContext, Following, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    Ok(Box::new(Depthwise {
        attrs: WindowAttrs::of(context.node())?,
        filter: context.take_constant(1),
        bias: None,
        activation: Activation::None,
    }))
}

struct Depthwise {
    attrs: WindowAttrs,
    filter: Option<Tensor>,
    bias: Option<Vec<f32>>,
    activation: Activation,
}

impl Operator for Depthwise {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.value(0)?;
        match &self.filter {
            Some(filter) => self.convolve(input, filter),
            None => self.convolve(input, &inputs.tensor(1)?),
        }
    }

    fn absorb(&mut self, next: &Following) -> bool {
        let float = self.filter.as_ref().is_some_and(|filter| filter.dtype() == DType::F32);
        float
            && self.attrs.format == Default::default()
            && absorb_epilogue(&mut self.bias, &mut self.activation, next)
    }
}

impl Depthwise {
    fn convolve(&self, input: Value, filter: &Tensor) -> Result<Vec<Value>, OpError> {
        let output = match (input, filter.dtype()) {
            (Value::Plain(input), DType::F32) => {
                let input = to_nhwc::<f32>(input, self.attrs.format)?;
                let shape = self.shape(input.shape(), filter)?;
                let mut output = vec![0.0; shape.output_len()?];
                let epilogue = Epilogue { bias: self.bias.as_deref(), activation: self.activation };
                depthwise_f32(input.as_slice()?, &shape, filter.as_slice()?, epilogue, &mut output)?;
                from_nhwc::<f32>(Tensor::from_vec(output_shape(&shape)?, output)?, self.attrs.format)?
            }
            (Value::Quantized { q, zero_offset }, DType::I8) => {
                let q = to_nhwc::<i8>(q, self.attrs.format)?;
                let shape = self.shape(q.shape(), filter)?;
                let mut output = vec![0_i32; shape.output_len()?];
                depthwise_i8(q.as_slice()?, zero_offset, &shape, filter.as_slice()?, &mut output)?;
                from_nhwc::<i32>(Tensor::from_vec(output_shape(&shape)?, output)?, self.attrs.format)?
            }
            (Value::Plain(_), DType::I8) => return Err(mixed("int8 weights", "no AscendQuant")),
            (Value::Quantized { .. }, DType::F32) => return Err(mixed("float weights", "an AscendQuant")),
            (_, other) => {
                return Err(OpError::Unsupported(format!("filters of {other} are not supported")));
            }
        };
        Ok(vec![output.into()])
    }

    fn shape(&self, input: &[usize], filter: &Tensor) -> Result<DepthwiseShape, OpError> {
        let &[kh, kw, channels, multiplier] = filter.shape() else {
            return Err(OpError::shape("a filter [height, width, channels, multiplier]", filter.shape()));
        };
        let image = Image::new(input, &self.attrs, (kh, kw))?;
        if image.channels != channels {
            return Err(OpError::shape(format!("an input with the filter's {channels} channels"), input));
        }
        Ok(DepthwiseShape {
            batch: image.batch,
            height: image.height,
            width: image.width,
            channels,
            multiplier,
        })
    }
}

fn output_shape(shape: &DepthwiseShape) -> Result<Vec<usize>, OpError> {
    Ok(vec![shape.batch, shape.height.output, shape.width.output, shape.out_channels()?])
}
