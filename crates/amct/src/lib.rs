//! Quantizes TensorFlow GraphDefs to INT8 for Huawei Ascend, and runs the result.

pub mod graphdef;

pub use amct_dataset as dataset;
pub use amct_graph as graph;
pub use amct_interpreter as interpreter;
pub use amct_tensor as tensor;
