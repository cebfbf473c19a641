//! Image patches as rows of a matrix, a block of them at a time.

use std::ops::Range;

use amct_tensor::window::Axis;

use super::Conv2dShape;
use crate::span::span;

/// Writes the patches of the output positions from `first` on, one per `stride` values of
/// `patches`, in the order (kh, kw, ci), with `padding` outside the image and behind the patch.
pub(super) fn fill<T: Copy>(
    shape: &Conv2dShape,
    input: &[T],
    first: usize,
    stride: usize,
    padding: T,
    patches: &mut [T],
) {
    let (height, width) = (&shape.height, &shape.width);
    let line_len = width.input * shape.in_channels;
    let row_len = width.kernel * shape.in_channels;
    if row_len == 0 {
        return;
    }
    let (line, mut x) = (first / width.output, first % width.output);
    let (mut image, mut y) = (line / height.output, line % height.output);
    for patch in patches.chunks_exact_mut(stride) {
        let columns = Columns::new(width, x, shape.in_channels);
        let (taps, top) = span(height, y);
        let image_top = (image * height.input + top) * line_len;
        patch[..taps.start * row_len].fill(padding);
        patch[taps.end * row_len..].fill(padding);
        for (line, tap) in taps.enumerate() {
            let line = &input[image_top + line * height.dilation * line_len..][..line_len];
            columns.copy(line, padding, &mut patch[tap * row_len..][..row_len]);
        }
        x += 1;
        if x == width.output {
            (x, y) = (0, y + 1);
        }
        if y == height.output {
            (y, image) = (0, image + 1);
        }
    }
}

/// The part of an input line that one row of a window covers, in values.
struct Columns {
    /// The values of the row that lie inside the line.
    inside: Range<usize>,
    /// Where in the line the first of them is.
    source: usize,
    /// How many runs of values lie side by side in row and line.
    runs: usize,
    /// The length of a run.
    run: usize,
    /// The distance between runs in the line.
    step: usize,
}

impl Columns {
    #[inline]
    fn new(width: &Axis, output: usize, channels: usize) -> Self {
        let (taps, source) = span(width, output);
        // Without dilation, all taps are one run.
        let (runs, run) = if width.dilation == 1 { (1, taps.len()) } else { (taps.len(), 1) };
        Self {
            inside: taps.start * channels..taps.end * channels,
            source: source * channels,
            runs,
            run: run * channels,
            step: width.dilation * channels,
        }
    }

    #[inline]
    fn copy<T: Copy>(&self, line: &[T], padding: T, row: &mut [T]) {
        row[..self.inside.start].fill(padding);
        row[self.inside.end..].fill(padding);
        for index in 0..self.runs {
            let row = &mut row[self.inside.start + index * self.run..][..self.run];
            copy(&line[self.source + index * self.step..][..self.run], row);
        }
    }
}

/// Copies a run. The first layer's runs of three pixels are too short for a call of `memcpy`.
#[inline(always)]
fn copy<T: Copy>(from: &[T], to: &mut [T]) {
    const PIECE: usize = 8;
    if !(PIECE..=4 * PIECE).contains(&to.len()) {
        return to.copy_from_slice(from);
    }
    for (to, from) in to.chunks_exact_mut(PIECE).zip(from.chunks_exact(PIECE)) {
        to.copy_from_slice(from);
    }
    // The last piece overlaps the one before.
    if let (Some(to), Some(from)) = (to.last_chunk_mut::<PIECE>(), from.last_chunk::<PIECE>()) {
        *to = *from;
    }
}
