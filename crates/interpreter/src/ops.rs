//! One operator per file: its attributes as a struct, its arithmetic in `amct-kernels` or beside it.

pub(crate) mod activation;
pub(crate) mod ascend_anti_quant;
pub(crate) mod ascend_dequant;
pub(crate) mod ascend_quant;
pub(crate) mod ascend_weight_quant;
pub(crate) mod avg_pool;
pub(crate) mod batch_matmul;
pub(crate) mod batch_norm;
pub(crate) mod bias_add;
pub(crate) mod binary;
pub(crate) mod cast;
pub(crate) mod conv2d;
pub(crate) mod conv2d_backprop_input;
pub(crate) mod conv3d;
pub(crate) mod depthwise;
pub(crate) mod identity;
pub(crate) mod matmul;
pub(crate) mod max_pool;
pub(crate) mod mean;
pub(crate) mod pad;
pub(crate) mod reshape;
pub(crate) mod shape;
pub(crate) mod softmax;
pub(crate) mod squeeze;
mod window;
