//! What is wrong with a record: AMCT's texts, with the place or the value.

use std::fmt;

use amct_tensor::{ErrorKind, Fault, Place};

use super::{Position, SchemaError, SyntaxError};

/// What can be wrong with a record. The texts are AMCT's where it has one, with the place or the value
/// added.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RecordError {
    /// The text is not protobuf's text format.
    Syntax(SyntaxError),
    /// A field that is not as the schema says.
    Schema(SchemaError),
    /// A record without `key`.
    NoKey {
        /// Where the record begins.
        at: Position,
    },
    /// A record without `value`.
    NoValue {
        /// The record's key.
        key: String,
        /// Where the record begins.
        at: Position,
    },
    /// The file has no record.
    Empty,
    /// `scale_d` or `offset_d` is absent.
    MissingActivation {
        /// The field.
        field: &'static str,
        /// The layer.
        layer: String,
    },
    /// `scale_w`, `offset_w` or `shift_bit` is absent from a layer that needs it.
    MissingWeight {
        /// The field.
        field: &'static str,
        /// The layer.
        layer: String,
    },
    /// `scale_w` or `offset_w` is present in a layer without weights.
    UndesirableWeight {
        /// The field.
        field: &'static str,
        /// The layer.
        layer: String,
    },
    /// A field is present in a layer that does not support it.
    NotSupported {
        /// The field.
        field: &'static str,
        /// The layer.
        layer: String,
    },
    /// The lists of the weights differ in length.
    Lengths {
        /// The layer.
        layer: String,
        /// How many `scale_w`.
        scale_w: usize,
        /// How many `offset_w`.
        offset_w: usize,
        /// How many `shift_bit`; 0 if absent.
        shift_bit: usize,
    },
    /// The number of scales does not fit the layer's channels.
    Channels {
        /// The layer.
        layer: String,
        /// The number found.
        found: usize,
        /// The number accepted.
        expected: usize,
        /// Whether `shift_bit` is present, which AMCT's text mentions then.
        with_shift_bit: bool,
    },
    /// The number of balance factors is not that of the input channels.
    BalanceChannels {
        /// The layer.
        layer: String,
        /// The number found.
        found: usize,
        /// The number of input channels.
        expected: usize,
    },
    /// The `dst_type` of an `AvgPool` is INT4.
    PoolInt4 {
        /// The layer.
        layer: String,
    },
    /// `dst_type`, `act_type` or `wts_type` is not INT8.
    DataType {
        /// The field.
        field: &'static str,
        /// Its value.
        found: String,
        /// The layer.
        layer: String,
    },
    /// `fakequant_precision_mode` is neither DEFAULT nor FORCE_FP16_QUANT.
    PrecisionMode {
        /// Its value.
        found: String,
        /// The layer.
        layer: String,
    },
    /// `offset_d` is outside int8.
    OffsetD {
        /// The layer.
        layer: String,
        /// The value.
        found: i32,
    },
    /// An `offset_w` is not 0.
    OffsetW {
        /// The layer.
        layer: String,
        /// The value.
        found: i32,
    },
    /// A scale is not in (0, inf).
    Scale {
        /// `scale_d` or `scale_w`.
        field: &'static str,
        /// The layer.
        layer: String,
        /// The value.
        found: f32,
    },
    /// `shift_bit` is neither all 0 nor all in \[1, 16\].
    ShiftBit {
        /// The layer.
        layer: String,
        /// The first value at fault.
        found: u32,
    },
    /// The number of cluster centres is not 16 or 32.
    ClusterLength {
        /// The layer.
        layer: String,
        /// The number found.
        found: usize,
    },
    /// A cluster centre is outside int8.
    ClusterCentre {
        /// The layer.
        layer: String,
        /// The value.
        found: i32,
    },
    /// A balance factor is outside [FLT_EPSILON, 1/FLT_EPSILON].
    BalanceFactor {
        /// The layer.
        layer: String,
        /// The value.
        found: f32,
    },
    /// The graph has no such node.
    NotInGraph {
        /// The key.
        key: String,
        /// The model.
        model: String,
    },
    /// The node cannot be quantized.
    NotQuantizable {
        /// The node.
        layer: String,
        /// Its operation type.
        op_type: String,
        /// Why, if the type alone does not say it.
        reason: Option<String>,
    },
}

