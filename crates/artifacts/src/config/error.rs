//! What is wrong with a `config.json`: AMCT's texts, and the key where it is.

use std::fmt;

use amct_tensor::{ErrorKind, Fault};

use super::Rule;

/// Where in `config.json` something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The layer, when inside one.
    pub layer: Option<String>,
    /// The keys down to it from the layer, or from the top: `activation_quant_params.search_step`.
    pub path: String,
}

impl Place {
    /// The innermost key, which AMCT's texts name.
    pub(super) fn key(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or(&self.path)
    }

    pub(super) fn child(&self, key: &str) -> Self {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Self { layer: self.layer.clone(), path }
    }

    /// AMCT's suffix to every text about a layer's field.
    fn in_layer(&self) -> String {
        self.layer.as_ref().map(|layer| format!(" in layer {layer}")).unwrap_or_default()
    }
}

/// What can be wrong with a configuration. The texts are AMCT's, followed by what was found. Where in
/// the file it is, [`ReadError`](crate::file::ReadError) tells.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ConfigError {
    /// The text is not JSON.
    Syntax {
        /// What the parser met.
        message: String,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// An object has one key twice.
    RepeatedKey {
        /// The keys down to the object; empty at the top.
        path: String,
        /// The repeated key.
        key: String,
        /// The line of the second occurrence, from 1.
        line: usize,
        /// Its column, from 1.
        column: usize,
    },
    /// A value is of another type than its key needs.
    Type {
        /// The value's place.
        place: Place,
        /// The Python class needed.
        expected: &'static str,
        /// The Python class found.
        found: &'static str,
    },
    /// A value is of the right type, but not allowed.
    Value {
        /// The value's place.
        place: Place,
        /// What it has to fulfil.
        rule: Rule,
        /// The value.
        found: String,
    },
    /// A key inside a layer, or inside one of its parameter groups, that does not exist.
    UnknownParameter {
        /// The place of the object it is in.
        place: Place,
        /// The key.
        name: String,
        /// The keys accepted there.
        accepted: &'static [&'static str],
    },
    /// A key at the top that is neither a parameter nor the name of a layer.
    InvalidName {
        /// The key.
        name: String,
    },
    /// A required key is absent.
    Missing {
        /// Where it should be.
        place: Place,
    },
    /// Parameters of two algorithms in one `activation_quant_params`.
    MixedAlgorithms {
        /// The group's place.
        place: Place,
        /// Those of the one and of the other, each in file order.
        keys: [Vec<String>; 2],
    },
    /// A parameter was to be set that the algorithm does not have.
    ForeignParameter {
        /// The algorithm (`act_algo`).
        algorithm: &'static str,
        /// The parameter.
        key: &'static str,
    },
    /// A layer has the name of a global parameter.
    ReservedName {
        /// The name.
        name: String,
    },
    /// The graph has the layer, but it cannot be quantized.
    Unsupported {
        /// The layer.
        layer: String,
        /// Its operation type.
        op_type: String,
    },
    /// `tensor_quantize` names an input that its layer does not have.
    TensorIndex {
        /// The layer.
        layer: String,
        /// Its operation type.
        op_type: String,
        /// The index.
        found: u32,
        /// How many inputs the layer has.
        inputs: u32,
    },
    /// `channel_wise` is true for a layer whose type has no channels to quantize by.
    ChannelWise {
        /// The layer.
        layer: String,
        /// Its operation type.
        op_type: String,
    },
    /// A list of names has one twice.
    RepeatedItem {
        /// The list.
        list: &'static str,
        /// The name.
        name: String,
    },
    /// An entry of `skip_fusion_layers` is no node of the graph.
    SkipFusionMissing {
        /// The entry.
        layer: String,
    },
    /// An entry of `skip_fusion_layers` is a node that no fusion applies to.
    SkipFusionType {
        /// The entry.
        layer: String,
        /// Its operation type.
        op_type: String,
        /// The types accepted.
        accepted: Vec<String>,
    },
    /// A layer asked for is no node of the graph.
    LayerMissing {
        /// Its name.
        layer: String,
    },
    /// A layer to skip is of a type that is never quantized.
    SkipUnsupported {
        /// Its name.
        layer: String,
    },
    /// Every quantizable layer is to be skipped.
    AllSkipped,
    /// The graph has no quantizable layer.
    NothingQuantizable,
    /// No layer of the configuration is enabled.
    NothingEnabled,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { message, .. } => write!(f, "not valid JSON: {message}"),
            Self::RepeatedKey { path, key, .. } => {
                let within = if path.is_empty() { "the config file" } else { path };
                write!(f, "Please delete repeated items in {within}, repeated items are ['{key}']")
            }
            Self::Type { place, expected, found } => write!(
                f,
                "Type of {} should be {expected}, but is {found}{} (at {})",
                place.key(),
                place.in_layer(),
                place.path
            ),
            Self::Value { place, rule, found } => {
                rule.fmt_for(place.key(), found, f)?;
                write!(f, "{} (found {found} at {})", place.in_layer(), place.path)
            }
            Self::UnknownParameter { place, name, accepted } => {
                write!(f, "Unknown parameter {name}")?;
                if !place.path.is_empty() {
                    write!(f, " in {}", place.path)?;
                }
                write!(f, "{} (accepted: {})", place.in_layer(), accepted.join(", "))
            }
            Self::InvalidName { name } => write!(f, "{name} is an invalid layer name or parameter."),
            Self::Missing { place } => {
                write!(f, "Missing parameter {}{} (at {})", place.key(), place.in_layer(), place.path)
            }
            Self::MixedAlgorithms { place, keys: [one, other] } => write!(
                f,
                "{} and {} can not appear at same time{} (at {})",
                python_list(one),
                python_list(other),
                place.in_layer(),
                place.path
            ),
            Self::ForeignParameter { algorithm, key } => {
                write!(f, "act_algo {algorithm} has no parameter {key}; set it for one that has it")
            }
            Self::ReservedName { name } => {
                write!(f, "{name} is a global parameter, can not be a layer name")
            }
            Self::Unsupported { layer, op_type } => {
                write!(f, "layer {layer} does not support quant. (its type is {op_type})")
            }
            Self::TensorIndex { layer, op_type, found, inputs } => write!(
                f,
                "layer {layer} does not support quant. (a {op_type} has {inputs} input(s), counted from 0; \
                 found input_index {found})"
            ),
            Self::ChannelWise { layer, op_type } => {
                write!(f, "The channel_wise must be False for layer type {op_type} in layer {layer}")
            }
            Self::RepeatedItem { list, name } => {
                write!(f, "Please delete repeated items in {list}, repeated items are ['{name}']")
            }
            Self::SkipFusionMissing { layer } => {
                write!(f, "Layer \"{layer}\" in skip_fusion_layers does not exist in the graph.")
            }
            Self::SkipFusionType { layer, op_type, accepted } => write!(
                f,
                "Skip fusion layer \"{layer}\"'s type not in supported list {} (its type is {op_type})",
                python_list(accepted)
            ),
            Self::LayerMissing { layer } => write!(f, "Layer {layer} does not exist in the graph."),
            Self::SkipUnsupported { layer } => write!(f, "Layer {layer} does not support quantization."),
            Self::AllSkipped => f.write_str("Except skip_layers, no layer needs to quantize."),
            Self::NothingQuantizable => f.write_str("No layer support quantization in the graph."),
            Self::NothingEnabled => {
                f.write_str("No quant enable layer in quant config file, please check the quant config file.")
            }
        }
    }
}

