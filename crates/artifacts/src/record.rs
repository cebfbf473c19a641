//! `record.txt`: the scales and offsets that calibration found, one record per layer.
//!
//! The file is protobuf text of `InnerScaleOffsetRecord`, of which the message users write by hand,
//! `ScaleOffsetRecord`, is a part; both look the same as text. Written in file order, one field per
//! line, two blanks of indent, fields by number and floats as C++ protobuf prints them
//! (`docs/sources/algorithms.md` section 9). Read with all of the text format's liberties; a field outside
//! the schema is an error.

mod check;
mod error;
mod float;
mod graph;
mod reader;
mod writer;

use std::path::Path;

/// The `fakequant_precision_mode` of a `scale_d` that was rounded through f16.
pub const FORCE_FP16_QUANT: &str = "FORCE_FP16_QUANT";

pub use crate::text_format::{Position, SchemaError, SyntaxError};
pub use error::RecordError;
pub use float::{printf_g, proto_float};
pub use graph::{RecordLayer, ShiftBit};

use crate::atomic::{self, WriteError};
use crate::file::{self, ReadError};

/// The records of a model, in file order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// One entry per layer or quantized tensor. Order has no meaning.
    pub entries: Vec<RecordEntry>,
}

/// What is recorded of one layer. Every field may be absent; see [`validate`](Self::validate).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordEntry {
    /// The layer's node name, or `<node>:<input index>` for a tensor quantized by itself.
    pub key: String,
    /// Scale of the input activation, one for the tensor.
    pub scale_d: Option<f32>,
    /// Zero offset of the input activation.
    pub offset_d: Option<i32>,
    /// Scales of the weights: one for the tensor, or one per output channel.
    pub scale_w: Vec<f32>,
    /// Zero offsets of the weights, as many as scales, all 0.
    pub offset_w: Vec<i32>,
    /// Shift of the accumulator per channel (the N of the dequantize word), all 0 or in \[1, 16\].
    pub shift_bit: Vec<u32>,
    /// Cluster centres of non-uniform quantization.
    pub cluster: Vec<i32>,
    /// Whether no batch norm is folded into the layer; absent means false.
    pub skip_fusion: Option<bool>,
    /// Type of activation and weights after quantization-aware training; absent means INT8.
    pub dst_type: Option<String>,
    /// Layers whose output channels were pruned.
    pub prune_producer: Vec<String>,
    /// Layers whose input channels were pruned with them.
    pub prune_consumer: Vec<String>,
    /// Factors of the DMQ balancer, one per input channel.
    pub tensor_balance_factor: Vec<f32>,
    /// Type of the quantized activation; absent means INT8.
    pub act_type: Option<String>,
    /// Type of the quantized weights; absent means INT8.
    pub wts_type: Option<String>,
    /// How `scale_d` was rounded: DEFAULT or FORCE_FP16_QUANT; absent means DEFAULT.
    pub fakequant_precision_mode: Option<String>,
}

impl RecordEntry {
    /// Whether there is no quantization factor: the entry then only switches fusion off, or only
    /// holds balance factors.
    pub fn is_without_factors(&self) -> bool {
        self.scale_d.is_none()
            && self.offset_d.is_none()
            && self.scale_w.is_empty()
            && self.offset_w.is_empty()
            && self.shift_bit.is_empty()
    }

    /// Whether no batch norm is folded into the layer.
    pub fn skips_fusion(&self) -> bool {
        self.skip_fusion.unwrap_or(false)
    }

    /// Whether `scale_d` was rounded through f16, and dequantization scales are cut to match.
    pub fn forces_fp16(&self) -> bool {
        self.fakequant_precision_mode.as_deref() == Some(FORCE_FP16_QUANT)
    }

    /// The node and input index of a tensor quantized by itself; `None` for a layer.
    pub fn tensor(&self) -> Option<(&str, u32)> {
        let (node, index) = self.key.rsplit_once(':')?;
        Some((node, index.parse().ok()?))
    }
}

impl Record {
    /// Reads the file at `path`. Values are not checked: see [`validate`](Self::validate).
    ///
    /// # Errors
    /// [`ReadError`] names the file; see [`parse`](Self::parse) for its contents.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ReadError<RecordError>> {
        file::read_with(path.as_ref(), "record_file", Self::parse)
    }

    /// Writes [`to_text`](Self::to_text) to `path`, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), WriteError> {
        atomic::write(path, self.to_text().as_bytes())
    }

    /// The entry of `key`; the last one if there are several, as in AMCT.
    pub fn get(&self, key: &str) -> Option<&RecordEntry> {
        self.entries.iter().rev().find(|entry| entry.key == key)
    }
}

#[cfg(test)]
mod tests;
