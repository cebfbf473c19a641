//! The extents of a depthwise convolution, and the checks of slices against them.

use amct_tensor::window::Axis;

use crate::{KernelError, lengths};

/// The extents of a depthwise convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthwiseShape {
    /// Images.
    pub batch: usize,
    /// The window along the height.
    pub height: Axis,
    /// The window along the width.
    pub width: Axis,
    /// Channels of the input.
    pub channels: usize,
    /// Output channels per input channel.
    pub multiplier: usize,
}

impl DepthwiseShape {
    /// Elements of the NHWC input.
    ///
    /// # Errors
    /// [`KernelError::Overflow`]
    pub fn input_len(&self) -> Result<usize, KernelError> {
        lengths::product("input", &[self.batch, self.height.input, self.width.input, self.channels])
    }

    /// Elements of the NHWC output.
    ///
    /// # Errors
    /// [`KernelError::Overflow`]
    pub fn output_len(&self) -> Result<usize, KernelError> {
        let pixels = [self.batch, self.height.output, self.width.output];
        lengths::product("output", &[lengths::product("output", &pixels)?, self.out_channels()?])
    }

    /// Elements of the HWCM filter.
    ///
    /// # Errors
    /// [`KernelError::Overflow`]
    pub fn filter_len(&self) -> Result<usize, KernelError> {
        lengths::product("filter", &[self.taps()?, self.out_channels()?])
    }

    /// Channels of the output.
    ///
    /// # Errors
    /// [`KernelError::Overflow`]
    pub fn out_channels(&self) -> Result<usize, KernelError> {
        lengths::product("output", &[self.channels, self.multiplier])
    }

    pub(super) fn taps(&self) -> Result<usize, KernelError> {
        lengths::product("filter", &[self.height.kernel, self.width.kernel])
    }

    pub(super) fn expect_slices(
        &self,
        input: usize,
        filter: usize,
        output: usize,
    ) -> Result<(), KernelError> {
        lengths::expect("input", input, self.input_len()?)?;
        lengths::expect("filter", filter, self.filter_len()?)?;
        lengths::expect("output", output, self.output_len()?)
    }
}
