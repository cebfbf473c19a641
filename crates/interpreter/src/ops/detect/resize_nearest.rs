//! `ResizeNearestNeighbor`: NHWC images of any number type.

use amct_tensor::{Element, Tensor, checked_len};

use super::resize::{Grid, Request};
use crate::dispatch::dispatch;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::chunks::for_each_chunk;
use crate::ops::support::half::or_half;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let grid = Grid::of(context)?;
    Ok(or_half(ResizeNearest(grid), context))
}

struct ResizeNearest(Grid);

impl Operator for ResizeNearest {
    fn run(&self, inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let request = Request::of(inputs)?;
        let output = dispatch!(number request.images.dtype(), T => self.resize::<T>(&request))?;
        Ok(vec![output.into()])
    }
}

impl ResizeNearest {
    fn resize<T: Element + Copy>(&self, request: &Request) -> Result<Tensor, OpError> {
        let ([_, height, width, channels], [_, rows, columns, _]) = (request.input, request.output);
        let data = request.images.as_slice::<T>()?;
        let (vertical, horizontal) = (self.nearest(height, rows), self.nearest(width, columns));
        let mut output = vec![T::default(); checked_len(&request.output, T::DTYPE)?];
        let len = (columns * channels).max(1);
        for_each_chunk(&mut output, len, &|start, line| {
            let index = start / len;
            let Some(y) = vertical.get(index % rows) else { return };
            let start = (index / rows * height + y) * width;
            for (pixel, x) in line.chunks_exact_mut(channels.max(1)).zip(&horizontal) {
                let at = (start + x) * channels;
                if let Some(source) = data.get(at..at + channels) {
                    pixel.copy_from_slice(source);
                }
            }
        });
        Ok(Tensor::from_vec(request.output, output)?)
    }

    /// For each output pixel of a line the input pixel nearest to it.
    fn nearest(&self, input: usize, output: usize) -> Vec<usize> {
        let scale = self.0.scale(input, output);
        let at = |index: usize| match self.0 {
            Grid::Legacy => (index as f32 * scale).floor(),
            Grid::AlignCorners => (index as f32 * scale).round(),
            Grid::HalfPixelCenters => ((index as f32 + 0.5) * scale).floor(),
        };
        (0..output).map(|index| (at(index) as usize).min(input - 1)).collect()
    }
}
