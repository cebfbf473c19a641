//! `DepthwiseConv2dNative`: how its filter is packed and multiplied.

use amct_graph::views::WindowAttrs;
use amct_kernels::depthwise::{DepthwiseShape, PackedDepthwiseI8, depthwise_f32, depthwise_i8};
use amct_kernels::{Epilogue, I32Epilogue, OutputSlice};
use amct_tensor::window::Axis;
use amct_tensor::{DataFormat, Tensor};

use super::generic;
use super::kernel::LayerKernel;
use super::padding::absorb_padding;
use crate::OpError;
use crate::lines::Extents;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::window::Image;

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    generic::build(context, Depthwise { attrs: WindowAttrs::of(context.node())? })
}

struct Depthwise {
    attrs: WindowAttrs,
}

impl LayerKernel for Depthwise {
    /// Height, width, channels and multiplier.
    type Dims = [usize; 4];
    type F32 = Tensor;
    type I8 = PackedDepthwiseI8;
    type Shape = DepthwiseShape;

    const BY_LINES: bool = true;

    fn dims(&self, weights: &[usize]) -> Result<[usize; 4], OpError> {
        weights
            .try_into()
            .map_err(|_| OpError::shape("a filter [height, width, channels, multiplier]", weights))
    }

    fn pack_f32(&self, _: &[usize; 4], weights: Tensor) -> Result<Tensor, OpError> {
        Ok(weights)
    }

    fn pack_i8(&self, dims: &[usize; 4], weights: Tensor) -> Result<PackedDepthwiseI8, OpError> {
        Ok(PackedDepthwiseI8::new(*dims, weights.as_slice()?)?)
    }

    fn sums(_: &[usize; 4], weights: &PackedDepthwiseI8) -> (usize, i64) {
        (weights.out_channels(), weights.limit())
    }

    fn format(&self) -> DataFormat {
        self.attrs.format
    }

    fn shape(&self, dims: &[usize; 4], input: &[usize], _: &mut Inputs) -> Result<DepthwiseShape, OpError> {
        self.shape_over(dims, input)
    }

    fn output(shape: &DepthwiseShape) -> Result<Vec<usize>, OpError> {
        Ok(vec![shape.batch, shape.height.output, shape.width.output, shape.out_channels()?])
    }

    fn run_f32(
        input: &[f32],
        shape: &DepthwiseShape,
        weights: &Tensor,
        epilogue: Epilogue<'_>,
        output: &mut [f32],
    ) -> Result<(), OpError> {
        Ok(depthwise_f32(input, shape, weights.as_slice()?, epilogue, output)?)
    }

    fn run_i8(
        (q, zero_offset): (&[i8], i32),
        shape: &DepthwiseShape,
        weights: &PackedDepthwiseI8,
        epilogue: &I32Epilogue,
        output: OutputSlice<'_>,
    ) -> Result<(), OpError> {
        Ok(depthwise_i8(q, zero_offset, shape, weights, epilogue, output)?)
    }

    fn is_padding_exact(weights: &Tensor) -> bool {
        weights.as_slice::<f32>().is_ok_and(|weights| weights.iter().all(|weight| weight.is_finite()))
    }

    fn absorb_padding(&mut self, pads: &[(usize, usize)]) -> bool {
        absorb_padding(&mut self.attrs, pads)
    }

    fn depth(&[height, width, ..]: &[usize; 4]) -> usize {
        height * width
    }

    fn line_shape(
        &self,
        dims: &[usize; 4],
        [height, width, channels]: [usize; 3],
        window: Option<Axis>,
    ) -> Result<(DepthwiseShape, Extents), OpError> {
        let mut shape = self.shape_over(dims, &[1, height, width, channels])?;
        shape.height = window.unwrap_or(shape.height);
        let output = [shape.height.output, shape.width.output, shape.out_channels()?];
        Ok((shape, Extents { height: shape.height, output }))
    }
}

impl Depthwise {
    fn shape_over(
        &self,
        &[height, width, channels, multiplier]: &[usize; 4],
        input: &[usize],
    ) -> Result<DepthwiseShape, OpError> {
        let image = Image::new(input, &self.attrs, (height, width))?;
        if image.channels != channels {
            return Err(OpError::shape(format!("an input with the filter's {channels} channels"), input));
        }
        let Image { batch, height, width, .. } = image;
        Ok(DepthwiseShape { batch, height, width, channels, multiplier })
    }
}
