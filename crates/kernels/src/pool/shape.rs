//! The extents of a pooling, and its windows' taps inside the image.

use amct_tensor::window::Axis;

use crate::{KernelError, lengths};

/// The extents of a pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolShape {
    /// Images.
    pub batch: usize,
    /// The window along the height.
    pub height: Axis,
    /// The window along the width.
    pub width: Axis,
    /// Channels of input and output.
    pub channels: usize,
}

impl PoolShape {
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
        lengths::product("output", &[self.batch, self.height.output, self.width.output, self.channels])
    }

    /// The taps of output (`y`, `x`) that lie inside the image.
    #[inline]
    pub fn taps(&self, y: usize, x: usize) -> usize {
        self.height.valid_taps(y).len() * self.width.valid_taps(x).len()
    }

    pub(super) fn expect_no_empty_window(&self) -> Result<(), KernelError> {
        for (dimension, axis) in [("height", &self.height), ("width", &self.width)] {
            if let Some(output) = (0..axis.output).find(|&output| axis.valid_taps(output).is_empty()) {
                return Err(KernelError::EmptyWindow { dimension, output });
            }
        }
        Ok(())
    }
}
