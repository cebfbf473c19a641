//! What a definition says of names and types, against the graph. The order is AMCT's.

use std::collections::BTreeMap;

use super::{ConfigDefinition, DefinitionError, DefinitionFault, Located};
use crate::config::{ConfigError, GraphLayer, types};

type Graph = BTreeMap<String, GraphLayer>;

impl ConfigDefinition {
    /// Checks the entries of `skip_fusion_layers`, which can be told from the graph before anything is
    /// folded. `foldable` are the operation types that a batch norm is folded into.
    ///
    /// # Errors
    /// An entry that is no node, or a node that nothing is folded into.
    pub fn check_skip_fusion(&self, graph: &Graph, foldable: &[&str]) -> Result<(), DefinitionError> {
        self.skip_fusion_layers.iter().try_for_each(|entry| {
            let layer = || entry.value.clone();
            let error = match graph.get(&entry.value) {
                None => ConfigError::SkipFusionMissing { layer: layer() },
                Some(node) if !foldable.contains(&node.op_type.as_str()) => ConfigError::SkipFusionType {
                    layer: layer(),
                    op_type: node.op_type.clone(),
                    accepted: foldable.iter().map(|name| (*name).to_owned()).collect(),
                },
                Some(_) => return Ok(()),
            };
            Err(DefinitionError::new(entry.at, error))
        })
    }

    /// Checks layers and types that are overridden or skipped, and tensors.
    pub(super) fn check_names(&self, graph: &Graph) -> Result<(), DefinitionError> {
        self.check_override_layers(graph)?;
        self.check_override_types()?;
        for layer in &self.skip_layers {
            let node = node(graph, layer)?;
            if !types::QUANTIZABLE.contains(&node.op_type.as_str()) {
                let error = ConfigError::SkipUnsupported { layer: layer.value.clone() };
                return Err(DefinitionError::new(layer.at, error));
            }
        }
        self.skip_layer_types.iter().try_for_each(check_type)?;
        let skipped = |name: &&str| self.skip_layer_types.iter().any(|skip| skip.value == **name);
        if let Some(last) = self.skip_layer_types.last().filter(|_| types::QUANTIZABLE.iter().all(skipped)) {
            return Err(DefinitionError::new(last.at, DefinitionFault::AllTypesSkipped));
        }
        self.check_tensors(graph)
    }

    fn check_override_layers(&self, graph: &Graph) -> Result<(), DefinitionError> {
        for item in &self.override_layer_configs {
            let node = node(graph, &item.name)?;
            let layer = || item.name.value.clone();
            let op_type = node.op_type.as_str();
            if let Some(on) = item.config.channel_wise.as_ref().filter(|on| on.value)
                && !types::CHANNEL_WISE.contains(&op_type)
            {
                return Err(DefinitionError::new(on.at, DefinitionFault::ChannelWiseLayer(layer())));
            }
            if let Some(balancer) = &item.config.dmq_balancer
                && !may_be_balanced(op_type)
            {
                return Err(DefinitionError::new(balancer.at, DefinitionFault::BalancerLayer(layer())));
            }
            if !node.quantizable {
                log::warn!(
                    target: "Proto_config",
                    "{}: the override for layer {} is ignored: the layer does not support quant.",
                    item.name.at, item.name.value
                );
            }
        }
        Ok(())
    }

    fn check_override_types(&self) -> Result<(), DefinitionError> {
        for item in &self.override_layer_types {
            check_type(&item.name)?;
            let (op_type, layer_type) = (item.name.value.as_str(), || item.name.value.clone());
            if let Some(on) = item.config.channel_wise.as_ref().filter(|on| on.value)
                && !types::CHANNEL_WISE.contains(&op_type)
            {
                return Err(DefinitionError::new(on.at, DefinitionFault::ChannelWiseType(layer_type())));
            }
            if let Some(balancer) = &item.config.dmq_balancer
                && !may_be_balanced(op_type)
            {
                return Err(DefinitionError::new(balancer.at, DefinitionFault::BalancerType(layer_type())));
            }
        }
        Ok(())
    }

    fn check_tensors(&self, graph: &Graph) -> Result<(), DefinitionError> {
        for tensor in &self.tensor_quantize {
            let op_type = node(graph, &tensor.layer_name)?.op_type.clone();
            let (layer, found) = (tensor.layer_name.value.clone(), tensor.input_index.value);
            match types::tensor_inputs(&op_type) {
                None => {
                    let error = ConfigError::Unsupported { layer, op_type };
                    return Err(DefinitionError::new(tensor.layer_name.at, error));
                }
                Some(inputs) if found >= inputs => {
                    let error = ConfigError::TensorIndex { layer, op_type, found, inputs };
                    return Err(DefinitionError::new(tensor.input_index.at, error));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// Whether the balancer applies to layers of a type.
pub(super) fn may_be_balanced(op_type: &str) -> bool {
    types::QUANTIZABLE.contains(&op_type) && !types::WITHOUT_WEIGHTS.contains(&op_type)
}

fn node<'g>(graph: &'g Graph, layer: &Located<String>) -> Result<&'g GraphLayer, DefinitionError> {
    graph.get(&layer.value).ok_or_else(|| {
        DefinitionError::new(layer.at, ConfigError::LayerMissing { layer: layer.value.clone() })
    })
}

fn check_type(layer_type: &Located<String>) -> Result<(), DefinitionError> {
    if types::QUANTIZABLE.contains(&layer_type.value.as_str()) {
        return Ok(());
    }
    Err(DefinitionError::new(layer_type.at, DefinitionFault::LayerType(layer_type.value.clone())))
}
