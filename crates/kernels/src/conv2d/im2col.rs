//! Image patches as rows of a matrix, a block of them at a time.

use amct_tensor::window::Axis;

use super::Conv2dShape;
use crate::span::span;

/// The distances from one patch to the next, and from one row of a patch to the next.
#[derive(Clone, Copy)]
pub(super) struct Strides {
    pub(super) patch: usize,
    pub(super) row: usize,
}

/// Writes the patches of the output positions from `first` on in the order (kh, kw, ci), with
/// `padding` outside the image. Values between rows may be anything that the input holds.
pub(super) fn fill<T: Copy>(
    shape: &Conv2dShape,
    input: &[T],
    first: usize,
    strides: Strides,
    padding: T,
    patches: &mut [T],
) {
    let stride = strides.patch;
    let (height, width, channels) = (&shape.height, &shape.width, shape.in_channels);
    let line_len = width.input * channels;
    let row_len = width.kernel * channels;
    if row_len == 0 {
        return;
    }
    let mut position = first;
    let mut rest = patches;
    while rest.len() >= stride {
        // The output positions up to the end of their line.
        let (line, x) = (position / width.output, position % width.output);
        let (image, y) = (line / height.output, line % height.output);
        let count = (width.output - x).min(rest.len() / stride);
        let (segment, behind) = rest.split_at_mut(count * stride);
        for kh in 0..height.kernel {
            let source = height.source(y, kh).map(|source| (image * height.input + source) * line_len);
            let line = source.map(|start| &input[start..start + line_len]);
            for (x, patch) in (x..).zip(segment.chunks_exact_mut(stride)) {
                let row = &mut patch[kh * strides.row..][..row_len];
                match line {
                    Some(line) => copy_row(width, x, channels, line, padding, row),
                    None => row.fill(padding),
                }
            }
        }
        position += count;
        rest = behind;
    }
}

/// Copies what one row of the window of output column `x` covers of an input line.
#[inline(always)]
fn copy_row<T: Copy>(width: &Axis, x: usize, channels: usize, line: &[T], padding: T, row: &mut [T]) {
    let (taps, source) = span(width, x);
    let line = &line[source * channels..];
    if taps.len() == width.kernel && width.dilation == 1 {
        return row.copy_from_slice(&line[..row.len()]);
    }
    row[..taps.start * channels].fill(padding);
    row[taps.end * channels..].fill(padding);
    for (index, tap) in taps.enumerate() {
        let from = &line[index * width.dilation * channels..][..channels];
        row[tap * channels..][..channels].copy_from_slice(from);
    }
}
