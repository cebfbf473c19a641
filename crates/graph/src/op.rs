//! What ops are, by name: those that several passes ask about. Kinds of layer are in
//! [`layer`](crate::layer).

mod names;

pub use names::*;

/// The data input of a `Split`; input 0 is the axis.
pub const SPLIT_DATA: usize = 1;

/// Whether it joins tensors along an axis.
pub fn is_concat(op: &str) -> bool {
    matches!(op, CONCAT_V2 | CONCAT)
}

/// Whether it is a batch norm in one node.
pub fn is_batch_norm(op: &str) -> bool {
    matches!(op, FUSED_BATCH_NORM | FUSED_BATCH_NORM_V2 | FUSED_BATCH_NORM_V3)
}

/// The input that holds the data of an op other than a layer.
pub fn data_input(op: &str) -> usize {
    if op == SPLIT { SPLIT_DATA } else { 0 }
}
