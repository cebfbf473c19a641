//! `Conv2DBackpropInput`, the transposed convolution, in float and in int8. Inputs: the sizes of
//! the output, the filter [height, width, out, in], the activation.

use amct_graph::views::WindowAttrs;
use amct_kernels::conv2d_transpose::{
    Conv2dTransposeShape, TransposeFilterF32, TransposeFilterI8, TransposeWindow, conv2d_transpose_f32,
    conv2d_transpose_i8,
};
use amct_tensor::{DType, DataFormat, Tensor, checked_len};

use super::conv2d::mixed;
use super::layer_end::FloatEnd;
use super::window::{Image, from_nhwc, to_nhwc};
use crate::operator::{BuildContext, Following, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(3)?;
    let attrs = WindowAttrs::of(context.node())?;
    let filter = context.take_constant(1).map(|filter| Filter::pack(&filter, &attrs)).transpose()?;
    Ok(Box::new(Conv2dBackpropInput { attrs, filter, end: FloatEnd::default() }))
}

struct Conv2dBackpropInput {
    attrs: WindowAttrs,
    /// Packed once if it is constant.
    filter: Option<Filter>,
    end: FloatEnd,
}

enum Filter {
    F32(TransposeFilterF32),
    I8(TransposeFilterI8),
}

impl Filter {
    fn pack(filter: &Tensor, attrs: &WindowAttrs) -> Result<Self, OpError> {
        let &[kh, kw, out_channels, in_channels] = filter.shape() else {
            return Err(OpError::shape("a filter [height, width, out, in]", filter.shape()));
        };
        let window = TransposeWindow {
            kernel: (kh, kw),
            strides: attrs.strides,
            dilations: attrs.dilations,
            in_channels,
            out_channels,
        };
        match filter.dtype() {
            DType::F32 => Ok(Filter::F32(TransposeFilterF32::new(window, filter.as_slice()?)?)),
            DType::I8 => Ok(Filter::I8(TransposeFilterI8::new(window, filter.as_slice()?)?)),
            other => Err(OpError::Unsupported(format!("filters of {other} are not supported"))),
        }
    }

    fn window(&self) -> &TransposeWindow {
        match self {
            Filter::F32(filter) => filter.window(),
            Filter::I8(filter) => filter.window(),
        }
    }
}

impl Operator for Conv2dBackpropInput {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let sizes = inputs.tensor(0)?;
        let input = inputs.value(2)?;
        match &self.filter {
            Some(filter) => self.spread(&sizes, input, filter),
            None => self.spread(&sizes, input, &Filter::pack(&inputs.tensor(1)?, &self.attrs)?),
        }
    }

    fn absorb(&mut self, next: &Following) -> bool {
        matches!(self.filter, Some(Filter::F32(_)))
            && self.attrs.format == DataFormat::Nhwc
            && *next != Following::Add
            && self.end.absorb(next)
    }
}

impl Conv2dBackpropInput {
    fn spread(&self, sizes: &Tensor, input: Value, filter: &Filter) -> Result<Vec<Value>, OpError> {
        let format = self.attrs.format;
        let output = match (input, filter) {
            (Value::Plain(input), Filter::F32(weights)) => {
                let input = to_nhwc::<f32>(input, format)?;
                let shape = self.shape(sizes, input.shape(), filter.window())?;
                let mut output = vec![0.0; checked_len(&output_shape(&shape), DType::F32)?];
                let epilogue = self.end.epilogue(false);
                conv2d_transpose_f32(input.as_slice()?, &shape, weights, epilogue, &mut output)?;
                from_nhwc::<f32>(Tensor::from_vec(output_shape(&shape), output)?, format)?
            }
            (Value::Quantized { q, zero_offset }, Filter::I8(weights)) => {
                let q = to_nhwc::<i8>(q, format)?;
                let shape = self.shape(sizes, q.shape(), filter.window())?;
                let mut output = vec![0_i32; checked_len(&output_shape(&shape), DType::I32)?];
                conv2d_transpose_i8(q.as_slice()?, zero_offset, &shape, weights, &mut output)?;
                from_nhwc::<i32>(Tensor::from_vec(output_shape(&shape), output)?, format)?
            }
            (Value::Plain(_), Filter::I8(_)) => return Err(mixed("int8 weights", "no AscendQuant")),
            (Value::Quantized { .. }, Filter::F32(_)) => {
                return Err(mixed("float weights", "an AscendQuant"));
            }
        };
        Ok(vec![output.into()])
    }

    /// The extents of spreading an NHWC `input` over an output of `sizes`; the window laid over
    /// that output must give the input back.
    fn shape(
        &self,
        sizes: &Tensor,
        input: &[usize],
        window: &TransposeWindow,
    ) -> Result<Conv2dTransposeShape, OpError> {
        let &[batch, rows, columns, channels] = input else {
            return Err(OpError::shape("an activation of rank 4", input));
        };
        if channels != window.in_channels {
            let expected = format!("an activation with the filter's {} channels", window.in_channels);
            return Err(OpError::shape(expected, input));
        }
        let (height, width) = self.extents(sizes, batch, window.out_channels)?;
        let image = Image::new(&[batch, height, width, window.out_channels], &self.attrs, window.kernel)?;
        let expected = (image.height.output, image.width.output);
        if (rows, columns) != expected {
            return Err(OpError::shape(
                format!(
                    "an activation of {} x {} for an output of {height} x {width}",
                    expected.0, expected.1
                ),
                input,
            ));
        }
        Ok(Conv2dTransposeShape {
            batch,
            height: image.height,
            width: image.width,
            in_channels: channels,
            out_channels: window.out_channels,
        })
    }

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

fn output_shape(shape: &Conv2dTransposeShape) -> Vec<usize> {
    vec![shape.batch, shape.height.input, shape.width.input, shape.out_channels]
}
