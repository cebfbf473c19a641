//! Graphs from quantization-aware training: from fake quantization to the numbers of each layer.
//!
//! Training puts a `FakeQuantWithMinMaxVars`, `...VarsPerChannel` or `...Args` behind weights and
//! activations. ATC knows none of these ops, so all of them go:
//!
//! 1. [`take_weights`] replaces those of constants by the constants they make, and tells for every
//!    layer's weights the distance of two steps of the trained grid;
//! 2. folding, as for any other graph; what is left of fake quantization keeps it from moving a
//!    batch norm past a place where training has rounded;
//! 3. [`take_activations`] removes those of activations, and tells each layer's scale and offset.
//!
//! Where fake quantization stands before other nodes than layers, these now read the value before
//! it, neither clipped nor rounded: ATC has no op that only pretends to quantize, and a real
//! quantization and dequantization there would cost time for a coarser value.
//!
//! Ranges and weights may be behind any constant expression, folded batch norm for instance; such
//! expressions are evaluated by the caller ([`Evaluate`](crate::Evaluate)), since this crate runs no graphs.

mod activations;
mod constant;
mod error;
mod range;
mod skip;
#[cfg(test)]
mod tests;
mod trace;
mod weights;

use amct_graph::{Node, op};

pub use activations::{TrainedActivations, take_activations};
pub use error::QatError;
pub use skip::QatSkip;
pub use weights::{TrainedWeights, take_weights};

/// The pass's name in reports and logs.
pub const PASS: &str = "convert_qat";

/// The ops of fake quantization.
pub const FAKE_QUANT_OPS: [&str; 3] = [
    op::FAKE_QUANT_WITH_MIN_MAX_ARGS,
    op::FAKE_QUANT_WITH_MIN_MAX_VARS,
    op::FAKE_QUANT_WITH_MIN_MAX_VARS_PER_CHANNEL,
];

/// Whether a node is fake quantization.
pub fn is_fake_quant(node: &Node) -> bool {
    FAKE_QUANT_OPS.contains(&node.op.as_str())
}
