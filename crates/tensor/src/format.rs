//! NHWC and NCHW: where channels, height and width are.

use std::fmt;

/// The order of the dimensions of an activation tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum DataFormat {
    /// Batch, height, width, channels: TensorFlow's default.
    #[default]
    Nhwc,
    /// Batch, channels, height, width.
    Nchw,
}

impl DataFormat {
    /// The format of that TensorFlow name (`NHWC`, `NCHW`).
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "NHWC" => Some(DataFormat::Nhwc),
            "NCHW" => Some(DataFormat::Nchw),
            _ => None,
        }
    }

    /// TensorFlow's name of it.
    pub fn name(self) -> &'static str {
        match self {
            DataFormat::Nhwc => "NHWC",
            DataFormat::Nchw => "NCHW",
        }
    }

    /// The axis that holds the channels of a tensor of this rank (at least 2).
    pub fn channel_axis(self, rank: usize) -> usize {
        match self {
            DataFormat::Nhwc => rank.saturating_sub(1),
            DataFormat::Nchw => 1,
        }
    }

    /// The axes of height and width of a rank 4 tensor.
    pub fn spatial_axes(self) -> (usize, usize) {
        match self {
            DataFormat::Nhwc => (1, 2),
            DataFormat::Nchw => (2, 3),
        }
    }
}

impl fmt::Display for DataFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
