//! The table of operators: op type to builder.

use crate::operator::{BuildContext, Operator};
use crate::{OpError, ops};

/// Makes an operator of a node.
pub type Builder = fn(&mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError>;

/// Every operator, by TensorFlow's op type, in alphabetical order.
pub const OPERATORS: &[(&str, Builder)] = &[
    ("Abs", ops::elementwise::unary::build),
    ("Add", ops::elementwise::binary::build),
    ("AddN", ops::elementwise::add_n::build),
    ("AddV2", ops::elementwise::binary::build),
    ("All", ops::reduce::reduction::build),
    ("Any", ops::reduce::reduction::build),
    ("ArgMax", ops::reduce::arg_max::build),
    ("ArgMin", ops::reduce::arg_max::build),
    ("AscendAntiQuant", ops::quantized::ascend_anti_quant::build),
    ("AscendDequant", ops::quantized::ascend_dequant::build),
    ("AscendQuant", ops::quantized::ascend_quant::build),
    ("AscendWeightQuant", ops::quantized::ascend_weight_quant::build),
    ("AvgPool", ops::reduce::avg_pool::build),
    ("BatchMatMul", ops::layer::batch_matmul::build),
    ("BatchMatMulV2", ops::layer::batch_matmul::build),
    ("BatchMatMulV3", ops::layer::batch_matmul::build),
    ("BatchToSpaceND", ops::array::space_to_batch::build),
    ("BiasAdd", ops::elementwise::bias_add::build),
    ("BiasAddV1", ops::elementwise::bias_add::build),
    ("BroadcastTo", ops::array::broadcast_to::build),
    ("Cast", ops::elementwise::cast::build),
    ("Ceil", ops::elementwise::unary::build),
    ("Concat", ops::array::concat::build),
    ("ConcatV2", ops::array::concat::build),
    ("Conv2D", ops::layer::conv2d::build),
    ("Conv2DBackpropInput", ops::layer::conv2d_backprop_input::build),
    ("Conv3D", ops::layer::conv3d::build),
    ("Cos", ops::elementwise::unary::build),
    ("CropAndResize", ops::detect::crop_and_resize::build),
    ("DepthToSpace", ops::array::depth_to_space::build),
    ("DepthwiseConv2dNative", ops::layer::depthwise::build),
    ("Div", ops::elementwise::binary::build),
    ("DivNoNan", ops::elementwise::binary::build),
    ("Elu", ops::elementwise::unary::build),
    ("Equal", ops::elementwise::comparison::build),
    ("Erf", ops::elementwise::unary::build),
    ("Erfc", ops::elementwise::unary::build),
    ("Exp", ops::elementwise::unary::build),
    ("ExpandDims", ops::array::expand_dims::build),
    ("Expm1", ops::elementwise::unary::build),
    ("FakeQuantWithMinMaxArgs", ops::quantized::fake_quant::build_args),
    ("FakeQuantWithMinMaxVars", ops::quantized::fake_quant::build),
    ("FakeQuantWithMinMaxVarsPerChannel", ops::quantized::fake_quant::build),
    ("Fill", ops::array::fill::build),
    ("Floor", ops::elementwise::unary::build),
    ("FloorDiv", ops::elementwise::binary::build),
    ("FloorMod", ops::elementwise::binary::build),
    ("FusedBatchNorm", ops::elementwise::batch_norm::build),
    ("FusedBatchNormV2", ops::elementwise::batch_norm::build),
    ("FusedBatchNormV3", ops::elementwise::batch_norm::build),
    ("Gather", ops::array::gather::build),
    ("GatherNd", ops::array::gather_nd::build),
    ("GatherV2", ops::array::gather::build),
    ("Greater", ops::elementwise::comparison::build),
    ("GreaterEqual", ops::elementwise::comparison::build),
    ("Identity", ops::array::identity::build),
    ("IdentityN", ops::array::identity::build),
    ("Inv", ops::elementwise::unary::build),
    ("LRN", ops::reduce::lrn::build),
    ("LeakyRelu", ops::elementwise::leaky_relu::build),
    ("Less", ops::elementwise::comparison::build),
    ("LessEqual", ops::elementwise::comparison::build),
    ("Log", ops::elementwise::unary::build),
    ("Log1p", ops::elementwise::unary::build),
    ("LogSoftmax", ops::reduce::softmax::build),
    ("LogicalAnd", ops::elementwise::logical::build),
    ("LogicalNot", ops::elementwise::logical::build),
    ("LogicalOr", ops::elementwise::logical::build),
    ("MatMul", ops::layer::matmul::build),
    ("Max", ops::reduce::reduction::build),
    ("MaxPool", ops::reduce::max_pool::build),
    ("MaxPoolV2", ops::reduce::max_pool::build),
    ("Maximum", ops::elementwise::binary::build),
    ("Mean", ops::reduce::reduction::build),
    ("Min", ops::reduce::reduction::build),
    ("Minimum", ops::elementwise::binary::build),
    ("MirrorPad", ops::array::mirror_pad::build),
    ("Mul", ops::elementwise::binary::build),
    ("Neg", ops::elementwise::unary::build),
    ("NonMaxSuppression", ops::detect::non_max_suppression::build),
    ("NonMaxSuppressionV2", ops::detect::non_max_suppression::build),
    ("NonMaxSuppressionV3", ops::detect::non_max_suppression::build),
    ("NonMaxSuppressionV4", ops::detect::non_max_suppression::build),
    ("NonMaxSuppressionV5", ops::detect::non_max_suppression::build),
    ("NotEqual", ops::elementwise::comparison::build),
    ("OneHot", ops::array::one_hot::build),
    ("OnesLike", ops::array::like::build),
    ("Pack", ops::array::concat::build_pack),
    ("Pad", ops::array::pad::build),
    ("PadV2", ops::array::pad::build),
    ("PlaceholderWithDefault", ops::array::identity::build),
    ("Pow", ops::elementwise::binary::build),
    ("PreventGradient", ops::array::identity::build),
    ("Prod", ops::reduce::reduction::build),
    ("Range", ops::array::range::build),
    ("Rank", ops::array::shape::build),
    ("RealDiv", ops::elementwise::binary::build),
    ("Reciprocal", ops::elementwise::unary::build),
    ("Relu", ops::elementwise::activation::build),
    ("Relu6", ops::elementwise::activation::build),
    ("Reshape", ops::array::reshape::build),
    ("ResizeBilinear", ops::detect::resize_bilinear::build),
    ("ResizeNearestNeighbor", ops::detect::resize_nearest::build),
    ("ReverseV2", ops::array::reverse::build),
    ("Rint", ops::elementwise::unary::build),
    ("Round", ops::elementwise::unary::build),
    ("Rsqrt", ops::elementwise::unary::build),
    ("ScatterNd", ops::array::gather_nd::build_scatter),
    ("Select", ops::elementwise::select::build),
    ("SelectV2", ops::elementwise::select::build),
    ("Selu", ops::elementwise::unary::build),
    ("Shape", ops::array::shape::build),
    ("ShapeN", ops::array::shape::build),
    ("Sigmoid", ops::elementwise::unary::build),
    ("Sign", ops::elementwise::unary::build),
    ("Sin", ops::elementwise::unary::build),
    ("Size", ops::array::shape::build),
    ("Slice", ops::array::slice::build),
    ("Snapshot", ops::array::identity::build),
    ("Softmax", ops::reduce::softmax::build),
    ("Softplus", ops::elementwise::unary::build),
    ("Softsign", ops::elementwise::unary::build),
    ("SpaceToBatchND", ops::array::space_to_batch::build),
    ("SpaceToDepth", ops::array::depth_to_space::build),
    ("SparseToDense", ops::array::sparse_to_dense::build),
    ("Split", ops::array::split::build),
    ("SplitV", ops::array::split::build),
    ("Sqrt", ops::elementwise::unary::build),
    ("Square", ops::elementwise::unary::build),
    ("SquaredDifference", ops::elementwise::binary::build),
    ("Squeeze", ops::array::squeeze::build),
    ("StopGradient", ops::array::identity::build),
    ("StridedSlice", ops::array::strided_slice::build),
    ("Sub", ops::elementwise::binary::build),
    ("Sum", ops::reduce::reduction::build),
    ("Tanh", ops::elementwise::unary::build),
    ("Tile", ops::array::tile::build),
    ("TopK", ops::reduce::top_k::build),
    ("TopKV2", ops::reduce::top_k::build),
    ("Transpose", ops::array::transpose::build),
    ("Unpack", ops::array::split::build_unpack),
    ("Where", ops::array::where_true::build),
    ("ZerosLike", ops::array::like::build),
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

/// Whether nodes of this type give what they read.
pub(crate) fn is_identity(op: &str) -> bool {
    matches!(op, "Identity" | "PreventGradient" | "Snapshot" | "StopGradient")
}

/// Whether nodes of this type need no operator because they compute no data, or because they are decided
/// before a plan is made.
pub fn is_control(op: &str) -> bool {
    matches!(op, "Assert" | "NoOp") || is_conditional(op)
}

/// Whether nodes of this type choose between values.
pub(crate) fn is_conditional(op: &str) -> bool {
    matches!(op, "Switch" | "RefSwitch" | "Merge" | "RefMerge")
}

/// Whether a plan can be made of nodes of this type.
pub fn is_known(op: &str) -> bool {
    is_source(op) || is_control(op) || find(op).is_some()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The ops whose row of this file's table names a builder.
    fn built_by(builder: &str) -> BTreeSet<&'static str> {
        let ending = format!(", {builder}),");
        let rows = include_str!("registry.rs").lines().filter_map(|line| line.trim().strip_suffix(&ending));
        rows.map(|row| row.trim_start_matches("(\"").trim_end_matches('"')).collect()
    }

    /// An op that is only in one of the two tables would be known and yet refused when a plan is made, or
    /// never be found.
    #[test]
    fn functions_by_name_are_those_registered() {
        let tables: [(&str, Vec<&str>); 2] = [
            ("ops::elementwise::unary::build", ops::elementwise::unary::names().collect()),
            ("ops::elementwise::binary::build", ops::elementwise::binary::names().collect()),
        ];
        for (builder, names) in tables {
            assert!(names.is_sorted_by(|a, b| a < b), "{builder}");
            assert_eq!(built_by(builder), names.into_iter().collect(), "rows with {builder}");
        }
    }

    #[test]
    fn the_table_is_sorted_and_finds_its_own() {
        assert!(OPERATORS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(OPERATORS.iter().all(|(name, _)| find(name).is_some()));
        assert!(find("LSTMBlockCell").is_none());
    }
}
