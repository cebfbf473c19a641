//! What is wrong with a `.cfg` file, and where: AMCT's texts with line and column.

use std::fmt;

use amct_tensor::{ErrorKind, Fault, Place};

use crate::config::{ConfigError, Rule};
use crate::text_format::{Position, SchemaError, SyntaxError};

/// What is wrong with a `.cfg` file, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct DefinitionError {
    /// The place; `None` if it is about the file as a whole.
    pub at: Option<Position>,
    /// What it is.
    pub fault: DefinitionFault,
}

/// What can be wrong with a `.cfg` file. The texts are AMCT's where it has one, followed by what was found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum DefinitionFault {
    /// The text is not protobuf's text format.
    Syntax(String),
    /// A field that is not as the schema says.
    Schema(SchemaError),
    /// A value is of the right type, but not allowed.
    Value {
        /// What AMCT's text calls it.
        key: &'static str,
        /// What it has to fulfil.
        rule: Rule,
        /// The value.
        found: String,
    },
    /// `fakequant_precision_mode` or `dst_type` is a word that is not accepted.
    Word {
        /// The field.
        field: &'static str,
        /// The word.
        found: String,
        /// The words accepted.
        accepted: &'static [&'static str],
    },
    /// `dst_type` is not INT8.
    DataType(String),
    /// A field that an override needs is absent.
    Missing {
        /// The field.
        field: &'static str,
        /// The message it should be in.
        message: String,
    },
    /// A field that `tensor_quantize` needs is absent.
    TensorMissing {
        /// The field.
        field: &'static str,
    },
    /// AMCT has, or had, the field, and amct does not.
    NotSupported {
        /// The field.
        field: String,
        /// Why, and what to do.
        reason: &'static str,
    },
    /// A type that no layer of can be quantized.
    LayerType(String),
    /// `channel_wise` is true for a type without channels to quantize by.
    ChannelWiseType(String),
    /// `channel_wise` is true for a layer of such a type.
    ChannelWiseLayer(String),
    /// The balancer is asked for in a type that it does not apply to.
    BalancerType(String),
    /// The balancer is asked for in a layer that it does not apply to.
    BalancerLayer(String),
    /// Every type is to be skipped.
    AllTypesSkipped,
    /// Every layer is to be skipped, by name or by type.
    AllSkipped,
    /// A fault that a `config.json` may have too.
    Config(Box<ConfigError>),
}

impl DefinitionError {
    pub(super) fn new(at: Position, fault: impl Into<DefinitionFault>) -> Self {
        Self { at: Some(at), fault: fault.into() }
    }

    pub(super) fn of_file(fault: impl Into<DefinitionFault>) -> Self {
        Self { at: None, fault: fault.into() }
    }
}

impl fmt::Display for DefinitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)
    }
}

impl fmt::Display for DefinitionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(message) => f.write_str(message),
            Self::Schema(error) => error.fmt(f),
            Self::Value { key, rule, found } => {
                rule.fmt_for(key, found, f)?;
                write!(f, " (found {found})")
            }
            Self::Word { field, found, accepted } => {
                write!(f, "{field} is {found}, where one of {} is expected", accepted.join(", "))
            }
            Self::DataType(found) => write!(f, "Not support dtype of {found}. (accepted: INT8)"),
            Self::Missing { field, message } => {
                write!(f, "Missing parameter {field} in {message}")
            }
            Self::TensorMissing { field } => {
                write!(f, "To quantize tensor, must set \"{field}\" at first.")
            }
            Self::NotSupported { field, reason } => write!(f, "\"{field}\" is not supported: {reason}"),
            Self::LayerType(layer_type) => write!(f, "Layer type {layer_type} does not support quantize."),
            Self::ChannelWiseType(layer_type) => {
                write!(f, "channel_wise can only be False for {layer_type} type")
            }
            Self::ChannelWiseLayer(layer) => {
                write!(f, "channel_wise can only be False for {layer} layer.")
            }
            Self::BalancerType(layer_type) => write!(f, "dmq_balancer not support for {layer_type} type"),
            Self::BalancerLayer(layer) => write!(f, "dmq_balancer not support for {layer} layer"),
            Self::AllTypesSkipped => f.write_str("Except skip_types, no type need to quantize."),
            Self::AllSkipped => f.write_str("Except skip_layers or skip_types, no layer need to quantize."),
            Self::Config(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for DefinitionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.fault {
            DefinitionFault::Schema(error) => error.source(),
            DefinitionFault::Config(error) => error.source(),
            _ => None,
        }
    }
}

impl Fault for DefinitionError {
    fn kind(&self) -> ErrorKind {
        match &self.fault {
            DefinitionFault::Syntax(_) | DefinitionFault::Schema(_) => ErrorKind::Format,
            DefinitionFault::NotSupported { .. } => ErrorKind::Unsupported,
            DefinitionFault::Config(error) => error.kind(),
            _ => ErrorKind::Configuration,
        }
    }

    fn place(&self) -> Place<'_> {
        let at = self.at.map_or(Place::default(), |at| Place::default().line(at.line));
        match &self.fault {
            DefinitionFault::Config(error) => at.within(error.place()),
            DefinitionFault::Value { key: field, .. }
            | DefinitionFault::Word { field, .. }
            | DefinitionFault::Missing { field, .. }
            | DefinitionFault::TensorMissing { field } => at.attribute(field),
            DefinitionFault::NotSupported { field, .. } => at.attribute(field),
            DefinitionFault::ChannelWiseLayer(layer) | DefinitionFault::BalancerLayer(layer) => {
                at.within(Place::node(layer))
            }
            _ => at,
        }
    }
}

impl From<SchemaError> for DefinitionError {
    fn from(error: SchemaError) -> Self {
        Self::new(error.at(), DefinitionFault::Schema(error))
    }
}

impl From<SyntaxError> for DefinitionError {
    fn from(error: SyntaxError) -> Self {
        Self::new(error.at, DefinitionFault::Syntax(error.message))
    }
}

impl From<ConfigError> for DefinitionFault {
    fn from(error: ConfigError) -> Self {
        DefinitionFault::Config(Box::new(error))
    }
}
