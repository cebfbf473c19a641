//! `Conv2D`, in float and in int8. An input with a multiple of the filter's channels is convolved
//! in that many groups.

use amct_graph::views::WindowAttrs;
use amct_kernels::conv2d::{Conv2dShape, conv2d_grouped_f32, conv2d_grouped_i8};
use amct_kernels::gemm::{PackedF32, PackedI8};
use amct_kernels::{Activation, Epilogue};
use amct_tensor::{DType, Tensor};

use super::window::{Image, from_nhwc, to_nhwc};
use crate::operator::{BuildContext, Following, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let filter = context.take_constant(1).map(|filter| Filter::pack(&filter)).transpose()?;
    Ok(Box::new(Conv2d {
        attrs: WindowAttrs::of(context.node())?,
        filter,
        bias: None,
        activation: Activation::None,
    }))
}

struct Conv2d {
    attrs: WindowAttrs,
    /// Packed once if it is constant.
    filter: Option<Filter>,
    bias: Option<Vec<f32>>,
    activation: Activation,
}

/// A filter of shape [kh, kw, cin, cout] made ready for the kernels.
struct Filter {
    shape: [usize; 4],
    weights: Weights,
}

enum Weights {
    F32(PackedF32),
    I8(PackedI8),
}

impl Filter {
    fn pack(filter: &Tensor) -> Result<Self, OpError> {
        let &[kh, kw, cin, cout] = filter.shape() else {
            return Err(OpError::shape("a filter [height, width, in, out]", filter.shape()));
        };
        let k = kh * kw * cin;
        let weights = match filter.dtype() {
            DType::F32 => Weights::F32(PackedF32::new(k, cout, filter.as_slice()?)?),
            DType::I8 => Weights::I8(PackedI8::new(k, cout, filter.as_slice()?)?),
            other => return Err(OpError::Unsupported(format!("filters of {other} are not supported"))),
        };
        Ok(Self { shape: [kh, kw, cin, cout], weights })
    }

    /// The extents over an NHWC input, and the number of groups.
    fn shape_over(&self, input: &[usize], attrs: &WindowAttrs) -> Result<(Conv2dShape, usize), OpError> {
        let [kh, kw, cin, cout] = self.shape;
        let image = Image::new(input, attrs, (kh, kw))?;
        let groups = if image.channels == cin { Some(1) } else { image.channels.checked_div(cin) };
        let groups =
            groups.filter(|&groups| groups > 0 && groups * cin == image.channels).ok_or_else(|| {
                OpError::shape(format!("an input with the filter's {cin} channels, or a multiple"), input)
            })?;
        let shape = Conv2dShape {
            batch: image.batch,
            height: image.height,
            width: image.width,
            in_channels: image.channels,
            out_channels: cout,
        };
        Ok((shape, groups))
    }
}

impl Operator for Conv2d {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.value(0)?;
        match &self.filter {
            Some(filter) => self.convolve(input, filter),
            None => self.convolve(input, &Filter::pack(&inputs.tensor(1)?)?),
        }
    }

    fn absorb(&mut self, next: &Following) -> bool {
        let float = matches!(&self.filter, Some(Filter { weights: Weights::F32(_), .. }));
        float
            && self.attrs.format == Default::default()
            && absorb_epilogue(&mut self.bias, &mut self.activation, next)
    }
}

impl Conv2d {
    fn convolve(&self, input: Value, filter: &Filter) -> Result<Vec<Value>, OpError> {
        let output = match (input, &filter.weights) {
            (Value::Plain(input), Weights::F32(weights)) => {
                let input = to_nhwc::<f32>(input, self.attrs.format)?;
                let (shape, groups) = filter.shape_over(input.shape(), &self.attrs)?;
                let mut output = vec![0.0; shape.output_len()?];
                let epilogue = Epilogue { bias: self.bias.as_deref(), activation: self.activation };
                conv2d_grouped_f32(input.as_slice()?, &shape, groups, weights, epilogue, &mut output)?;
                from_nhwc::<f32>(Tensor::from_vec(output_shape(&shape), output)?, self.attrs.format)?
            }
            (Value::Quantized { q, zero_offset }, Weights::I8(weights)) => {
                let q = to_nhwc::<i8>(q, self.attrs.format)?;
                let (shape, groups) = filter.shape_over(q.shape(), &self.attrs)?;
                let mut output = vec![0_i32; shape.output_len()?];
                conv2d_grouped_i8(q.as_slice()?, zero_offset, &shape, groups, weights, &mut output)?;
                from_nhwc::<i32>(Tensor::from_vec(output_shape(&shape), output)?, self.attrs.format)?
            }
            (Value::Plain(_), Weights::I8(_)) => return Err(mixed("int8 weights", "no AscendQuant")),
            (Value::Quantized { .. }, Weights::F32(_)) => {
                return Err(mixed("float weights", "an AscendQuant"));
            }
        };
        Ok(vec![output.into()])
    }
}

fn output_shape(shape: &Conv2dShape) -> Vec<usize> {
    vec![shape.batch, shape.height.output, shape.width.output, shape.out_channels]
}

/// A layer of which only one side is quantized.
pub(super) fn mixed(weights: &str, input: &str) -> OpError {
    OpError::Unsupported(format!("the layer has {weights}, but {input} before its input"))
}

/// Takes a following bias or activation into the epilogue if the order bias, activation is kept.
pub(super) fn absorb_epilogue(
    bias: &mut Option<Vec<f32>>,
    activation: &mut Activation,
    next: &Following,
) -> bool {
    match next {
        Following::Bias(values) if bias.is_none() && *activation == Activation::None => {
            *bias = Some(values.clone());
        }
        Following::Relu if *activation == Activation::None => *activation = Activation::Relu,
        Following::Relu6 if *activation == Activation::None => *activation = Activation::Relu6,
        _ => return false,
    }
    true
}
