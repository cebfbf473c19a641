//! Which operation types the configuration can speak of: AMCT's capacity table for TensorFlow, as far
//! as it is known (`docs/sources/amct.md` section 7).

/// The types whose nodes can be quantized as layers.
pub const QUANTIZABLE: [&str; 8] = [
    "Conv2D",
    "DepthwiseConv2dNative",
    "Conv2DBackpropInput",
    "Conv3D",
    "MatMul",
    "BatchMatMul",
    "BatchMatMulV2",
    "AvgPool",
];

/// Those of them that may have one weight scale per output channel.
pub const CHANNEL_WISE: [&str; 3] = ["Conv2D", "DepthwiseConv2dNative", "Conv2DBackpropInput"];

/// Those without weights, which the DMQ balancer has nothing to balance with.
pub const WITHOUT_WEIGHTS: [&str; 1] = ["AvgPool"];

/// The types that `tensor_quantize` may name, with the number of their inputs.
pub const TENSOR: [(&str, u32); 3] = [("MaxPool", 1), ("Add", 2), ("AddV2", 2)];

/// The number of inputs of a type that `tensor_quantize` may name.
pub(crate) fn tensor_inputs(op_type: &str) -> Option<u32> {
    TENSOR.iter().find(|(name, _)| *name == op_type).map(|(_, inputs)| *inputs)
}
