//! Batches to scales and offsets: IFMR for activations, ARQ for weights.
//!
//! Level 3 of the workspace. [`ifmr`] and [`arq`] are the arithmetic, exact to the bit with AMCT's
//! kernels and free of graphs. [`weights`] applies ARQ to the layers of a graph;
//! [`activations`] runs the graph over batches, twice, and applies IFMR to the layers' inputs.

pub mod activations;
pub mod arq;
mod batches;
mod error;
pub mod ifmr;
mod probe;
pub mod weights;

pub use batches::{Batches, Phase, Progress};
pub use error::CalibrationError;
pub use probe::{layer_inputs, probe_shapes};
