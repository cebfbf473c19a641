//! The default configuration of a graph.

use std::collections::{BTreeMap, BTreeSet};

use super::{ConfigError, GraphLayer, LayerConfig, QuantConfig, types};

impl QuantConfig {
    /// The default configuration of a graph, as AMCT's `create_quant_config` makes it without a
    /// `.cfg`: every quantizable node has its entry, with `quant_enable` false for `skip_layers`.
    ///
    /// # Errors
    /// An entry of `skip_layers` is repeated, not in the graph or never quantized; nothing is left to
    /// quantize; or a node has the name of a global parameter.
    pub fn create(
        graph: &BTreeMap<String, GraphLayer>,
        skip_layers: &[String],
        batch_num: u32,
        activation_offset: bool,
    ) -> Result<Self, ConfigError> {
        check_skip_layers(graph, skip_layers)?;
        let mut layers = BTreeMap::new();
        for (name, _) in graph.iter().filter(|(_, node)| node.quantizable) {
            let quant_enable = !skip_layers.contains(name);
            layers.insert(name.clone(), LayerConfig { quant_enable, ..LayerConfig::default() });
        }
        if layers.is_empty() {
            return Err(ConfigError::NothingQuantizable);
        }
        if !layers.values().any(|layer| layer.quant_enable) {
            return Err(ConfigError::AllSkipped);
        }
        let mut config = QuantConfig { batch_num, activation_offset, layers, ..QuantConfig::default() };
        config.check_graph(graph, &[])?;
        config.validate()?;
        config.resolve(graph);
        Ok(config)
    }
}

fn check_skip_layers(
    graph: &BTreeMap<String, GraphLayer>,
    skip_layers: &[String],
) -> Result<(), ConfigError> {
    let mut seen = BTreeSet::new();
    for layer in skip_layers {
        if !seen.insert(layer) {
            return Err(ConfigError::RepeatedItem { list: "skip_layers", name: layer.clone() });
        }
        match graph.get(layer) {
            None => return Err(ConfigError::LayerMissing { layer: layer.clone() }),
            Some(node) if !types::QUANTIZABLE.contains(&node.op_type.as_str()) => {
                return Err(ConfigError::SkipUnsupported { layer: layer.clone() });
            }
            Some(_) => {}
        }
    }
    Ok(())
}
