//! `DepthwiseConv2dNative`, in float and in int8.

use amct_graph::views::WindowAttrs;
use amct_kernels::depthwise::{DepthwiseShape, PackedDepthwiseI8, depthwise_f32, depthwise_i8};
use amct_tensor::window::Axis;
use amct_tensor::{DType, DataFormat, Tensor};

use super::conv2d::{absorb_padding, mixed, sums_from_nhwc};
use super::layer_end::{LayerEnd, other_lines};
use super::per_image::layer_per_image;
use super::window::{Image, from_nhwc, to_nhwc};
use crate::lines::{Extents, LineLayer, LineType, Lines, LinesMut};
use crate::memory::Memory;
use crate::operator::{BuildContext, Following, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let filter = context.take_constant(1).map(Filter::pack).transpose()?;
    let end = filter.as_ref().map_or(LayerEnd::Open, Filter::end);
    Ok(Box::new(Depthwise { attrs: WindowAttrs::of(context.node())?, filter, end }))
}

struct Depthwise {
    attrs: WindowAttrs,
    /// Packed once if it is constant.
    filter: Option<Filter>,
    end: LayerEnd,
}

/// A filter of shape [height, width, channels, multiplier] made ready for the kernels.
struct Filter {
    window: [usize; 4],
    weights: Weights,
}

enum Weights {
    F32(Tensor),
    I8(PackedDepthwiseI8),
}

impl Filter {
    fn pack(filter: Tensor) -> Result<Self, OpError> {
        let &[height, width, channels, multiplier] = filter.shape() else {
            return Err(OpError::shape("a filter [height, width, channels, multiplier]", filter.shape()));
        };
        let window = [height, width, channels, multiplier];
        let weights = match filter.dtype() {
            DType::F32 => Weights::F32(filter),
            DType::I8 => Weights::I8(PackedDepthwiseI8::new(window, filter.as_slice()?)?),
            other => return Err(OpError::Unsupported(format!("filters of {other} are not supported"))),
        };
        Ok(Self { window, weights })
    }

    fn end(&self) -> LayerEnd {
        match &self.weights {
            Weights::F32(_) => LayerEnd::float(),
            Weights::I8(weights) => LayerEnd::integer(weights.out_channels(), weights.limit()),
        }
    }

    /// The extents over an NHWC input.
    fn shape_over(&self, input: &[usize], attrs: &WindowAttrs) -> Result<DepthwiseShape, OpError> {
        let [kh, kw, channels, multiplier] = self.window;
        let image = Image::new(input, attrs, (kh, kw))?;
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

impl Operator for Depthwise {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.value(0)?;
        let addend = self.end.addend(&mut inputs)?;
        match &self.filter {
            Some(filter) => self.convolve(input, filter, addend, inputs.memory()),
            None => self.convolve(input, &Filter::pack(inputs.tensor(1)?)?, addend, inputs.memory()),
        }
    }

    fn absorb(&mut self, next: &Following) -> bool {
        self.attrs.format == Default::default() && self.end.absorb(next)
    }

    fn absorb_padding(&mut self, pads: &[(usize, usize)]) -> bool {
        // A tap in a layer's own padding is left out; zero times a weight that is not finite is not
        // zero.
        let finite = |filter: &Filter| match &filter.weights {
            Weights::F32(weights) => {
                weights.as_slice::<f32>().is_ok_and(|weights| weights.iter().all(|w| w.is_finite()))
            }
            Weights::I8(_) => true,
        };
        self.filter.as_ref().is_some_and(finite) && absorb_padding(&mut self.attrs, pads)
    }

    fn depth(&self) -> usize {
        self.filter.as_ref().map_or(0, |filter| filter.window[0] * filter.window[1])
    }

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        layer_per_image(inputs, batched)
    }

    fn as_line_layer(&self) -> Option<&dyn LineLayer> {
        (self.attrs.format == DataFormat::Nhwc && self.filter.is_some()).then_some(self)
    }
}

impl LineLayer for Depthwise {
    fn line_type(&self) -> Option<LineType> {
        self.end.line_type()
    }

    fn accumulates(&self) -> bool {
        self.end.accumulates()
    }

    fn extents(&self, [height, width, channels]: [usize; 3]) -> Option<Extents> {
        let shape = self.filter.as_ref()?.shape_over(&[1, height, width, channels], &self.attrs).ok()?;
        let output = [shape.height.output, shape.width.output, shape.out_channels().ok()?];
        Some(Extents { height: shape.height, output })
    }

    fn run_lines(
        &self,
        height: Axis,
        [rows, width, channels]: [usize; 3],
        input: Lines<'_>,
        output: LinesMut<'_>,
    ) -> Result<(), OpError> {
        let filter = self.filter.as_ref().ok_or_else(other_lines)?;
        let shape = filter.shape_over(&[1, rows, width, channels], &self.attrs)?;
        let shape = DepthwiseShape { height, ..shape };
        match (input, &filter.weights) {
            (Lines::F32(input), Weights::F32(weights)) => {
                let weights = weights.as_slice()?;
                self.end
                    .run_float_lines(output, |end, output| depthwise_f32(input, &shape, weights, end, output))
            }
            (Lines::I8 { q, zero_offset }, Weights::I8(weights)) => {
                self.end.run_integer_lines(output, |end, output| {
                    depthwise_i8(q, zero_offset, &shape, weights, end, output)
                })
            }
            _ => Err(other_lines()),
        }
    }
}

impl Depthwise {
    fn convolve(
        &self,
        input: Value,
        filter: &Filter,
        addend: Option<Tensor>,
        memory: &Memory,
    ) -> Result<Vec<Value>, OpError> {
        let output = match (input, &filter.weights) {
            (Value::Plain(input), Weights::F32(weights)) => {
                let input = to_nhwc::<f32>(input, self.attrs.format)?;
                let shape = filter.shape_over(input.shape(), &self.attrs)?;
                let (data, weights) = (input.as_slice()?, weights.as_slice()?);
                let output =
                    self.end.run_float(output_shape(&shape)?, addend, memory, |epilogue, output| {
                        depthwise_f32(data, &shape, weights, epilogue, output)
                    })?;
                memory.give(input);
                from_nhwc::<f32>(output, self.attrs.format)?.into()
            }
            (Value::Quantized { q, zero_offset }, Weights::I8(weights)) => {
                let q = to_nhwc::<i8>(q, self.attrs.format)?;
                let shape = filter.shape_over(q.shape(), &self.attrs)?;
                let (data, limit) = (q.as_slice()?, weights.limit());
                let output = self.end.run_integer(
                    output_shape(&shape)?,
                    limit,
                    addend,
                    memory,
                    |epilogue, output| depthwise_i8(data, zero_offset, &shape, weights, epilogue, output),
                )?;
                memory.give(q);
                sums_from_nhwc(output, self.attrs.format)?
            }
            (Value::Plain(_), Weights::I8(_)) => return Err(mixed("int8 weights", "no AscendQuant")),
            (Value::Quantized { .. }, Weights::F32(_)) => {
                return Err(mixed("float weights", "an AscendQuant"));
            }
        };
        Ok(vec![output])
    }
}

fn output_shape(shape: &DepthwiseShape) -> Result<Vec<usize>, OpError> {
    Ok(vec![shape.batch, shape.height.output, shape.width.output, shape.out_channels()?])
}
