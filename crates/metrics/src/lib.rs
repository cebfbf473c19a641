//! How far two tensors lie apart.
//!
//! Level 1 of the workspace. Everything here takes values piece by piece and keeps sums only, so a
//! comparison over any number of inputs takes the same memory. Sums are f64, in the order of the data.
//!
//! * [`SignalSums`]: signal to noise and cosine alone;
//! * [`Errors`]: these and the ten measures of Ascend's msaccucmp;
//! * [`Thresholds`]: from which value on Ascend's tools call a tensor wrong;
//! * [`ErrorSplit`]: what weights, clipping, rounding and the layers before add to a layer's error;
//! * [`CodeHistogram`]: where values lie among the 256 integers that they are quantized to;
//! * [`LsbHistogram`]: by how many integers two quantized tensors differ.

mod codes;
mod divergence;
mod errors;
mod lsb;
mod signal;
mod split;
mod thresholds;

pub use codes::{CodeHistogram, CodeUse};
pub use errors::{ErrorSums, Errors};
pub use lsb::LsbHistogram;
pub use signal::SignalSums;
pub use split::{ErrorSplit, SplitPart, SplitSums};
pub use thresholds::{Measure, Thresholds};
