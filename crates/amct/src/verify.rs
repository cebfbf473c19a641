//! The rules that ATC and AMCT's operators impose on a quantized model.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//!
//! use amct::verify::{Severity, verify};
//!
//! let graph = amct::graphdef::load(Path::new("model/mobilenetv2_tf.pb"))?;
//! let found = verify(&graph, None, &[]);
//! // A float model keeps them all: there is nothing for ATC to refuse.
//! assert!(found.iter().all(|violation| violation.severity != Severity::Must));
//! # Ok(())
//! # }
//! ```

use amct_artifacts::quant_info::QuantInfo;
use amct_graph::Graph;
#[doc(inline)]
pub use amct_rewrite::{Severity, Violation, verify};

use crate::Error;
use crate::compare::counterparts;

/// Checks a quantized graph against every rule as [`verify()`] does, beside the float graph it was made of.
///
/// What was folded, balanced and renamed is as `info` says; where it says nothing, it is inferred from the two graphs.
///
/// # Errors
/// `info` is another model's.
pub fn verify_with_info(
    graph: &Graph,
    original: &Graph,
    outputs: &[String],
    info: Option<&QuantInfo>,
) -> Result<Vec<Violation>, Error> {
    let counterparts = counterparts(graph, original, outputs, info)?;
    Ok(amct_rewrite::verify_beside(graph, counterparts, outputs))
}
