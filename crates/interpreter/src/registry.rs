//! The table of operators: op type to builder.

use crate::operator::{BuildContext, Operator};
use crate::{OpError, ops};

/// Makes an operator of a node.
pub type Builder = fn(&mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError>;

/// Every operator, by TensorFlow's op type, in alphabetical order.
pub const OPERATORS: &[(&str, Builder)] = &[
    ("Abs", ops::unary::build),
    ("Add", ops::binary::build),
    ("AddN", ops::add_n::build),
    ("AddV2", ops::binary::build),
    ("All", ops::reduction::build),
    ("Any", ops::reduction::build),
    ("ArgMax", ops::arg_max::build),
    ("ArgMin", ops::arg_max::build),
    ("AscendAntiQuant", ops::ascend_anti_quant::build),
    ("AscendDequant", ops::ascend_dequant::build),
    ("AscendQuant", ops::ascend_quant::build),
    ("AscendWeightQuant", ops::ascend_weight_quant::build),
    ("AvgPool", ops::avg_pool::build),
    ("BatchMatMul", ops::layer::batch_matmul::build),
    ("BatchMatMulV2", ops::layer::batch_matmul::build),
    ("BatchMatMulV3", ops::layer::batch_matmul::build),
    ("BatchToSpaceND", ops::space_to_batch::build),
    ("BiasAdd", ops::bias_add::build),
    ("BiasAddV1", ops::bias_add::build),
    ("BroadcastTo", ops::broadcast_to::build),
    ("Cast", ops::cast::build),
    ("Ceil", ops::unary::build),
    ("Concat", ops::concat::build),
    ("ConcatV2", ops::concat::build),
    ("Conv2D", ops::layer::conv2d::build),
    ("Conv2DBackpropInput", ops::layer::conv2d_backprop_input::build),
    ("Conv3D", ops::layer::conv3d::build),
    ("Cos", ops::unary::build),
    ("CropAndResize", ops::crop_and_resize::build),
    ("DepthToSpace", ops::depth_to_space::build),
    ("DepthwiseConv2dNative", ops::layer::depthwise::build),
    ("Div", ops::binary::build),
    ("DivNoNan", ops::binary::build),
    ("Elu", ops::unary::build),
    ("Equal", ops::comparison::build),
    ("Erf", ops::unary::build),
    ("Erfc", ops::unary::build),
    ("Exp", ops::unary::build),
    ("ExpandDims", ops::expand_dims::build),
    ("Expm1", ops::unary::build),
    ("FakeQuantWithMinMaxArgs", ops::fake_quant::build_args),
    ("FakeQuantWithMinMaxVars", ops::fake_quant::build),
    ("FakeQuantWithMinMaxVarsPerChannel", ops::fake_quant::build),
    ("Fill", ops::fill::build),
    ("Floor", ops::unary::build),
    ("FloorDiv", ops::binary::build),
    ("FloorMod", ops::binary::build),
    ("FusedBatchNorm", ops::batch_norm::build),
    ("FusedBatchNormV2", ops::batch_norm::build),
    ("FusedBatchNormV3", ops::batch_norm::build),
    ("Gather", ops::gather::build),
    ("GatherNd", ops::gather_nd::build),
    ("GatherV2", ops::gather::build),
    ("Greater", ops::comparison::build),
    ("GreaterEqual", ops::comparison::build),
    ("Identity", ops::identity::build),
    ("IdentityN", ops::identity::build),
    ("Inv", ops::unary::build),
    ("LRN", ops::lrn::build),
    ("LeakyRelu", ops::leaky_relu::build),
    ("Less", ops::comparison::build),
    ("LessEqual", ops::comparison::build),
    ("Log", ops::unary::build),
    ("Log1p", ops::unary::build),
    ("LogSoftmax", ops::softmax::build),
    ("LogicalAnd", ops::logical::build),
    ("LogicalNot", ops::logical::build),
    ("LogicalOr", ops::logical::build),
    ("MatMul", ops::layer::matmul::build),
    ("Max", ops::reduction::build),
    ("MaxPool", ops::max_pool::build),
    ("MaxPoolV2", ops::max_pool::build),
    ("Maximum", ops::binary::build),
    ("Mean", ops::reduction::build),
    ("Min", ops::reduction::build),
    ("Minimum", ops::binary::build),
    ("MirrorPad", ops::mirror_pad::build),
    ("Mul", ops::binary::build),
    ("Neg", ops::unary::build),
    ("NonMaxSuppression", ops::non_max_suppression::build),
    ("NonMaxSuppressionV2", ops::non_max_suppression::build),
    ("NonMaxSuppressionV3", ops::non_max_suppression::build),
    ("NonMaxSuppressionV4", ops::non_max_suppression::build),
    ("NonMaxSuppressionV5", ops::non_max_suppression::build),
    ("NotEqual", ops::comparison::build),
    ("OneHot", ops::one_hot::build),
    ("OnesLike", ops::like::build),
    ("Pack", ops::concat::build_pack),
    ("Pad", ops::pad::build),
    ("PadV2", ops::pad::build),
    ("PlaceholderWithDefault", ops::identity::build),
    ("Pow", ops::binary::build),
    ("PreventGradient", ops::identity::build),
    ("Prod", ops::reduction::build),
    ("Range", ops::range::build),
    ("Rank", ops::shape::build),
    ("RealDiv", ops::binary::build),
    ("Reciprocal", ops::unary::build),
    ("Relu", ops::activation::build),
    ("Relu6", ops::activation::build),
    ("Reshape", ops::reshape::build),
    ("ResizeBilinear", ops::resize_bilinear::build),
    ("ResizeNearestNeighbor", ops::resize_nearest::build),
    ("ReverseV2", ops::reverse::build),
    ("Rint", ops::unary::build),
    ("Round", ops::unary::build),
    ("Rsqrt", ops::unary::build),
    ("ScatterNd", ops::gather_nd::build_scatter),
    ("Select", ops::select::build),
    ("SelectV2", ops::select::build),
    ("Selu", ops::unary::build),
    ("Shape", ops::shape::build),
    ("ShapeN", ops::shape::build),
    ("Sigmoid", ops::unary::build),
    ("Sign", ops::unary::build),
    ("Sin", ops::unary::build),
    ("Size", ops::shape::build),
    ("Slice", ops::slice::build),
    ("Snapshot", ops::identity::build),
    ("Softmax", ops::softmax::build),
    ("Softplus", ops::unary::build),
    ("Softsign", ops::unary::build),
    ("SpaceToBatchND", ops::space_to_batch::build),
    ("SpaceToDepth", ops::depth_to_space::build),
    ("SparseToDense", ops::sparse_to_dense::build),
    ("Split", ops::split::build),
    ("SplitV", ops::split::build),
    ("Sqrt", ops::unary::build),
    ("Square", ops::unary::build),
    ("SquaredDifference", ops::binary::build),
    ("Squeeze", ops::squeeze::build),
    ("StopGradient", ops::identity::build),
    ("StridedSlice", ops::strided_slice::build),
    ("Sub", ops::binary::build),
    ("Sum", ops::reduction::build),
    ("Tanh", ops::unary::build),
    ("Tile", ops::tile::build),
    ("TopK", ops::top_k::build),
    ("TopKV2", ops::top_k::build),
    ("Transpose", ops::transpose::build),
    ("Unpack", ops::split::build_unpack),
    ("Where", ops::where_true::build),
    ("ZerosLike", ops::like::build),
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
            ("ops::unary::build", ops::unary::names().collect()),
            ("ops::binary::build", ops::binary::names().collect()),
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
