//! `Conv2D`. An input with a multiple of the filter's channels is convolved in that many groups.

use amct_graph::views::WindowAttrs;
use amct_kernels::conv2d::{Conv2dShape, conv2d_grouped_f32, conv2d_grouped_i8};
use amct_kernels::gemm::{PackedF32, PackedI8};
use amct_kernels::{Epilogue, I32Epilogue, Isa, OutputSlice};
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
    generic::build(context, Conv2d { attrs: WindowAttrs::of(context.node())? })
}

struct Conv2d {
    attrs: WindowAttrs,
}

impl LayerKernel for Conv2d {
    /// Height, width, input channels of a group and output channels.
    type Dims = [usize; 4];
    type F32 = PackedF32;
    type I8 = PackedI8;
    /// With the number of groups.
    type Shape = (Conv2dShape, usize);

    const BY_LINES: bool = true;

    fn dims(&self, weights: &[usize]) -> Result<[usize; 4], OpError> {
        weights.try_into().map_err(|_| OpError::shape("a filter [height, width, in, out]", weights))
    }

    fn pack_f32(&self, dims: &[usize; 4], weights: Tensor) -> Result<PackedF32, OpError> {
        Ok(PackedF32::new(Self::depth(dims), dims[3], weights.as_slice()?)?)
    }

    fn pack_i8(&self, dims: &[usize; 4], weights: Tensor) -> Result<PackedI8, OpError> {
        let &[height, .., channels] = dims;
        let depth = Self::depth(dims);
        Ok(PackedI8::in_segments(Isa::best(), height.max(1), depth, channels, weights.as_slice()?)?)
    }

    fn sums(_: &[usize; 4], weights: &PackedI8) -> (usize, i64) {
        (weights.n(), weights.limit())
    }

    fn format(&self) -> DataFormat {
        self.attrs.format
    }

    fn shape(&self, dims: &[usize; 4], input: &[usize], _: &mut Inputs) -> Result<Self::Shape, OpError> {
        self.shape_over(dims, input)
    }

    fn output((shape, _): &Self::Shape) -> Result<Vec<usize>, OpError> {
        Ok(vec![shape.batch, shape.height.output, shape.width.output, shape.out_channels])
    }

    fn run_f32(
        input: &[f32],
        (shape, groups): &Self::Shape,
        weights: &PackedF32,
        epilogue: Epilogue<'_>,
        output: &mut [f32],
    ) -> Result<(), OpError> {
        Ok(conv2d_grouped_f32(input, shape, *groups, weights, epilogue, output)?)
    }

    fn run_i8(
        (q, zero_offset): (&[i8], i32),
        (shape, groups): &Self::Shape,
        weights: &PackedI8,
        epilogue: &I32Epilogue,
        output: OutputSlice<'_>,
    ) -> Result<(), OpError> {
        Ok(conv2d_grouped_i8(q, zero_offset, shape, *groups, weights, epilogue, output)?)
    }

    fn absorb_padding(&mut self, pads: &[(usize, usize)]) -> bool {
        absorb_padding(&mut self.attrs, pads)
    }

    fn depth(&[height, width, in_channels, _]: &[usize; 4]) -> usize {
        height * width * in_channels
    }

    fn line_shape(
        &self,
        dims: &[usize; 4],
        [height, width, channels]: [usize; 3],
        window: Option<Axis>,
    ) -> Result<(Self::Shape, Extents), OpError> {
        let input = [1, height, width, channels];
        let (mut shape, groups) = self.shape_over(dims, &input)?;
        if groups != 1 {
            return Err(OpError::shape("an input with the filter's channels", &input));
        }
        shape.height = window.unwrap_or(shape.height);
        let output = [shape.height.output, shape.width.output, shape.out_channels];
        Ok(((shape, groups), Extents { height: shape.height, output }))
    }
}

impl Conv2d {
    fn shape_over(
        &self,
        &[height, width, in_channels, out_channels]: &[usize; 4],
        input: &[usize],
    ) -> Result<(Conv2dShape, usize), OpError> {
        let image = Image::new(input, &self.attrs, (height, width))?;
        let groups =
            if image.channels == in_channels { Some(1) } else { image.channels.checked_div(in_channels) };
        let fitting = groups.filter(|&groups| groups > 0 && groups * in_channels == image.channels);
        let groups = fitting.ok_or_else(|| {
            let expected = format!("an input with the filter's {in_channels} channels, or a multiple");
            OpError::shape(expected, input)
        })?;
        let shape = Conv2dShape {
            batch: image.batch,
            height: image.height,
            width: image.width,
            in_channels: image.channels,
            out_channels,
        };
        Ok((shape, groups))
    }
}
