//! The reasons why a batch norm, product or sum is not folded.

use std::fmt;

use amct_graph::{AttrError, GraphError};
use amct_tensor::DataFormat;

use crate::report::SkipReason;

/// Why a batch norm, product or sum is not folded.
#[derive(Clone, Debug, PartialEq)]
pub enum FoldSkip {
    /// Folding is switched off.
    Disabled,
    /// The layer is in `skip_fusion_layers`.
    Listed,
    /// `is_training` is true: the statistics are those of the batch.
    Training,
    /// What is changed is not the output of a convolution or matrix product.
    NotAfterConvolution {
        /// The node there.
        found: String,
    },
    /// The layer transposes its weights.
    Transposed,
    /// A node of the group is read by others too.
    SeveralReaders {
        /// The node.
        node: String,
    },
    /// A node inside the group is a requested output, so its value must stay.
    OutputRequested {
        /// The node.
        node: String,
    },
    /// The batch statistics (outputs 1 and up) are read.
    StatisticsUsed,
    /// A control input of the batch norm would be lost.
    ControlInput,
    /// An input that must be constant is not.
    NotConstant {
        /// Which one.
        what: &'static str,
    },
    /// A constant of another type than float32, or of a shape that does not fit.
    Constant {
        /// Which one.
        what: &'static str,
        /// Type and shape accepted.
        expected: String,
        /// Type and shape found.
        found: String,
    },
    /// Two layouts within the group.
    DataFormat {
        /// The convolution's.
        convolution: DataFormat,
        /// That of the other node.
        other: DataFormat,
    },
    /// The layer behind it reads padding, which the norm must not change.
    Padded {
        /// The layer.
        layer: String,
    },
    /// The folded weights or bias would hold an infinity or a NaN.
    NotFinite,
    /// An attribute outside what is supported.
    Attribute(AttrError),
    /// A constant that cannot be read.
    Unreadable(GraphError),
}

impl fmt::Display for FoldSkip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FoldSkip::Disabled => f.write_str("fusion is switched off"),
            FoldSkip::Listed => f.write_str("it is in skip_fusion_layers"),
            FoldSkip::Training => {
                f.write_str("is_training is true; an inference graph with is_training false is needed")
            }
            FoldSkip::NotAfterConvolution { found } => write!(
                f,
                "it changes the output of {found}, not of a convolution or matrix product (with or without BiasAdd)"
            ),
            FoldSkip::Transposed => f.write_str("the layer before it transposes its weights"),
            FoldSkip::SeveralReaders { node } => write!(f, "{node} has other readers"),
            FoldSkip::OutputRequested { node } => write!(f, "{node} is a requested output"),
            FoldSkip::StatisticsUsed => f.write_str("its batch statistics are read"),
            FoldSkip::ControlInput => f.write_str("it has a control input"),
            FoldSkip::NotConstant { what } => write!(f, "{what} is not constant"),
            FoldSkip::Constant { what, expected, found } => {
                write!(f, "{what} must be {expected}, but is {found}")
            }
            FoldSkip::DataFormat { convolution, other } => {
                write!(f, "the convolution is {convolution}, but what follows is {other}")
            }
            FoldSkip::Padded { layer } => {
                write!(f, "it follows no layer, and {layer} behind it pads its input")
            }
            FoldSkip::NotFinite => f.write_str("the folded weights or bias would not be finite"),
            FoldSkip::Attribute(error) => error.fmt(f),
            FoldSkip::Unreadable(error) => error.fmt(f),
        }
    }
}

impl FoldSkip {
    /// Whether there is a layer that the node could be folded into: only then is it worth telling
    /// of a product or sum.
    pub(super) fn is_about_a_layer(&self) -> bool {
        let is_elsewhere = matches!(
            self,
            FoldSkip::NotAfterConvolution { .. }
                | FoldSkip::NotConstant { .. }
                | FoldSkip::Transposed
                | FoldSkip::Attribute(_)
                | FoldSkip::Unreadable(_)
        );
        !is_elsewhere
    }
}

impl SkipReason for FoldSkip {
    fn is_by_request(&self) -> bool {
        matches!(self, FoldSkip::Disabled | FoldSkip::Listed)
    }
}

impl From<AttrError> for FoldSkip {
    fn from(error: AttrError) -> Self {
        FoldSkip::Attribute(error)
    }
}
