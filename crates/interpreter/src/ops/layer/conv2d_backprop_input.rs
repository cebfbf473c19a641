//! `Conv2DBackpropInput`, the transposed convolution. Inputs: the sizes of the output, the filter
//! [height, width, out, in], the activation.

use amct_graph::views::WindowAttrs;
use amct_kernels::conv2d_transpose::{
    Conv2dTransposeShape, TransposeFilterF32, TransposeFilterI8, TransposeWindow, conv2d_transpose_f32,
    conv2d_transpose_i8,
};
use amct_kernels::{Epilogue, I32Epilogue, KernelError, OutputSlice};
use amct_tensor::{DataFormat, Tensor};

use super::generic;
use super::kernel::LayerKernel;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::window::Image;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(3)?;
    generic::build(context, Conv2dBackpropInput { attrs: WindowAttrs::of(context.node())? })
}

struct Conv2dBackpropInput {
    attrs: WindowAttrs,
}

impl LayerKernel for Conv2dBackpropInput {
    type Dims = TransposeWindow;
    type F32 = TransposeFilterF32;
    type I8 = TransposeFilterI8;
    type Shape = Conv2dTransposeShape;

    const ACTIVATION: usize = 2;
    const SUMS_ALONE: bool = true;

    fn dims(&self, weights: &[usize]) -> Result<TransposeWindow, OpError> {
        let &[height, width, out_channels, in_channels] = weights else {
            return Err(OpError::shape("a filter [height, width, out, in]", weights));
        };
        let WindowAttrs { strides, dilations, .. } = self.attrs;
        Ok(TransposeWindow { kernel: (height, width), strides, dilations, in_channels, out_channels })
    }

    fn pack_f32(&self, window: &TransposeWindow, weights: Tensor) -> Result<TransposeFilterF32, OpError> {
        Ok(TransposeFilterF32::new(*window, weights.as_slice()?)?)
    }

    fn pack_i8(&self, window: &TransposeWindow, weights: Tensor) -> Result<TransposeFilterI8, OpError> {
        Ok(TransposeFilterI8::new(*window, weights.as_slice()?)?)
    }

    fn sums(window: &TransposeWindow, weights: &TransposeFilterI8) -> (usize, i64) {
        (window.out_channels, weights.limit())
    }

    fn format(&self) -> DataFormat {
        self.attrs.format
    }

    /// The extents of spreading an NHWC `input` over an output of the sizes that input 0 gives; the window
    /// laid over that output must give the input back.
    fn shape(
        &self,
        window: &TransposeWindow,
        input: &[usize],
        inputs: &mut Inputs,
    ) -> Result<Conv2dTransposeShape, OpError> {
        let sizes = inputs.tensor(0)?;
        let &[batch, rows, columns, channels] = input else {
            return Err(OpError::shape("an activation of rank 4", input));
        };
        if channels != window.in_channels {
            let expected = format!("an activation with the filter's {} channels", window.in_channels);
            return Err(OpError::shape(expected, input));
        }
        let (height, width) = self.extents(&sizes, batch, window.out_channels)?;
        let image = Image::new(&[batch, height, width, window.out_channels], &self.attrs, window.kernel)?;
        let (own_rows, own_columns) = (image.height.output, image.width.output);
        if (rows, columns) != (own_rows, own_columns) {
            let expected =
                format!("an activation of {own_rows} x {own_columns} for an output of {height} x {width}");
            return Err(OpError::shape(expected, input));
        }
        Ok(Conv2dTransposeShape {
            batch,
            height: image.height,
            width: image.width,
            in_channels: channels,
            out_channels: window.out_channels,
        })
    }

    fn output(shape: &Conv2dTransposeShape) -> Result<Vec<usize>, OpError> {
        Ok(vec![shape.batch, shape.height.input, shape.width.input, shape.out_channels])
    }

    fn run_f32(
        input: &[f32],
        shape: &Conv2dTransposeShape,
        weights: &TransposeFilterF32,
        epilogue: Epilogue<'_>,
        output: &mut [f32],
    ) -> Result<(), OpError> {
        Ok(conv2d_transpose_f32(input, shape, weights, epilogue, output)?)
    }

    fn run_i8(
        (q, zero_offset): (&[i8], i32),
        shape: &Conv2dTransposeShape,
        weights: &TransposeFilterI8,
        _: &I32Epilogue,
        output: OutputSlice<'_>,
    ) -> Result<(), OpError> {
        let OutputSlice::I32(sums) = output else { return Err(KernelError::Output.into()) };
        Ok(conv2d_transpose_i8(q, zero_offset, shape, weights, sums)?)
    }

    /// The sizes of the output hold those of the whole batch.
    fn is_per_image(&self, _: &[Option<Value>], _: &[bool]) -> bool {
        false
    }

    /// Of the taps every element meets those of its phase.
    fn depth(window: &TransposeWindow) -> usize {
        let taps = window.kernel.0.saturating_mul(window.kernel.1).saturating_mul(window.in_channels);
        taps.div_ceil(window.strides.0.saturating_mul(window.strides.1).max(1))
    }
}

impl Conv2dBackpropInput {
    /// Height and width of the output. The sizes are all four dimensions or only these two; a
    /// batch of -1 stands for the activation's.
    fn extents(&self, sizes: &Tensor, batch: usize, channels: usize) -> Result<(usize, usize), OpError> {
        let list = sizes.to_i64_vec()?;
        let wrong = |expected: String| OpError::Unsupported(format!("needs {expected}, but found {list:?}"));
        let (first, depth, height, width) = match (self.attrs.format, list.as_slice()) {
            (_, &[height, width]) => (None, None, height, width),
            (DataFormat::Nhwc, &[n, h, w, c]) | (DataFormat::Nchw, &[n, c, h, w]) => (Some(n), Some(c), h, w),
            _ => return Err(wrong("input_sizes of 4 or 2 values".to_owned())),
        };
        let is = |size: Option<i64>, dim: usize| size.is_none_or(|size| usize::try_from(size) == Ok(dim));
        if first != Some(-1) && !is(first, batch) {
            return Err(wrong(format!(
                "input_sizes with the activation's batch of {batch} (or -1, any); \
                 compute it from the Shape of the input when freezing"
            )));
        }
        if !is(depth, channels) {
            return Err(wrong(format!("input_sizes with the filter's {channels} output channels")));
        }
        let extent = |size: i64| usize::try_from(size).map_err(|_| wrong("non-negative sizes".to_owned()));
        Ok((extent(height)?, extent(width)?))
    }
}
