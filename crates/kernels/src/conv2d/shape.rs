//! The extents of a 2-D convolution, and the checks of slices against them.

use amct_tensor::window::Axis;

use crate::{KernelError, lengths};

/// The extents of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2dShape {
    /// Images.
    pub batch: usize,
    /// The window along the height.
    pub height: Axis,
    /// The window along the width.
    pub width: Axis,
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
}

impl Conv2dShape {
    /// Elements of the NHWC input.
    ///
    /// # Errors
    /// [`KernelError::Overflow`]
    pub fn input_len(&self) -> Result<usize, KernelError> {
        lengths::product("input", &[self.batch, self.height.input, self.width.input, self.in_channels])
    }

    /// Elements of the NHWC output.
    ///
    /// # Errors
    /// [`KernelError::Overflow`]
    pub fn output_len(&self) -> Result<usize, KernelError> {
        lengths::product("output", &[self.pixels()?, self.out_channels])
    }

    /// Products per output element: the rows of the filter as a matrix.
    ///
    /// # Errors
    /// [`KernelError::Overflow`]
    pub fn depth(&self) -> Result<usize, KernelError> {
        lengths::product("filter", &[self.height.kernel, self.width.kernel, self.in_channels])
    }

    /// Values of one row of the window.
    pub(super) fn row_len(&self) -> usize {
        self.width.kernel * self.in_channels
    }

    /// Output positions of the whole batch.
    pub(super) fn pixels(&self) -> Result<usize, KernelError> {
        lengths::product("output", &[self.batch, self.height.output, self.width.output])
    }

    /// Whether every output reads exactly the input at its own position.
    pub(super) fn is_pointwise(&self) -> bool {
        let identity = |axis: &Axis| {
            axis.kernel == 1 && axis.stride == 1 && axis.pad_before == 0 && axis.output == axis.input
        };
        identity(&self.height) && identity(&self.width)
    }

    pub(super) fn expect_packed(&self, found: (usize, usize)) -> Result<(), KernelError> {
        let expected = (self.depth()?, self.out_channels);
        if found == expected { Ok(()) } else { Err(KernelError::Packed { found, expected }) }
    }

    pub(super) fn expect_slices(&self, input: usize, output: usize) -> Result<(), KernelError> {
        lengths::expect("input", input, self.input_len()?)?;
        lengths::expect("output", output, self.output_len()?)
    }
}
