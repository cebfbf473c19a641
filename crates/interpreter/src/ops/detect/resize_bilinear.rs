//! `ResizeBilinear`: NHWC images of any number type, to f32.

use amct_tensor::{Internal, Tensor, internal};
use rayon::prelude::*;

use super::resize::{Between, Grid, Request, as_f32, mix};
use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    Ok(Box::new(ResizeBilinear(Grid::of(context)?)))
}

struct ResizeBilinear(Grid);

impl Operator for ResizeBilinear {
    fn run(&self, inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let Request { images, input, output: shape } = Request::of(inputs)?;
        let images = as_f32(images)?;
        let data = images.as_slice::<f32>()?;
        let ([_, height, width, channels], [_, rows, columns, _]) = (input, shape);
        let (vertical, horizontal) = (samples(self.0, height, rows), samples(self.0, width, columns));
        let mut output = vec![0.0; shape.iter().product()];
        let (image_len, line_len) = (height * width * channels, width * channels);
        let lines = output.par_chunks_mut((columns * channels).max(1)).enumerate();
        lines.try_for_each(|(index, line)| -> Result<(), Internal> {
            let (image, row) = (index / rows, index % rows);
            let missing =
                |what: &str, row: usize| internal!("no {what} line {row} of {input:?} to {shape:?}");
            let y = *vertical.get(row).ok_or_else(|| missing("output", row))?;
            let source = |row: usize| {
                let start = image * image_len + row * line_len;
                data.get(start..start + line_len).ok_or_else(|| missing("input", row))
            };
            interpolate(source(y.low)?, source(y.high)?, y.weight, &horizontal, channels, line);
            Ok(())
        })?;
        Ok(vec![Tensor::from_vec(shape, output)?.into()])
    }
}

/// One output line from the input lines above and below it.
fn interpolate(
    above: &[f32],
    below: &[f32],
    weight: f32,
    horizontal: &[Between],
    channels: usize,
    line: &mut [f32],
) {
    for (out, x) in line.chunks_exact_mut(channels.max(1)).zip(horizontal) {
        let pixels = (pixel(above, x.low, channels), pixel(above, x.high, channels));
        let under = (pixel(below, x.low, channels), pixel(below, x.high, channels));
        let corners = pixels.0.iter().zip(pixels.1).zip(under.0.iter().zip(under.1));
        for (out, ((&top_left, &top_right), (&bottom_left, &bottom_right))) in out.iter_mut().zip(corners) {
            let top = mix(top_left, top_right, x.weight);
            let bottom = mix(bottom_left, bottom_right, x.weight);
            *out = mix(top, bottom, weight);
        }
    }
}

fn pixel(line: &[f32], column: usize, channels: usize) -> &[f32] {
    line.get(column * channels..(column + 1) * channels).unwrap_or_default()
}

/// For each output pixel of a line the input pixels it lies between.
fn samples(grid: Grid, input: usize, output: usize) -> Vec<Between> {
    let scale = grid.scale(input, output);
    (0..output)
        .map(|index| {
            let at = match grid {
                Grid::HalfPixelCenters => (index as f32 + 0.5) * scale - 0.5,
                _ => index as f32 * scale,
            };
            let floor = at.floor();
            Between {
                // `as` cuts a negative number off at 0.
                low: (floor as usize).min(input - 1),
                high: (at.ceil() as usize).min(input - 1),
                weight: at - floor,
            }
        })
        .collect()
}
