//! `Conv3D`, in float and in int8.

use amct_graph::{AttrError, Node};
use amct_kernels::conv3d::{Conv3dShape, conv3d_f32, conv3d_i8};
use amct_kernels::gemm::{PackedF32, PackedI8};
use amct_tensor::window::{Axis, Padding};
use amct_tensor::{DType, DataFormat, Tensor, checked_len};

use super::conv2d::mixed;
use super::layer_end::FloatEnd;
use super::window::{from_nhwc, to_nhwc};
use crate::operator::{BuildContext, Following, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let filter = context.take_constant(1).map(|filter| Filter::pack(&filter)).transpose()?;
    let attrs = VolumeAttrs::of(context.node())?;
    Ok(Box::new(Conv3d { attrs, filter, end: FloatEnd::default() }))
}

/// Strides, dilations, padding and layout. Triples are (depth, height, width).
struct VolumeAttrs {
    /// `Nhwc` stands for NDHWC, `Nchw` for NCDHW.
    format: DataFormat,
    strides: [usize; 3],
    dilations: [usize; 3],
    padding: Padding,
}

impl VolumeAttrs {
    fn of(node: &Node) -> Result<Self, AttrError> {
        let attrs = node.attributes();
        let format = match attrs.string("data_format")?.unwrap_or("NDHWC") {
            "NDHWC" => DataFormat::Nhwc,
            "NCDHW" => DataFormat::Nchw,
            other => return Err(attrs.error("data_format", "NDHWC or NCDHW", other)),
        };
        let triple = |name: &str, list: &[i64]| {
            let sizes = match (format, list) {
                (DataFormat::Nhwc, &[1, depth, height, width, 1])
                | (DataFormat::Nchw, &[1, 1, depth, height, width]) => [depth, height, width],
                _ => [0; 3],
            };
            match sizes.map(usize::try_from) {
                [Ok(depth @ 1..), Ok(height @ 1..), Ok(width @ 1..)] => Ok([depth, height, width]),
                _ => Err(attrs.error(
                    name,
                    "five positive integers in the order of data_format, 1 for batch and channels",
                    format!("{list:?}"),
                )),
            }
        };
        let dilations = attrs.ints("dilations")?;
        Ok(Self {
            format,
            strides: triple("strides", attrs.ints("strides")?)?,
            dilations: if dilations.is_empty() { [1; 3] } else { triple("dilations", dilations)? },
            padding: match attrs.string("padding")? {
                Some("SAME") => Padding::Same,
                Some("VALID") => Padding::Valid,
                other => {
                    return Err(attrs.error("padding", "SAME or VALID", other.unwrap_or("missing")));
                }
            },
        })
    }
}

struct Conv3d {
    attrs: VolumeAttrs,
    /// Packed once if it is constant.
    filter: Option<Filter>,
    end: FloatEnd,
}

/// A filter of shape [kd, kh, kw, cin, cout] made ready for the kernels.
struct Filter {
    shape: [usize; 5],
    weights: Weights,
}

enum Weights {
    F32(PackedF32),
    I8(PackedI8),
}

impl Filter {
    fn pack(filter: &Tensor) -> Result<Self, OpError> {
        let &[kd, kh, kw, cin, cout] = filter.shape() else {
            return Err(OpError::shape("a filter [depth, height, width, in, out]", filter.shape()));
        };
        let k = kd * kh * kw * cin;
        let weights = match filter.dtype() {
            DType::F32 => Weights::F32(PackedF32::new(k, cout, filter.as_slice()?)?),
            DType::I8 => Weights::I8(PackedI8::new(k, cout, filter.as_slice()?)?),
            other => return Err(OpError::Unsupported(format!("filters of {other} are not supported"))),
        };
        Ok(Self { shape: [kd, kh, kw, cin, cout], weights })
    }

    /// The extents over an NDHWC input.
    fn shape_over(&self, input: &[usize], attrs: &VolumeAttrs) -> Result<Conv3dShape, OpError> {
        let [kd, kh, kw, cin, cout] = self.shape;
        let &[batch, depth, height, width, channels] = input else {
            return Err(OpError::shape("an input of rank 5", input));
        };
        if channels != cin {
            return Err(OpError::shape(format!("an input with the filter's {cin} channels"), input));
        }
        let [sd, sh, sw] = attrs.strides;
        let [dd, dh, dw] = attrs.dilations;
        Ok(Conv3dShape {
            batch,
            depth: Axis::new(depth, kd, sd, dd, attrs.padding, 0)?,
            height: Axis::new(height, kh, sh, dh, attrs.padding, 1)?,
            width: Axis::new(width, kw, sw, dw, attrs.padding, 2)?,
            in_channels: cin,
            out_channels: cout,
        })
    }
}

impl Operator for Conv3d {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.value(0)?;
        match &self.filter {
            Some(filter) => self.convolve(input, filter),
            None => self.convolve(input, &Filter::pack(&inputs.tensor(1)?)?),
        }
    }

    fn absorb(&mut self, next: &Following) -> bool {
        matches!(&self.filter, Some(Filter { weights: Weights::F32(_), .. }))
            && self.attrs.format == DataFormat::Nhwc
            && *next != Following::Add
            && self.end.absorb(next)
    }
}

impl Conv3d {
    fn convolve(&self, input: Value, filter: &Filter) -> Result<Vec<Value>, OpError> {
        let format = self.attrs.format;
        let output = match (input, &filter.weights) {
            (Value::Plain(input), Weights::F32(weights)) => {
                let input = to_nhwc::<f32>(input, format)?;
                let shape = filter.shape_over(input.shape(), &self.attrs)?;
                let mut output = vec![0.0; checked_len(&output_shape(&shape), DType::F32)?];
                let epilogue = self.end.epilogue(false);
                conv3d_f32(input.as_slice()?, &shape, weights, epilogue, &mut output)?;
                from_nhwc::<f32>(Tensor::from_vec(output_shape(&shape), output)?, format)?
            }
            (Value::Quantized { q, zero_offset }, Weights::I8(weights)) => {
                let q = to_nhwc::<i8>(q, format)?;
                let shape = filter.shape_over(q.shape(), &self.attrs)?;
                let mut output = vec![0_i32; checked_len(&output_shape(&shape), DType::I32)?];
                conv3d_i8(q.as_slice()?, zero_offset, &shape, weights, &mut output)?;
                from_nhwc::<i32>(Tensor::from_vec(output_shape(&shape), output)?, format)?
            }
            (Value::Plain(_), Weights::I8(_)) => return Err(mixed("int8 weights", "no AscendQuant")),
            (Value::Quantized { .. }, Weights::F32(_)) => {
                return Err(mixed("float weights", "an AscendQuant"));
            }
        };
        Ok(vec![output.into()])
    }
}

fn output_shape(shape: &Conv3dShape) -> Vec<usize> {
    vec![shape.batch, shape.depth.output, shape.height.output, shape.width.output, shape.out_channels]
}
