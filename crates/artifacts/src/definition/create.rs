//! Makes the full configuration of a graph out of a `.cfg`: overrides, types and defaults resolved per layer.

use std::collections::BTreeMap;

use super::check::may_be_balanced;
use super::{CalibrationConfig, ConfigDefinition, DefinitionError, DefinitionFault, Override};
use crate::config::{
    ActivationConfig, ChannelWise, ConfigError, GraphLayer, LayerConfig, QuantConfig, TensorQuantize,
    WeightConfig,
};

impl ConfigDefinition {
    /// The configuration of a graph, as AMCT's `create_quant_config` makes it from a `.cfg`: every
    /// quantizable node has its entry, with `quant_enable` false if its name or type is skipped.
    ///
    /// `graph` maps the name of every node to what is known of it; `foldable` are the operation types
    /// that a batch norm is folded into.
    ///
    /// # Errors
    /// A name that is not in the graph, a type that is never quantized, `channel_wise` or a balancer
    /// where it does not apply, or nothing left to quantize.
    pub fn create_config(
        &self,
        graph: &BTreeMap<String, GraphLayer>,
        foldable: &[&str],
    ) -> Result<QuantConfig, DefinitionError> {
        self.check_names(graph)?;
        self.check_skip_fusion(graph, foldable)?;
        let defaults = QuantConfig::default();
        let mut config = QuantConfig {
            batch_num: self.batch_num.unwrap_or(defaults.batch_num),
            activation_offset: self.activation_offset.unwrap_or(defaults.activation_offset),
            joint_quant: self.joint_quant.unwrap_or(defaults.joint_quant),
            do_fusion: self.do_fusion.unwrap_or(defaults.do_fusion),
            fakequant_precision_mode: self.fakequant_precision_mode,
            skip_fusion_layers: self.skip_fusion_layers.iter().map(|layer| layer.value.clone()).collect(),
            ..defaults
        };
        for tensor in &self.tensor_quantize {
            config.tensor_quantize.push(TensorQuantize {
                layer_name: tensor.layer_name.value.clone(),
                input_index: tensor.input_index.value,
                activation: self.with_common_asymmetric(tensor.activation.clone()),
            });
        }
        for (name, node) in graph.iter().filter(|(_, node)| node.quantizable) {
            config.layers.insert(name.clone(), self.layer(name, node)?);
        }
        self.check_something_is_left(&config)?;
        config.check_graph(graph, foldable).map_err(DefinitionError::of_file)?;
        config.resolve(graph);
        Ok(config)
    }

    fn layer(&self, name: &str, node: &GraphLayer) -> Result<LayerConfig, DefinitionError> {
        let defaults = CalibrationConfig::default();
        let own = named(&self.override_layer_configs, name)
            .or_else(|| named(&self.override_layer_types, &node.op_type));
        let calibration = own.or(self.common_config.as_ref()).unwrap_or(&defaults);
        let channel_wise = calibration.channel_wise.as_ref().map(|on| on.value);
        // What is meant for all layers leaves those alone that have one scale; an override is for this one.
        let may_have_channels = own.is_some() || node.channel_wise == ChannelWise::OnByDefault;
        let channel_wise = channel_wise.map(|on| on && may_have_channels);
        let balancer = calibration.dmq_balancer.as_ref().map(|strength| strength.value);
        if balancer.is_some() && !may_be_balanced(&node.op_type) {
            log::warn!(
                target: "Config",
                "Layer {name} does not support dmq_balancer, remove dmq_balancer in config file"
            );
        }
        let skipped = self.skip_layers.iter().any(|layer| layer.value == name)
            || self.skip_layer_types.iter().any(|layer_type| layer_type.value == node.op_type);
        let activation = calibration.activation.clone().unwrap_or_default();
        Ok(LayerConfig {
            quant_enable: !skipped,
            dmq_balancer_param: balancer.filter(|_| may_be_balanced(&node.op_type)),
            activation: self.with_common_asymmetric(activation),
            weight: WeightConfig { channel_wise, ..WeightConfig::default() },
        })
    }

    /// An activation with the `asymmetric` of the `common_config`, if it has none of its own and that is
    /// for the same algorithm.
    fn with_common_asymmetric(&self, mut activation: ActivationConfig) -> ActivationConfig {
        let common = self.common_config.as_ref().and_then(|common| common.activation.as_ref());
        if let Some(common) = common.filter(|common| common.algorithm() == activation.algorithm()) {
            activation.asymmetric = activation.asymmetric.or(common.asymmetric);
        }
        activation
    }

    fn check_something_is_left(&self, config: &QuantConfig) -> Result<(), DefinitionError> {
        if !self.tensor_quantize.is_empty() {
            return Ok(());
        }
        if config.layers.is_empty() {
            return Err(DefinitionError::of_file(ConfigError::NothingQuantizable));
        }
        let enabled = |layer: &&LayerConfig| layer.quant_enable;
        let Some(_) = config.layers.values().find(enabled) else {
            return Err(DefinitionError::of_file(DefinitionFault::AllSkipped));
        };
        let balanced = |layer: &LayerConfig| layer.quant_enable && layer.dmq_balancer_param.is_some();
        let asked = self.common_config.as_ref().is_some_and(|common| common.dmq_balancer.is_some());
        if asked && !config.layers.values().any(balanced) {
            log::warn!(
                target: "Config",
                "Except skip_layers or skip_types, no layer in graph support dmq_balancer, please remove \
                 dmq_balancer in config file."
            );
        }
        Ok(())
    }
}

fn named<'a>(overrides: &'a [Override], name: &str) -> Option<&'a CalibrationConfig> {
    overrides.iter().find(|item| item.name.value == name).map(|item| &item.config)
}