impl RecordError {
    /// Whether the text is no record file at all, as opposed to one with bad values.
    fn is_parse_error(&self) -> bool {
        matches!(self, Self::Syntax(_) | Self::Schema(_))
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_parse_error() {
            f.write_str(
                "the record_file cannot be parsered, please ensure it matches with \
                 scale_offset_record.proto!",
            )?;
        }
        match self {
            Self::Syntax(_) => Ok(()),
            Self::Schema(error) => write!(f, " {}", error.at()),
            Self::NoKey { at } => write!(f, "{at}: Cannot find \"key\" in record file."),
            Self::NoValue { key, at } => {
                write!(f, "{at}: cannot find 'value' in {key} in record_file.")
            }
            Self::Empty => f.write_str(
                "record_file is empty, no layers to be quantized. \
                 Please ensure calibration is finished by checking information!",
            ),
            Self::MissingActivation { field, layer } => write!(
                f,
                "cannot find {field} of layer {layer} in record_file, please check data calibration process!"
            ),
            Self::MissingWeight { field, layer } => {
                write!(f, "cannot find {field} of layer {layer} in record_file")
            }
            Self::UndesirableWeight { field, layer } => {
                write!(f, "find undesirable {field} of layer {layer} in record_file")
            }
            Self::NotSupported { field, layer } => {
                write!(f, "{field} is not support, please delete {field} of layer {layer} in record_file")
            }
            Self::Lengths { layer, scale_w, offset_w, shift_bit } => {
                let lists = lists(*shift_bit > 0);
                write!(f, "{lists} should be equal in layer {layer}. (found {scale_w}, {offset_w}")?;
                if *shift_bit > 0 { write!(f, ", {shift_bit})") } else { f.write_str(")") }
            }
            Self::Channels { layer, found, expected, with_shift_bit } => write!(
                f,
                "{}({found}) should be equal to the {expected} when channel_wise be {}. \
                 Cannot support to quantize {layer}",
                lists(*with_shift_bit),
                if *found == 1 { "False" } else { "True" }
            ),
            Self::BalanceChannels { layer, found, expected } => write!(
                f,
                "tensor_balance_factor's length: {found} should be equal to the channel length of inputs \
                 of layer {layer}: {expected}. Cannot support to quantize {layer}"
            ),
            Self::PoolInt4 { layer } => {
                write!(f, "AvgPool in INT4 not supported. Please Check record file. (layer {layer})")
            }
            Self::DataType { field, found, layer } => {
                write!(f, "Do not support {field} {found} in record file (layer {layer}, accepted: INT8)")
            }
            Self::PrecisionMode { found, layer } => write!(
                f,
                "Do not support fakequant_precision_mode {found} in record file (layer {layer}, \
                 accepted: DEFAULT, FORCE_FP16_QUANT)"
            ),
            Self::OffsetD { layer, found } => {
                write!(f, "offset_d's value should be in [-128, 127] in layer {layer}. (found {found})")
            }
            Self::OffsetW { layer, found } => {
                write!(f, "offset_w's value should be 0 in layer {layer}. (found {found})")
            }
            Self::Scale { field, layer, found } => write!(
                f,
                "{field}'s value shoule be in positivate range of float32 in layer {layer}. (found {found:e})"
            ),
            Self::ShiftBit { layer, found } => write!(
                f,
                "shift_bit's value shoule be in [1, 16] or all be 0 in layer {layer} (found {found})"
            ),
            Self::ClusterLength { layer, found } => {
                write!(f, "The length of cluster center is 16 or 32, but is {found} in layer {layer}")
            }
            Self::ClusterCentre { layer, found } => {
                write!(f, "Cluster center should between [-128, 127], but is {found} in layer {layer}")
            }
            Self::BalanceFactor { layer, found } => write!(
                f,
                "tensor_balance_factor's value shoule be in range[FLT_EPSILON, 1/FLT_EPSILON] of float32 \
                 in layer {layer} (found {found:e})"
            ),
            Self::NotInGraph { key, model } => {
                write!(f, "find {key} failure in {model}. Please match {model} and the record file.")
            }
            Self::NotQuantizable { layer, op_type, reason } => {
                write!(f, "layer {layer} cannot be quantized (its type is {op_type}")?;
                if let Some(reason) = reason {
                    write!(f, "; {reason}")?;
                }
                f.write_str(")")
            }
        }
    }
}

/// How AMCT's texts begin that speak of the weights' lists.
fn lists(with_shift_bit: bool) -> &'static str {
    if with_shift_bit {
        "scale_w's length, offset_w's length and shift_bit's length"
    } else {
        "scale_w's length, offset_w's length"
    }
}

impl std::error::Error for RecordError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            RecordError::Syntax(error) => Some(error),
            RecordError::Schema(error) => Some(error),
            _ => None,
        }
    }
}

impl From<SchemaError> for RecordError {
    fn from(error: SchemaError) -> Self {
        RecordError::Schema(error)
    }
}

impl Fault for RecordError {
    fn kind(&self) -> ErrorKind {
        match self {
            RecordError::NotSupported { .. }
            | RecordError::PoolInt4 { .. }
            | RecordError::DataType { .. }
            | RecordError::PrecisionMode { .. } => ErrorKind::Unsupported,
            RecordError::NotInGraph { .. } | RecordError::NotQuantizable { .. } => ErrorKind::Configuration,
            _ => ErrorKind::Format,
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            RecordError::Syntax(error) => error.place(),
            RecordError::Schema(error) => error.place(),
            RecordError::NoKey { at } => Place::default().line(at.line),
            RecordError::NoValue { key, at } => Place::node(key).line(at.line),
            RecordError::Empty => Place::default(),
            RecordError::MissingActivation { field, layer, .. }
            | RecordError::MissingWeight { field, layer, .. }
            | RecordError::UndesirableWeight { field, layer, .. }
            | RecordError::NotSupported { field, layer, .. }
            | RecordError::DataType { field, layer, .. }
            | RecordError::Scale { field, layer, .. } => Place::node(layer).attribute(field),
            RecordError::Lengths { layer, .. }
            | RecordError::Channels { layer, .. }
            | RecordError::BalanceChannels { layer, .. }
            | RecordError::PoolInt4 { layer, .. }
            | RecordError::PrecisionMode { layer, .. }
            | RecordError::OffsetD { layer, .. }
            | RecordError::OffsetW { layer, .. }
            | RecordError::ShiftBit { layer, .. }
            | RecordError::ClusterLength { layer, .. }
            | RecordError::ClusterCentre { layer, .. }
            | RecordError::BalanceFactor { layer, .. }
            | RecordError::NotQuantizable { layer, .. }
            | RecordError::NotInGraph { key: layer, .. } => Place::node(layer),
        }
    }
}
