//! A run of layers that is computed band by band: which layers it takes, and how many lines a band has.

use std::ops::Range;

use amct_tensor::window::Axis;

use crate::Value;
use crate::lines::{Extents, LineLayer, LineType};
use crate::plan::Step;

/// Bytes of a tensor between two layers from which on it pays to compute it in bands: what is
/// smaller stays in the cache anyway.
const LARGE: usize = 1 << 20;

/// Bytes of the lines between the layers that are in use at a time: some of the L2 cache.
const BAND_BYTES: usize = 3 << 17;

/// A layer and its place in a run of layers.
#[derive(Clone, Copy)]
pub(super) struct Layer<'a> {
    pub(super) layer: &'a dyn LineLayer,
    /// Height, width and channels of its input.
    pub(super) image: [usize; 3],
    extents: Extents,
    /// Multiply-adds that make one element of the output.
    depth: usize,
    pub(super) line_type: LineType,
}

impl<'a> Layer<'a> {
    fn of(step: &'a Step, image: [usize; 3]) -> Option<Self> {
        let layer = step.line_layer()?;
        let (extents, line_type) = (layer.extents(image)?, layer.line_type()?);
        // What is added is made of floats, and so must the output be that holds it before.
        let adds = layer.accumulates() && line_type != LineType::F32;
        (!adds).then_some(Self { layer, image, extents, depth: step.depth(), line_type })
    }

    /// Values of an input line.
    pub(super) fn input_line(&self) -> usize {
        self.image[1] * self.image[2]
    }

    /// Values of an output line.
    pub(super) fn output_line(&self) -> usize {
        self.extents.output[1] * self.extents.output[2]
    }

    fn output_len(&self) -> usize {
        self.extents.output[0] * self.output_line()
    }

    fn output_bytes(&self) -> usize {
        self.output_len() * self.line_type.bytes()
    }

    /// Input lines from the first to the last that so many output lines read, padding included.
    fn reach(&self, outputs: usize) -> usize {
        let axis = self.extents.height;
        outputs.saturating_sub(1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1
    }

    /// The input lines that some output lines read, and the window over just these.
    pub(super) fn window(&self, outputs: Range<usize>) -> (Range<usize>, Axis) {
        let axis = self.extents.height;
        let inside = |line: usize| line.saturating_sub(axis.pad_before).min(axis.input);
        let start = outputs.start * axis.stride;
        let reach = self.reach(outputs.len());
        let inputs = inside(start)..inside(start + reach);
        let pad_before = axis.pad_before.saturating_sub(start);
        let pad_after = reach.saturating_sub(pad_before + inputs.len());
        let window = Axis { pad_before, pad_after, input: inputs.len(), output: outputs.len(), ..axis };
        (inputs, window)
    }
}

/// Layers that pass lines on to each other.
pub(super) struct Layers<'a>(Vec<Layer<'a>>);

impl<'a> Layers<'a> {
    /// The first of `steps`, two at least, as far as what lies between them is large. `input` is
    /// that of the first, one image.
    pub(super) fn large(steps: &'a [Step], input: &Value) -> Option<Self> {
        let &[1, height, width, channels] = input.shape() else { return None };
        let mut layers = vec![Layer::of(steps.first()?, [height, width, channels])?];
        for pair in steps.windows(2) {
            let ([step, next], Some(layer)) = (pair, layers.last()) else { break };
            if !step.passes_lines_on || layer.output_bytes() < LARGE {
                break;
            }
            let Some(next) = Layer::of(next, layer.extents.output) else { break };
            layers.push(next);
        }
        (layers.len() > 1 && layers.iter().all(|layer| layer.output_line() > 0)).then_some(Self(layers))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Layer<'a>> + ExactSizeIterator {
        self.0.iter()
    }

    fn last(&self) -> Option<&Layer<'a>> {
        self.0.last()
    }

    pub(super) fn multiply_adds(&self) -> usize {
        self.iter().map(|layer| layer.output_len().saturating_mul(layer.depth)).sum()
    }

    pub(super) fn accumulates(&self) -> bool {
        self.last().is_some_and(|last| last.layer.accumulates())
    }

    pub(super) fn output_shape(&self) -> Vec<usize> {
        self.last().map_or(Vec::new(), |last| [&[1], last.extents.output.as_slice()].concat())
    }

    pub(super) fn line_type(&self) -> LineType {
        self.last().map_or(LineType::F32, |last| last.line_type)
    }

    pub(super) fn output_lines(&self) -> usize {
        self.last().map_or(0, |last| last.extents.output[0])
    }

    /// Values of an output line.
    pub(super) fn output_line(&self) -> usize {
        self.last().map_or(1, Layer::output_line)
    }

    /// The most lines of each tensor between the layers that so many output lines need.
    pub(super) fn lines_for(&self, outputs: usize) -> Vec<usize> {
        let mut lines = Vec::with_capacity(self.len());
        let mut needed = outputs;
        for layer in self.0.iter().skip(1).rev() {
            needed = layer.reach(needed).min(layer.image[0]);
            lines.push(needed);
        }
        lines.reverse();
        lines
    }

    /// The output lines of a band, so that what lies between stays in the cache.
    pub(super) fn band(&self) -> usize {
        let bytes = |outputs: usize| -> usize {
            let layers = self.0.iter().zip(self.lines_for(outputs));
            layers.map(|(layer, lines)| lines * layer.output_line() * layer.line_type.bytes()).sum()
        };
        (2..=self.output_lines()).take_while(|&outputs| bytes(outputs) <= BAND_BYTES).last().unwrap_or(1)
    }
}
