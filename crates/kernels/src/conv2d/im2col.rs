//! Image patches as rows of a matrix, a block of them at a time.

use std::ops::Range;

use amct_tensor::window::Axis;

use super::Conv2dShape;
use crate::span::span;

/// Writes the patches of the output positions from `first` on, one per `stride` values of
/// `patches`, in the order (kh, kw, ci), with `padding` outside the image. Values behind a patch may
/// be anything that the input holds.
pub(super) fn fill<T: Copy>(
    shape: &Conv2dShape,
    input: &[T],
    first: usize,
    stride: usize,
    padding: T,
    patches: &mut [T],
) {
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
        if row_len <= WIDE && height.kernel <= ROWS && width.dilation == 1 {
            narrow_rows(shape, input, (image, y), x..x + count, (stride, padding), rest);
            position += count;
            rest = &mut rest[count * stride..];
            continue;
        }
        let (segment, behind) = rest.split_at_mut(count * stride);
        for kh in 0..height.kernel {
            let source = height.source(y, kh).map(|source| (image * height.input + source) * line_len);
            let line = source.map(|start| &input[start..start + line_len]);
            for (x, patch) in (x..).zip(segment.chunks_exact_mut(stride)) {
                let row = &mut patch[kh * row_len..(kh + 1) * row_len];
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

/// Values copied at once where a row of the window has no more.
const WIDE: usize = 16;

/// Rows of such a window.
const ROWS: usize = 8;

/// Patches whose rows are short, as the first layer's with its three channels: a fixed number of
/// values is copied for each row, and what is too much is overwritten by the next one.
#[inline(always)]
fn narrow_rows<T: Copy>(
    shape: &Conv2dShape,
    input: &[T],
    (image, y): (usize, usize),
    columns: Range<usize>,
    (stride, padding): (usize, T),
    patches: &mut [T],
) {
    let (height, width, channels) = (&shape.height, &shape.width, shape.in_channels);
    let (line_len, row_len) = (width.input * channels, width.kernel * channels);
    // The lines under the window are the same for all columns.
    let lines: [&[T]; ROWS] = std::array::from_fn(|kh| {
        let source = if kh < height.kernel { height.source(y, kh) } else { None };
        source.map_or(&[][..], |line| &input[(image * height.input + line) * line_len..])
    });
    let lines = &lines[..height.kernel];
    for (index, x) in columns.enumerate() {
        let (taps, source) = span(width, x);
        let whole = taps.len() == width.kernel;
        let mut rest = &mut patches[index * stride..];
        for line in lines {
            let from = line.get(source * channels..).and_then(|from| from.first_chunk::<WIDE>());
            match (whole, from, rest.first_chunk_mut::<WIDE>()) {
                (true, Some(from), Some(to)) => *to = *from,
                _ if line.is_empty() => rest[..row_len].fill(padding),
                _ => {
                    let (start, end) = (taps.start * channels, taps.end * channels);
                    rest[..start].fill(padding);
                    rest[end..row_len].fill(padding);
                    rest[start..end].copy_from_slice(&line[source * channels..][..end - start]);
                }
            }
            rest = &mut rest[row_len..];
        }
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