impl std::error::Error for ConfigError {}

impl Fault for ConfigError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Syntax { .. } | Self::RepeatedKey { .. } | Self::Type { .. } => ErrorKind::Format,
            _ => ErrorKind::Configuration,
        }
    }

    fn place(&self) -> amct_tensor::Place<'_> {
        let at = amct_tensor::Place::default();
        match self {
            Self::Syntax { line, .. } => at.line(*line),
            Self::RepeatedKey { key, line, .. } => at.line(*line).attribute(key),
            Self::Type { place, .. } | Self::Value { place, .. } | Self::Missing { place } => {
                let at = at.attribute(place.key());
                at.within(place.layer.as_deref().map_or(at, amct_tensor::Place::node))
            }
            Self::UnknownParameter { name, .. } => at.attribute(name),
            Self::Unsupported { layer, .. }
            | Self::TensorIndex { layer, .. }
            | Self::ChannelWise { layer, .. }
            | Self::SkipFusionMissing { layer }
            | Self::SkipFusionType { layer, .. }
            | Self::LayerMissing { layer }
            | Self::SkipUnsupported { layer } => at.within(amct_tensor::Place::node(layer)),
            _ => at,
        }
    }
}

/// A list of strings as Python prints it.
fn python_list(items: &[String]) -> String {
    let quoted: Vec<_> = items.iter().map(|item| format!("'{item}'")).collect();
    format!("[{}]", quoted.join(", "))
}
