//! What ops are, by name: those that several passes ask about. Kinds of layer are in
//! [`layer`](crate::layer).

/// Quantizes a float activation.
pub const QUANT: &str = "AscendQuant";
/// Hands int8 weights to a layer.
pub const WEIGHT_QUANT: &str = "AscendWeightQuant";
/// Dequantizes the sums of a layer.
pub const DEQUANT: &str = "AscendDequant";
/// Dequantizes an activation.
pub const ANTI_QUANT: &str = "AscendAntiQuant";
/// Adds one value per channel.
pub const BIAS_ADD: &str = "BiasAdd";
/// A constant.
pub const CONST: &str = "Const";
/// A change of type.
pub const CAST: &str = "Cast";
/// Cuts a tensor in equal parts.
pub const SPLIT: &str = "Split";

/// The data input of a `Split`; input 0 is the axis.
pub const SPLIT_DATA: usize = 1;

/// Whether it joins tensors along an axis.
pub fn is_concat(op: &str) -> bool {
    matches!(op, "ConcatV2" | "Concat")
}

/// Whether it is a batch norm in one node.
pub fn is_batch_norm(op: &str) -> bool {
    matches!(op, "FusedBatchNorm" | "FusedBatchNormV2" | "FusedBatchNormV3")
}

/// The input that holds the data of an op other than a layer.
pub fn data_input(op: &str) -> usize {
    if op == SPLIT { SPLIT_DATA } else { 0 }
}
