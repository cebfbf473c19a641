//! Quantizes TensorFlow GraphDefs to INT8 for Huawei Ascend, and runs the result.
//!
//! The job is a straight line, and each arrow of it is one public function:
//!
//! ```text
//! .pb --graphdef::load--> Graph --pipeline::prepare--> Prepared --default_config--> QuantConfig
//!     --calibrate--> Record --quantize--> Quantized --save--> _quantized.pb, _quant.json, ...
//! ```
//!
//! A [`QuantConfig`](artifacts::config::QuantConfig), a [`Record`](artifacts::record::Record) and a
//! graph can be saved and read again, so any step can start from a file.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use amct::interpreter::Arithmetic;
//! use amct::model::Model;
//! use amct::tensor::Tensor;
//!
//! # fn main() -> Result<(), amct::Error> {
//! let graph = amct::graphdef::load(Path::new("outputs/mobilenet_v2_quantized.pb"))?;
//! let model = Model::new(&graph, &[], Arithmetic::Integer)?;
//! let image = Tensor::full([1, 224, 224, 3], 0.0_f32).expect("a small tensor");
//! let outputs = model.run([("input", image)])?;
//! # Ok(())
//! # }
//! ```

pub mod amct_api;
pub mod atc;
pub mod auto;
pub mod compare;
pub mod dump;
mod error;
pub mod graphdef;
pub mod inspect;
pub mod job;
pub mod model;
pub mod pipeline;
pub mod predict;
pub mod probe;
pub mod report;
pub mod sensitivity;
pub mod signature;
pub mod sources;

pub use amct_artifacts as artifacts;
pub use amct_calibration as calibration;
pub use amct_dataset as dataset;
pub use amct_graph as graph;
pub use amct_interpreter as interpreter;
pub use amct_kernels::{CacheAligned, Isa, IsaError};
pub use amct_metrics as metrics;
pub use amct_rewrite as rewrite;
pub use amct_tensor as tensor;
pub use error::Error;
