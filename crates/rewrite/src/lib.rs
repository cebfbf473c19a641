//! Graph to graph: folding batch norm, choosing layers, inserting quantization, checking the result.
//!
//! Level 2 of the workspace. The passes run in this order ([`PASSES`] lists those that change a graph), each a function of a [`Graph`] that
//! changes it through patches only and says node by node what it did or why not ([`report`]):
//!
//! 1. [`tidy()`] decides conditionals and leaves out what does nothing, for what is computed;
//! 2. [`fold()`] moves inference batch norm, factors and summands into the weights and bias before them;
//! 3. [`scan_layers`] lists the layers that can be quantized;
//! 4. [`balance()`] moves a part of the channels' differences from a layer's data into its weights;
//! 5. [`insert_quantization`] writes scales, int8 weights and int32 biases into the graph as
//!    `AscendQuant`, `AscendWeightQuant` and `AscendDequant`;
//! 6. [`verify()`] checks a graph, ours or not, against what Huawei's ATC accepts;
//! 7. [`roll_back()`] gives quantized layers back to float, as ATC does; which, [`rollback_rule`] tells.
//!
//! # Names this crate chooses
//! With S the layer's name without its last component, the reference fixes
//! `S/act_quant/AscendQuant`, `S/dequant/AscendDequant` and `S/anti_quant/AscendAntiQuant`; the
//! others are a choice made here: `S/weight_quant/{AscendWeightQuant, weight, offset_w}`,
//! `S/bias_quant/{Cast, bias}`, `S/dequant/deq_scale`, `S/dmq_balance/{Mul, factor, weight}`, and for
//! a bias that folding creates `S/bias_add/{BiasAdd, bias}`. A scope that is taken gets a number:
//! `S/act_quant_1/AscendQuant`. Constants that folding replaces keep their name with `_folded`
//! appended.
//!
//! [`Graph`]: amct_graph::Graph

pub mod balance;
mod constants;
mod error;
mod evaluate;
pub mod fold;
mod input_shapes;
pub mod insert;
pub mod layers;
mod library;
mod names;
mod outputs;
pub mod pass;
pub mod passes;
pub mod provenance;
pub mod qat;
pub mod report;
mod roll_back;
pub mod rollback_rule;
mod sweep;
#[cfg(test)]
mod testing;
pub mod tidy;
pub mod verify;

pub use balance::{Balanced, balance};
pub use error::RewriteError;
pub use fold::{FoldOptions, FoldReport, FoldedGroup, fold};
pub use input_shapes::tell_input_shapes;
pub use insert::{
    InsertOptions, InsertReport, LayerQuantization, TENSOR_OPS, TensorQuantization, insert_quantization,
};
pub use layers::{ConvGroup, LayerScan, QuantizableLayer, already_quantized, scan_layers};
pub use library::drop_uncalled_library;
pub use pass::{Evaluate, PassContext};
pub use passes::{PASSES, PassInfo};
pub use provenance::{Counterparts, NodeOrigin, Provenance};
pub use roll_back::roll_back;
pub use rollback_rule::{ExpectedRollback, RollbackReason, expected_rollbacks};
pub use tidy::{Purpose, Tidied, tidy};
pub use verify::{Severity, Violation, verify, verify_beside};
