//! Output lines, of which the part whose windows lie inside the image needs no patches.

use std::ops::Range;

use amct_tensor::window::Axis;

use super::Conv2dShape;
use crate::gemm::{Lhs, ROW_BLOCK, Segments};
use crate::parallel;
use crate::span::span;

/// Fewer pixels side by side are not worth a product of their own.
const LONG: usize = 24;

/// Makes an output by `directly`, given the input of some pixels side by side, and `by_patches`, given
/// the first of some positions; the former may refuse. `work` is that of the whole output.
pub(super) fn convolve<T: Sync, O: Send, S: Default>(
    shape: &Conv2dShape,
    input: &[T],
    work: usize,
    output: &mut [O],
    by_patches: impl Fn(&mut S, usize, &mut [O]) + Sync + Send,
    directly: impl Fn(Lhs<'_, T>, &mut [O]) -> bool + Sync + Send,
) {
    let (height, width, n) = (&shape.height, &shape.width, shape.out_channels);
    let inside = inside(width);
    if inside.len() < LONG {
        parallel::for_each_chunk(output, ROW_BLOCK * n, work, S::default, |scratch, index, output| {
            by_patches(scratch, index * ROW_BLOCK, output);
        });
        return;
    }
    let columns = inside.start * n..inside.end * n;
    parallel::for_each_chunk(output, width.output * n, work, S::default, |scratch, line, output| {
        let (image, y) = (line / height.output, line % height.output);
        let (rows, top) = span(height, y);
        let left = inside.start * width.stride - width.pad_before;
        let first = ((image * height.input + top) * width.input + left) * shape.in_channels;
        let lines = Lhs {
            values: &input[first..],
            row_stride: width.stride * shape.in_channels,
            segments: Segments {
                count: height.kernel,
                stride: height.dilation * width.input * shape.in_channels,
            },
        };
        let position = line * width.output;
        if rows.len() == height.kernel && directly(lines, &mut output[columns.clone()]) {
            let (before, rest) = output.split_at_mut(columns.start);
            by_patches(scratch, position, before);
            by_patches(scratch, position + inside.end, &mut rest[columns.len()..]);
        } else {
            by_patches(scratch, position, output);
        }
    });
}

/// The output columns whose windows lie inside the image, in one piece of each line.
fn inside(width: &Axis) -> Range<usize> {
    if width.dilation > 1 || width.stride == 0 {
        return 0..0;
    }
    let start = width.pad_before.div_ceil(width.stride).min(width.output);
    let last = (width.input + width.pad_before).checked_sub(width.kernel).map(|last| last / width.stride);
    let end = last.map_or(0, |last| last + 1).min(width.output);
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use amct_tensor::window::Padding;

    use super::*;

    #[test]
    fn columns_inside_are_those_with_all_their_taps() {
        for (kernel, stride, pads) in
            [(3, 1, (1, 1)), (3, 2, (0, 1)), (1, 3, (0, 0)), (5, 2, (4, 4)), (12, 1, (5, 3)), (7, 4, (9, 0))]
        {
            let axis = Axis::new(11, kernel, stride, 1, Padding::Explicit([pads; 2]), 0).unwrap();
            let whole: Vec<usize> =
                (0..axis.output).filter(|&x| axis.valid_taps(x).len() == kernel).collect();
            assert_eq!(inside(&axis).collect::<Vec<_>>(), whole, "{axis:?}");
        }
        let dilated = Axis::new(11, 2, 1, 3, Padding::Valid, 0).unwrap();
        assert!(inside(&dilated).is_empty());
    }
}
