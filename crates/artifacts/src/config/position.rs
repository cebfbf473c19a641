//! The line and column of an error in the text of a `config.json`.

use super::{ConfigError, Place};
use crate::json::{self, Json};
use crate::text_format::Position;

impl ConfigError {
    /// Where in the text of a `config.json` the error is, if it is about a place in it.
    pub(super) fn position_in(&self, text: &str) -> Option<Position> {
        match self {
            Self::Syntax { line, column, .. } | Self::RepeatedKey { line, column, .. } => {
                // A file that is empty ends before its first column.
                Some(Position { line: *line, column: (*column).max(1) })
            }
            Self::Type { place, .. } | Self::Value { place, .. } | Self::MixedAlgorithms { place, .. } => {
                at(text, place)
            }
            Self::UnknownParameter { place, name, .. } => at(text, &place.child(name)),
            // The entry itself is not there, only what it should be in.
            Self::Missing { place } => {
                let path = place.path.rsplit_once('.').map_or("", |(parent, _)| parent).to_owned();
                at(text, &Place { layer: place.layer.clone(), path })
            }
            Self::InvalidName { name } | Self::ReservedName { name } => json::locate(text, &[name]),
            Self::Unsupported { layer, .. } => {
                json::locate(text, &[layer]).or_else(|| in_tensors(text, layer, "layer_name"))
            }
            Self::TensorIndex { layer, .. } => in_tensors(text, layer, "input_index"),
            Self::ChannelWise { layer, .. } => {
                json::locate(text, &[layer, "weight_quant_params.channel_wise"])
            }
            Self::SkipFusionMissing { layer } | Self::SkipFusionType { layer, .. } => {
                in_list(text, "skip_fusion_layers", |item| *item == Json::string(layer), 0)
            }
            Self::LayerMissing { layer } => in_tensors(text, layer, "layer_name"),
            Self::RepeatedItem { list: "tensor_quantize", name } => {
                in_list(text, "tensor_quantize", |item| tensor_key(item).as_ref() == Some(name), 1)
            }
            Self::RepeatedItem { list, name } => in_list(text, list, |item| *item == Json::string(name), 1),
            Self::ForeignParameter { .. }
            | Self::SkipUnsupported { .. }
            | Self::AllSkipped
            | Self::NothingQuantizable
            | Self::NothingEnabled => None,
        }
    }
}

fn at(text: &str, place: &Place) -> Option<Position> {
    match &place.layer {
        Some(layer) => json::locate(text, &[layer, &place.path]),
        None => json::locate(text, &[&place.path]),
    }
}

/// The `key` of the entry of `tensor_quantize` that names `layer`.
fn in_tensors(text: &str, layer: &str, key: &str) -> Option<Position> {
    let is_meant = |item: &Json| item.get("layer_name") == Some(&Json::string(layer));
    let index = position(text, "tensor_quantize", is_meant, 0)?;
    json::locate(text, &[&format!("tensor_quantize[{index}].{key}")])
}

/// The item of `list` that `is_meant`, the one after so many others.
fn in_list(text: &str, list: &str, is_meant: impl Fn(&Json) -> bool, others: usize) -> Option<Position> {
    let index = position(text, list, is_meant, others)?;
    json::locate(text, &[&format!("{list}[{index}]")])
}

fn position(text: &str, list: &str, is_meant: impl Fn(&Json) -> bool, others: usize) -> Option<usize> {
    let root = json::parse(text).ok()?;
    let Some(Json::Array(items)) = root.get(list) else { return None };
    items.iter().enumerate().filter(|(_, item)| is_meant(item)).map(|(index, _)| index).nth(others)
}

/// The key that the tensor has in the record.
fn tensor_key(item: &Json) -> Option<String> {
    match (item.get("layer_name"), item.get("input_index")) {
        (Some(Json::String(layer)), Some(Json::Int(index))) => Some(format!("{layer}:{index}")),
        _ => None,
    }
}
