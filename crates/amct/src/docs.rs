//! Texts from the folder `docs`. Where one links to another, such as to `devices.md`, that is the module of its name
//! here.
//!
//! [`migrating`]: AMCT's calls beside ours. [`graphs`]: operators, layers and what is done to them before
//! quantization. [`devices`]: how chips compute. [`accuracy`]: where accuracy goes, and what to do about it.
//! [`compatibility`]: what differs from AMCT, and what is missing.

#[doc = include_str!("../../../docs/accuracy.md")]
pub mod accuracy {}
#[doc = include_str!("../../../docs/compatibility.md")]
pub mod compatibility {}
#[doc = include_str!("../../../docs/devices.md")]
pub mod devices {}
#[doc = include_str!("../../../docs/graphs.md")]
pub mod graphs {}
#[doc = include_str!("../../../docs/migrating.md")]
pub mod migrating {}
