//! The default configuration of a prepared graph, and what a configuration must know of the graph's nodes.

use std::collections::BTreeMap;

use amct_artifacts::config::{ChannelWise, GraphLayer, QuantConfig};
use amct_rewrite::QuantizableLayer;

use super::Prepared;
use crate::Error;

/// What a configuration must know of the graph's nodes.
pub fn graph_layers(prepared: &Prepared) -> BTreeMap<String, GraphLayer> {
    let layer = |name: &str| prepared.scan.layers.iter().find(|layer| layer.name == name);
    prepared
        .graph
        .nodes()
        .map(|(_, node)| {
            let found = layer(&node.name);
            let channel_wise = found.map_or(ChannelWise::Forbidden, channel_wise);
            let graph_layer =
                GraphLayer { op_type: node.op.clone(), quantizable: found.is_some(), channel_wise };
            (node.name.clone(), graph_layer)
        })
        .collect()
}

fn channel_wise(layer: &QuantizableLayer) -> ChannelWise {
    match (layer.kind.may_be_channel_wise(), layer.channel_wise) {
        (false, _) => ChannelWise::Forbidden,
        (true, true) => ChannelWise::OnByDefault,
        (true, false) => ChannelWise::OffByDefault,
    }
}

/// The configuration that quantizes every layer with AMCT's defaults.
///
/// # Errors
/// [`Error::Config`], for instance a layer with the name of a global parameter.
pub fn default_config(
    prepared: &Prepared,
    batch_num: u32,
    activation_offset: bool,
) -> Result<QuantConfig, Error> {
    Ok(QuantConfig::create(&graph_layers(prepared), &[], batch_num, activation_offset)?)
}
