//! The table of operators: op type to builder.

use crate::operator::{BuildContext, Operator};
use crate::{OpError, ops};

/// Makes an operator of a node.
pub type Builder = fn(&mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError>;

/// Every operator, by TensorFlow's op type, in alphabetical order.
pub const OPERATORS: &[(&str, Builder)] = &[
    ("Add", ops::binary::build),
    ("AddV2", ops::binary::build),
    ("AscendAntiQuant", ops::ascend_anti_quant::build),
    ("AscendDequant", ops::ascend_dequant::build),
    ("AscendQuant", ops::ascend_quant::build),
    ("AscendWeightQuant", ops::ascend_weight_quant::build),
    ("AvgPool", ops::avg_pool::build),
    ("BatchMatMul", ops::batch_matmul::build),
    ("BatchMatMulV2", ops::batch_matmul::build),
    ("BatchMatMulV3", ops::batch_matmul::build),
    ("BiasAdd", ops::bias_add::build),
    ("BiasAddV1", ops::bias_add::build),
    ("Cast", ops::cast::build),
    ("Conv2D", ops::conv2d::build),
    ("Conv2DBackpropInput", ops::conv2d_backprop_input::build),
    ("Conv3D", ops::conv3d::build),
    ("DepthwiseConv2dNative", ops::depthwise::build),
    ("Div", ops::binary::build),
    ("FusedBatchNorm", ops::batch_norm::build),
    ("FusedBatchNormV2", ops::batch_norm::build),
    ("FusedBatchNormV3", ops::batch_norm::build),
    ("Identity", ops::identity::build),
    ("MatMul", ops::matmul::build),
    ("MaxPool", ops::max_pool::build),
    ("Maximum", ops::binary::build),
    ("Mean", ops::mean::build),
    ("Minimum", ops::binary::build),
    ("Mul", ops::binary::build),
    ("Pad", ops::pad::build),
    ("PadV2", ops::pad::build),
    ("PlaceholderWithDefault", ops::identity::build),
    ("PreventGradient", ops::identity::build),
    ("RealDiv", ops::binary::build),
    ("Relu", ops::activation::build),
    ("Relu6", ops::activation::build),
    ("Reshape", ops::reshape::build),
    ("Shape", ops::shape::build),
    ("Snapshot", ops::identity::build),
    ("Softmax", ops::softmax::build),
    ("SquaredDifference", ops::binary::build),
    ("Squeeze", ops::squeeze::build),
    ("StopGradient", ops::identity::build),
    ("Sub", ops::binary::build),
];

/// The builder for an op type.
pub fn find(op: &str) -> Option<Builder> {
    OPERATORS
        .binary_search_by_key(&op, |(name, _)| name)
        .ok()
        .and_then(|index| OPERATORS.get(index))
        .map(|(_, builder)| *builder)
}

/// Whether nodes of this type have a value without an operator: constants and inputs.
pub fn is_source(op: &str) -> bool {
    matches!(op, "Const" | "Placeholder" | "PlaceholderV2" | "PlaceholderWithDefault")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_finds_its_own() {
        assert!(OPERATORS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(OPERATORS.iter().all(|(name, _)| find(name).is_some()));
        assert!(find("LSTMBlockCell").is_none());
    }
}
