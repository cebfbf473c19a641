//! Batches to scales and offsets: IFMR or HFMG for activations, ARQ for weights, DMQ between the two.
//!
//! Level 3 of the workspace. [`ifmr`], [`hfmg`], [`arq`], [`dmq`] and [`shift`] are the arithmetic,
//! exact to the bit with AMCT's kernels and free of graphs. [`weights`] applies ARQ to the layers
//! of a graph; [`activations`] runs the graph over batches, twice, and applies IFMR or HFMG to the
//! layers' inputs; [`balance`] and [`shift_bits`] run it once, for the factors of DMQ and for the
//! shifts of the layers' sums.

pub mod activations;
pub mod arq;
pub mod balance;
mod batches;
pub mod dmq;
mod error;
pub mod hfmg;
pub mod ifmr;
mod observation;
mod probe;
pub mod shift;
pub mod shift_bits;
pub mod tidied;
pub mod weights;

pub use batches::{BatchError, Batches, First, FromFn, Grouping, Phase, Progress, first, from_fn};
pub use error::CalibrationError;
pub use probe::{layer_inputs, probe_shapes};
