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

#[doc(inline)]
pub use amct_rewrite::{Severity, Violation, verify};
