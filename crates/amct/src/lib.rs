//! Quantizes TensorFlow models to INT8 for Huawei Ascend, as AMCT does, and runs the result: without
//! TensorFlow, Python or CANN.
//!
//! # Loading and running
//!
//! [`graphdef::load`] reads a frozen graph. A [`Model`](model::Model) is a graph made ready to run, float or
//! quantized; inputs go in by name. [`inspect`] tells what is in a graph, [`dump`] writes all of its values.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//!
//! use amct::model::{Arithmetic, Model};
//! use amct::tensor::Tensor;
//!
//! let graph = amct::graphdef::load(Path::new("model/mobilenetv2_tf.pb"))?;
//! let model = Model::new(&graph, &[], Arithmetic::Integer)?;
//! let image = Tensor::full([1, 224, 224, 3], 0.5_f32)?;
//! let outputs = model.run([("input", image)])?;
//! assert_eq!(outputs[0].shape(), [1, 1000]);
//! # Ok(())
//! # }
//! ```
//!
//! # Quantizing
//!
//! A [`Job`](job::Job) takes a float model through AMCT's steps. Each stage can be saved and taken up again:
//!
//! ```text
//! .pb --graphdef::load--> Graph --Job::prepare--> PreparedJob (config.json)
//!     --calibrate--> CalibratedJob (record.txt) --quantize--> QuantizedJob --save--> _quantized.pb, _quant.json
//! ```
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use std::path::Path;
//! use amct::data::{Feeds, read_npy};
//! use amct::job::{CalibrateOptions, Job};
//!
//! let graph = amct::graphdef::load(Path::new("tests/golden/graphs/mobilenet_v1.pb"))?;
//! let image = read_npy("tests/golden/graphs/mobilenet_v1.input.npy")?;
//! let data = [Feeds::from([("input", image)])];
//! let prepared = Job::new(&graph, &[])?.with_data(&data).prepare()?;
//! let quantized = prepared.calibrate(&CalibrateOptions::default())?.quantize()?;
//! let found = quantized.compare(&data)?;
//! assert!(found.outputs[0].errors.sqnr_db > 10.0);
//! # Ok(())
//! # }
//! ```
//!
//! * [`data`]: what to calibrate on. [`config`], [`record`]: the files of the stages.
//! * [`pipeline`]: the same steps by themselves. [`amct_api`]: AMCT's functions under their own names.
//! * [`auto`]: quantizes as many layers as the accuracy allows. [`sensitivity`]: what each layer's quantization
//!   does to the outputs.
//! * [`verify`]: the rules of ATC. [`compare`], [`report`]: where accuracy goes. [`atc`]: what ATC made of a
//!   model.
//!
//! # Types
//!
//! A [`Graph`](graph::Graph) is made of nodes and changes by patches. A [`Tensor`](tensor::Tensor) shares its
//! elements, so a copy is cheap. [`Feeds`](model::Feeds) are tensors by the names of inputs. Every error is an
//! [`Error`], which names file, node or layer, and what to do.
//!
//! # Threads
//!
//! Everything runs in rayon's pool: the global one, or the one that the caller is in. Results are the same to the
//! bit for any number of threads, any batch size and any instruction set. A program that makes [`CacheAligned`]
//! its allocator runs quicker; [`Isa`] asks for a lesser instruction set.
//!
//! # Further reading
//!
//! The folder `examples` has a program for each task, and [`docs`] the texts: AMCT's calls beside ours, the operators
//! and layers, how chips compute, where accuracy goes.

pub mod amct_api;
pub mod atc;
pub mod auto;
pub mod compare;
pub mod config;
pub mod data;
// Their code blocks are command lines and excerpts, no programs to be tested.
#[cfg(not(doctest))]
pub mod docs;
pub mod dump;
mod error;
pub mod graph;
pub mod graphdef;
pub mod inspect;
pub mod job;
mod layers_apart;
pub mod model;
pub mod pipeline;
pub mod predict;
mod probe;
pub mod record;
mod remedy;
pub mod report;
pub mod sensitivity;
pub mod signature;
mod sources;
pub mod tensor;
pub mod verify;

pub use amct_kernels::{CacheAligned, Isa, IsaError};
pub use amct_tensor::{Chain, ErrorKind, Fault, Internal, Place};
pub use error::Error;
pub use remedy::Remedy;
