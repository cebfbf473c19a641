//! A configuration and a graph: checks the names in it, and fills in what depends on the graph.

use std::collections::BTreeMap;

use super::reader::GLOBAL_KEYS;
use super::{ConfigError, QuantConfig, types};

/// What a configuration needs to know of one node of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphLayer {
    /// The operation type, `Conv2D`.
    pub op_type: String,
    /// Whether the node can be quantized as a layer of its own.
    pub quantizable: bool,
    /// Whether its weights have one scale per output channel.
    pub channel_wise: ChannelWise,
}

/// The choice that a layer leaves to `channel_wise`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelWise {
    /// One scale for the tensor; true is an error (`MatMul`, `AvgPool`).
    Forbidden,
    /// Both are possible, false is the default (a convolution that ATC turns into a fully connected
    /// layer).
    OffByDefault,
    /// Both are possible, true is the default (convolutions).
    OnByDefault,
}

impl QuantConfig {
    /// Checks the names in this configuration against `graph`, which maps the name of every node to
    /// what is known of it. `foldable` are the operation types that a batch norm is folded into.
    ///
    /// # Errors
    /// A layer that does not exist or cannot be quantized, `channel_wise` where it is forbidden, an
    /// entry of `skip_fusion_layers` that nothing is folded into, or nothing to quantize at all.
    pub fn check_graph(
        &self,
        graph: &BTreeMap<String, GraphLayer>,
        foldable: &[&str],
    ) -> Result<(), ConfigError> {
        self.check_skip_fusion(graph, foldable)?;
        self.check_tensors(graph)?;
        for (name, layer) in &self.layers {
            if GLOBAL_KEYS.contains(&name.as_str()) {
                return Err(ConfigError::ReservedName { name: name.clone() });
            }
            let Some(node) = graph.get(name) else {
                return Err(ConfigError::InvalidName { name: name.clone() });
            };
            let op_type = || node.op_type.clone();
            if !node.quantizable {
                return Err(ConfigError::Unsupported { layer: name.clone(), op_type: op_type() });
            }
            if node.channel_wise == ChannelWise::Forbidden && layer.weight.channel_wise == Some(true) {
                return Err(ConfigError::ChannelWise { layer: name.clone(), op_type: op_type() });
            }
        }
        if self.tensor_quantize.is_empty() && !self.layers.values().any(|layer| layer.quant_enable) {
            return Err(ConfigError::NothingEnabled);
        }
        Ok(())
    }

    /// Checks `tensor_quantize` against the graph.
    fn check_tensors(&self, graph: &BTreeMap<String, GraphLayer>) -> Result<(), ConfigError> {
        for tensor in &self.tensor_quantize {
            let layer = || tensor.layer_name.clone();
            let Some(node) = graph.get(&tensor.layer_name) else {
                return Err(ConfigError::LayerMissing { layer: layer() });
            };
            let (op_type, found) = (node.op_type.clone(), tensor.input_index);
            match types::tensor_inputs(&op_type) {
                None => return Err(ConfigError::Unsupported { layer: layer(), op_type }),
                Some(inputs) if found >= inputs => {
                    return Err(ConfigError::TensorIndex { layer: layer(), op_type, found, inputs });
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// The part of [`check_graph`](Self::check_graph) about `skip_fusion_layers`, which can be told from
    /// the graph before anything is folded.
    ///
    /// # Errors
    /// An entry that is no node, or a node that nothing is folded into.
    pub fn check_skip_fusion(
        &self,
        graph: &BTreeMap<String, GraphLayer>,
        foldable: &[&str],
    ) -> Result<(), ConfigError> {
        for layer in &self.skip_fusion_layers {
            let Some(node) = graph.get(layer) else {
                return Err(ConfigError::SkipFusionMissing { layer: layer.clone() });
            };
            if !foldable.contains(&node.op_type.as_str()) {
                return Err(ConfigError::SkipFusionType {
                    layer: layer.clone(),
                    op_type: node.op_type.clone(),
                    accepted: foldable.iter().map(|name| (*name).to_owned()).collect(),
                });
            }
        }
        Ok(())
    }

    /// Fills in what the file left to others: `asymmetric` from `activation_offset`, `channel_wise`
    /// from the layer's node in `graph` (false for a name that is not in it).
    pub fn resolve(&mut self, graph: &BTreeMap<String, GraphLayer>) {
        let asymmetric = self.activation_offset;
        let tensors = self.tensor_quantize.iter_mut().map(|tensor| &mut tensor.activation);
        for activation in self.layers.values_mut().map(|layer| &mut layer.activation).chain(tensors) {
            activation.asymmetric.get_or_insert(asymmetric);
        }
        for (name, layer) in &mut self.layers {
            let default = graph.get(name).map(|node| node.channel_wise) == Some(ChannelWise::OnByDefault);
            layer.weight.channel_wise.get_or_insert(default);
        }
    }
}
