//! `Conv2D`, in float and in int8. An input with a multiple of the filter's channels is convolved
//! in that many groups.

use amct_graph::views::WindowAttrs;
use amct_kernels::Isa;
use amct_kernels::conv2d::{Conv2dShape, conv2d_f32, conv2d_grouped_f32, conv2d_grouped_i8, conv2d_i8};
use amct_kernels::gemm::{PackedF32, PackedI8};
use amct_tensor::window::{Axis, Padding};
use amct_tensor::{DType, DataFormat, Tensor};

use super::layer_end::{LayerEnd, other_lines};
use super::per_image::layer_per_image;
use super::window::{Image, from_nhwc, to_nhwc};
use crate::lines::{Extents, LineLayer, LineType, Lines, LinesMut};
use crate::memory::Memory;
use crate::operator::{BuildContext, Following, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let filter = context.take_constant(1).map(|filter| Filter::pack(&filter)).transpose()?;
    let end = filter.as_ref().map_or(LayerEnd::Open, Filter::end);
    Ok(Box::new(Conv2d { attrs: WindowAttrs::of(context.node())?, filter, end }))
}

struct Conv2d {
    attrs: WindowAttrs,
    /// Packed once if it is constant.
    filter: Option<Filter>,
    end: LayerEnd,
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
            DType::I8 => {
                Weights::I8(PackedI8::in_segments(Isa::best(), kh.max(1), k, cout, filter.as_slice()?)?)
            }
            other => return Err(OpError::Unsupported(format!("filters of {other} are not supported"))),
        };
        Ok(Self { shape: [kh, kw, cin, cout], weights })
    }

    fn end(&self) -> LayerEnd {
        match &self.weights {
            Weights::F32(_) => LayerEnd::float(),
            Weights::I8(weights) => LayerEnd::integer(weights.n(), weights.limit()),
        }
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
        let addend = self.end.addend(&mut inputs)?;
        match &self.filter {
            Some(filter) => self.convolve(input, filter, addend, inputs.memory()),
            None => self.convolve(input, &Filter::pack(&inputs.tensor(1)?)?, addend, inputs.memory()),
        }
    }

    fn absorb(&mut self, next: &Following) -> bool {
        self.attrs.format == Default::default() && self.end.absorb(next)
    }

    fn absorb_padding(&mut self, pads: &[(usize, usize)]) -> bool {
        absorb_padding(&mut self.attrs, pads)
    }

    fn depth(&self) -> usize {
        self.filter.as_ref().map_or(0, |filter| filter.shape[..3].iter().product())
    }

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        layer_per_image(inputs, batched)
    }

    fn as_line_layer(&self) -> Option<&dyn LineLayer> {
        (self.attrs.format == DataFormat::Nhwc && self.filter.is_some()).then_some(self)
    }
}

impl LineLayer for Conv2d {
    fn line_type(&self) -> Option<LineType> {
        self.end.line_type()
    }

    fn accumulates(&self) -> bool {
        self.end.accumulates()
    }

    fn extents(&self, [height, width, channels]: [usize; 3]) -> Option<Extents> {
        let filter = self.filter.as_ref()?;
        let (shape, groups) = filter.shape_over(&[1, height, width, channels], &self.attrs).ok()?;
        let output = [shape.height.output, shape.width.output, shape.out_channels];
        (groups == 1).then_some(Extents { height: shape.height, output })
    }

    fn run_lines(
        &self,
        height: Axis,
        [rows, width, channels]: [usize; 3],
        input: Lines<'_>,
        output: LinesMut<'_>,
    ) -> Result<(), OpError> {
        let filter = self.filter.as_ref().ok_or_else(other_lines)?;
        let (shape, _) = filter.shape_over(&[1, rows, width, channels], &self.attrs)?;
        let shape = Conv2dShape { height, ..shape };
        match (input, &filter.weights) {
            (Lines::F32(input), Weights::F32(weights)) => self
                .end
                .run_float_lines(output, |end, output| conv2d_f32(input, &shape, weights, end, output)),
            (Lines::I8 { q, zero_offset }, Weights::I8(weights)) => {
                self.end.run_integer_lines(output, |end, output| {
                    conv2d_i8(q, zero_offset, &shape, weights, end, output)
                })
            }
            _ => Err(other_lines()),
        }
    }
}

impl Conv2d {
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
                let (shape, groups) = filter.shape_over(input.shape(), &self.attrs)?;
                let data = input.as_slice()?;
                let output =
                    self.end.run_float(output_shape(&shape), addend, memory, |epilogue, output| {
                        conv2d_grouped_f32(data, &shape, groups, weights, epilogue, output)
                    })?;
                memory.give(input);
                from_nhwc::<f32>(output, self.attrs.format)?.into()
            }
            (Value::Quantized { q, zero_offset }, Weights::I8(weights)) => {
                let q = to_nhwc::<i8>(q, self.attrs.format)?;
                let (shape, groups) = filter.shape_over(q.shape(), &self.attrs)?;
                let (data, limit) = (q.as_slice()?, weights.limit());
                let output = self.end.run_integer(
                    output_shape(&shape),
                    limit,
                    addend,
                    memory,
                    |epilogue, output| {
                        conv2d_grouped_i8(data, zero_offset, &shape, groups, weights, epilogue, output)
                    },
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

/// The output of an int8 layer in the layout of its node. Only in NHWC has it absorbed anything, so
/// in the other it is plain sums.
pub(super) fn sums_from_nhwc(output: Value, format: DataFormat) -> Result<Value, OpError> {
    match output {
        Value::Plain(sums) if sums.dtype() == DType::I32 => Ok(from_nhwc::<i32>(sums, format)?.into()),
        other => Ok(other),
    }
}

/// Takes a padding of height and width into the attributes of a layer that pads nothing itself.
pub(super) fn absorb_padding(attrs: &mut WindowAttrs, pads: &[(usize, usize)]) -> bool {
    match (attrs.format, attrs.padding, pads) {
        (DataFormat::Nhwc, Padding::Valid, &[(0, 0), height, width, (0, 0)]) => {
            attrs.padding = Padding::Explicit([height, width]);
            true
        }
        _ => false,
    }
}

fn output_shape(shape: &Conv2dShape) -> Vec<usize> {
    vec![shape.batch, shape.height.output, shape.width.output, shape.out_channels]
}

/// A layer of which only one side is quantized.
pub(super) fn mixed(weights: &str, input: &str) -> OpError {
    OpError::Unsupported(format!("the layer has {weights}, but {input} before its input"))
}
