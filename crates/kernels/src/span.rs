//! The taps of a window that lie inside the input, without a division where all of them do.

use std::ops::Range;

use amct_tensor::window::Axis;

/// The taps of output `output` that lie inside the input, and the index that the first one reads
/// (0 if there is none).
///
/// Equals [`Axis::valid_taps`] and [`Axis::source`], without their divisions away from the edges.
#[inline]
pub(crate) fn span(axis: &Axis, output: usize) -> (Range<usize>, usize) {
    let extent = (axis.kernel - 1) * axis.dilation;
    if let Some(first) = (output * axis.stride).checked_sub(axis.pad_before)
        && first + extent < axis.input
    {
        return (0..axis.kernel, first);
    }
    let taps = axis.valid_taps(output);
    let source = axis.source(output, taps.start).unwrap_or(0);
    (taps, source)
}

#[cfg(test)]
mod tests {
    use amct_tensor::window::Padding;

    use super::*;

    #[test]
    fn a_span_is_what_the_axis_says() {
        for (kernel, stride, dilation, pads) in
            [(3, 1, 1, 0), (3, 2, 1, 4), (2, 1, 3, 2), (1, 3, 1, 1), (5, 1, 2, 9)]
        {
            let padding = Padding::Explicit([(pads, pads); 2]);
            let axis = Axis::new(11, kernel, stride, dilation, padding, 0).unwrap();
            for output in 0..axis.output {
                let (taps, source) = span(&axis, output);
                assert_eq!(taps, axis.valid_taps(output), "output {output} of {axis:?}");
                if !taps.is_empty() {
                    assert_eq!(Some(source), axis.source(output, taps.start), "output {output} of {axis:?}");
                }
            }
        }
    }
}
