//! Batches to scales and offsets: IFMR, HFMG and others for activations, ARQ for weights, DMQ between the two.
//!
//! Level 3 of the workspace. [`ifmr`], [`hfmg`], [`arq`], [`dmq`] and [`shift`] are the arithmetic,
//! exact to the bit with AMCT's kernels and free of graphs; [`percentile`] and [`minmax`] are not AMCT's.
//! [`algorithm`] says what an algorithm for activations is, [`calibrators`] lists them. [`weights`] applies ARQ
//! to the layers of a graph; [`activations`] runs the graph over batches, once or twice, and applies an
//! algorithm to the layers' inputs; [`balance`] and [`shift_bits`] run it once, for the factors of DMQ and for the
//! shifts of the layers' sums.

pub mod activations;
pub mod algorithm;
pub mod arq;
pub mod balance;
mod batches;
pub mod calibrators;
pub mod dmq;
mod error;
pub mod hfmg;
pub mod ifmr;
pub mod minmax;
mod observation;
pub mod percentile;
mod probe;
pub mod range;
pub mod shift;
pub mod shift_bits;
pub mod tidied;
pub mod weights;

pub use batches::{BatchError, Batches, First, FromFn, Grouping, Phase, Progress, first, from_fn};
pub use error::CalibrationError;
pub use probe::{layer_inputs, probe_shapes};
