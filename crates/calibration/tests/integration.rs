//! The calibrators against AMCT's own values, and properties on drawn ones: one program, so that it is linked once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

mod arq_golden;
mod arq_properties;
mod dmq_golden;
mod fold_properties;
mod golden;
mod hfmg_golden;
mod hfmg_properties;
mod ifmr_golden;
mod ifmr_properties;
mod random_graph;
mod range_calibrators;
mod shift_golden;
mod tidied;
