//! The extents of a transposed convolution, and the checks of slices against them.

use amct_tensor::window::Axis;

use crate::{KernelError, lengths};

/// What a filter is packed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransposeWindow {
    /// Kernel extents along height and width.
    pub kernel: (usize, usize),
    /// Output steps between neighbouring inputs.
    pub strides: (usize, usize),
    /// Output steps between neighbouring taps.
    pub dilations: (usize, usize),
    /// Channels of the input: the filter's last dimension.
    pub in_channels: usize,
    /// Channels of the output: the filter's dimension 2.
    pub out_channels: usize,
}

/// The extents of a transposed convolution. Its axes are those of the convolution it transposes:
/// what `height` and `width` call `output` is its input, and the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2dTransposeShape {
    /// Images.
    pub batch: usize,
    /// The transposed window along the height.
    pub height: Axis,
    /// The transposed window along the width.
    pub width: Axis,
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
}

impl Conv2dTransposeShape {
    /// Elements of the NHWC input.
    ///
    /// # Errors
    /// [`KernelError::Overflow`]
    pub fn input_len(&self) -> Result<usize, KernelError> {
        lengths::product("input", &[self.batch, self.height.output, self.width.output, self.in_channels])
    }

    /// Elements of the NHWC output.
    ///
    /// # Errors
    /// [`KernelError::Overflow`]
    pub fn output_len(&self) -> Result<usize, KernelError> {
        lengths::product("output", &[self.batch, self.height.input, self.width.input, self.out_channels])
    }

    /// What its filter must be packed for.
    pub fn window(&self) -> TransposeWindow {
        TransposeWindow {
            kernel: (self.height.kernel, self.width.kernel),
            strides: (self.height.stride, self.width.stride),
            dilations: (self.height.dilation, self.width.dilation),
            in_channels: self.in_channels,
            out_channels: self.out_channels,
        }
    }

    pub(super) fn taps(&self) -> Result<usize, KernelError> {
        lengths::product("filter", &[self.height.kernel, self.width.kernel])
    }

    pub(super) fn expect_slices(&self, input: usize, output: usize) -> Result<(), KernelError> {
        lengths::expect("input", input, self.input_len()?)?;
        lengths::expect("output", output, self.output_len()?)
    }
}
