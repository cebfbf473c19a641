//! Sliding windows: kernel size, stride, dilation and padding of convolution and pooling.
//!
//! One dimension at a time, with TensorFlow's rules for `SAME`, `VALID` and `EXPLICIT`.

use std::fmt;

/// How a window may reach beyond the edges of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Padding {
    /// Output extent is input extent over stride, rounded up; the odd padding row goes after.
    Same,
    /// No padding.
    Valid,
    /// Given rows before and after, as `[(top, bottom), (left, right)]`.
    Explicit([(usize, usize); 2]),
}

/// One dimension of a sliding window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Axis {
    /// Kernel extent.
    pub kernel: usize,
    /// Step between outputs.
    pub stride: usize,
    /// Step between kernel taps.
    pub dilation: usize,
    /// Zeros before the first input element.
    pub pad_before: usize,
    /// Zeros after the last input element.
    pub pad_after: usize,
    /// Input extent.
    pub input: usize,
    /// Output extent.
    pub output: usize,
}

/// A window that cannot be laid over its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WindowError {
    /// Kernel, stride or dilation is zero.
    Zero,
    /// The dilated kernel is larger than the padded input.
    KernelTooLarge {
        /// Extent of the dilated kernel.
        kernel: usize,
        /// Extent of the padded input.
        input: usize,
    },
    /// A sum of extents overflows.
    Overflow,
}

impl fmt::Display for WindowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WindowError::Zero => f.write_str("kernel size, stride and dilation must be at least 1"),
            WindowError::KernelTooLarge { kernel, input } => {
                write!(f, "a kernel of extent {kernel} does not fit into a padded input of extent {input}")
            }
            WindowError::Overflow => f.write_str("the extents of the window overflow"),
        }
    }
}

impl std::error::Error for WindowError {}

impl Axis {
    /// Lays a kernel over an input of extent `input`. `dimension` picks the pair of
    /// [`Padding::Explicit`]: 0 height, 1 width.
    ///
    /// # Errors
    /// See [`WindowError`].
    pub fn new(
        input: usize,
        kernel: usize,
        stride: usize,
        dilation: usize,
        padding: Padding,
        dimension: usize,
    ) -> Result<Self, WindowError> {
        if kernel == 0 || stride == 0 || dilation == 0 {
            return Err(WindowError::Zero);
        }
        let extent =
            (kernel - 1).checked_mul(dilation).and_then(|e| e.checked_add(1)).ok_or(WindowError::Overflow)?;
        let (pad_before, pad_after) = match padding {
            Padding::Valid => (0, 0),
            Padding::Explicit(pads) => pads.get(dimension).copied().unwrap_or((0, 0)),
            Padding::Same => {
                let output = input.div_ceil(stride);
                let covered = output
                    .saturating_sub(1)
                    .checked_mul(stride)
                    .and_then(|c| c.checked_add(extent))
                    .ok_or(WindowError::Overflow)?;
                let total = covered.saturating_sub(input);
                (total / 2, total - total / 2)
            }
        };
        let padded = input
            .checked_add(pad_before)
            .and_then(|p| p.checked_add(pad_after))
            .ok_or(WindowError::Overflow)?;
        let output = match padding {
            Padding::Same => input.div_ceil(stride),
            _ if padded < extent => {
                return Err(WindowError::KernelTooLarge { kernel: extent, input: padded });
            }
            _ => (padded - extent) / stride + 1,
        };
        Ok(Self { kernel, stride, dilation, pad_before, pad_after, input, output })
    }

    /// The input index that tap `tap` of output `output` reads, or `None` in the padding.
    #[inline]
    pub fn source(&self, output: usize, tap: usize) -> Option<usize> {
        (output * self.stride + tap * self.dilation)
            .checked_sub(self.pad_before)
            .filter(|&index| index < self.input)
    }

    /// The taps of output `output` that read inside the input, as a half-open range.
    #[inline]
    pub fn valid_taps(&self, output: usize) -> std::ops::Range<usize> {
        let start = output * self.stride;
        let first = self.pad_before.saturating_sub(start).div_ceil(self.dilation);
        let limit = self.input + self.pad_before;
        let last = if limit > start { (limit - start).div_ceil(self.dilation) } else { 0 };
        let last = last.min(self.kernel);
        first.min(last)..last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_puts_the_odd_row_after() {
        let axis = Axis::new(224, 3, 2, 1, Padding::Same, 0).unwrap();
        assert_eq!((axis.output, axis.pad_before, axis.pad_after), (112, 0, 1));
        let axis = Axis::new(7, 3, 1, 2, Padding::Same, 0).unwrap();
        assert_eq!((axis.output, axis.pad_before, axis.pad_after), (7, 2, 2));
    }

    #[test]
    fn valid_and_explicit_follow_the_formula() {
        assert_eq!(Axis::new(226, 3, 2, 1, Padding::Valid, 0).unwrap().output, 112);
        let explicit = Padding::Explicit([(1, 0), (2, 3)]);
        assert_eq!(Axis::new(5, 3, 1, 1, explicit, 0).unwrap().output, 4);
        assert_eq!(Axis::new(5, 3, 1, 1, explicit, 1).unwrap().output, 8);
    }

    #[test]
    fn impossible_windows_are_refused() {
        assert_eq!(Axis::new(5, 0, 1, 1, Padding::Valid, 0), Err(WindowError::Zero));
        assert_eq!(
            Axis::new(2, 3, 1, 1, Padding::Valid, 0),
            Err(WindowError::KernelTooLarge { kernel: 3, input: 2 })
        );
        assert_eq!(Axis::new(2, usize::MAX, 1, 2, Padding::Valid, 0), Err(WindowError::Overflow));
    }

    #[test]
    fn valid_taps_are_those_with_a_source() {
        for dilation in 1..4 {
            for stride in 1..3 {
                let pads = Padding::Explicit([(5, 4), (0, 0)]);
                let axis = Axis::new(4, 3, stride, dilation, pads, 0).unwrap();
                for output in 0..axis.output {
                    let by_source: Vec<usize> =
                        (0..3).filter(|&tap| axis.source(output, tap).is_some()).collect();
                    let by_range: Vec<usize> = axis.valid_taps(output).collect();
                    assert_eq!(by_range, by_source, "output {output} of {axis:?}");
                }
            }
        }
    }
}
