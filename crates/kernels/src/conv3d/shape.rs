//! The extents of a 3-D convolution, and the checks of slices against them.

use amct_tensor::window::Axis;

use crate::{KernelError, lengths};

/// The extents of a 3-D convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv3dShape {
    /// Volumes.
    pub batch: usize,
    /// The window along the depth.
    pub depth: Axis,
    /// The window along the height.
    pub height: Axis,
    /// The window along the width.
    pub width: Axis,
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
}

impl Conv3dShape {
    /// Elements of the NDHWC input.
    ///
    /// # Errors
    /// [`KernelError::Overflow`]
    pub fn input_len(&self) -> Result<usize, KernelError> {
        let extents = [self.batch, self.depth.input, self.height.input, self.width.input, self.in_channels];
        lengths::product("input", &extents)
    }

    /// Elements of the NDHWC output.
    ///
    /// # Errors
    /// [`KernelError::Overflow`]
    pub fn output_len(&self) -> Result<usize, KernelError> {
        let extents =
            [self.batch, self.depth.output, self.height.output, self.width.output, self.out_channels];
        lengths::product("output", &extents)
    }

    /// Products per output element: the rows of the filter as a matrix.
    ///
    /// # Errors
    /// [`KernelError::Overflow`]
    pub fn taps(&self) -> Result<usize, KernelError> {
        let extents = [self.depth.kernel, self.height.kernel, self.width.kernel, self.in_channels];
        lengths::product("filter", &extents)
    }

    pub(super) fn expect_packed(&self, found: (usize, usize)) -> Result<(), KernelError> {
        let expected = (self.taps()?, self.out_channels);
        if found == expected { Ok(()) } else { Err(KernelError::Packed { found, expected }) }
    }

    pub(super) fn expect_slices(&self, input: usize, output: usize) -> Result<(), KernelError> {
        lengths::expect("input", input, self.input_len()?)?;
        lengths::expect("output", output, self.output_len()?)
    }
}
