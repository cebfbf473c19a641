//! A configuration from any of its three sources: arguments, a `config.json` or a `.cfg`.

use std::collections::BTreeMap;

use amct_artifacts::config::activation::{Algorithm, IFMR};
use amct_artifacts::config::{ChannelWise, ConfigFile, GraphLayer, QuantConfig};
use amct_artifacts::definition::DefinitionFile;
use amct_graph::{Graph, LayerKind};

use super::{PrepareOptions, Prepared, graph_layers};
use crate::Error;

/// How a job is told what to quantize and how: in one of AMCT's three ways.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Configuration {
    /// By the arguments of `create_quant_config`.
    Arguments {
        /// Layers that are not quantized.
        skip_layers: Vec<String>,
        /// Batches used for calibration, at least 1.
        batch_num: u32,
        /// Whether activations have a zero offset.
        activation_offset: bool,
        /// How activations are calibrated, with its defaults.
        act_algo: &'static Algorithm,
    },
    /// By a `config.json`.
    File(ConfigFile),
    /// By a simplified `.cfg`.
    Definition(DefinitionFile),
}

impl Default for Configuration {
    /// AMCT's defaults for every layer.
    fn default() -> Self {
        Configuration::Arguments {
            skip_layers: Vec::new(),
            batch_num: 1,
            activation_offset: true,
            act_algo: &IFMR,
        }
    }
}

impl Configuration {
    /// The number of batches to calibrate on.
    pub fn batch_num(&self) -> u32 {
        match self {
            Configuration::Arguments { batch_num, .. } => *batch_num,
            Configuration::File(file) => file.config().batch_num,
            Configuration::Definition(file) => file.definition().batch_num.unwrap_or(1),
        }
    }

    /// What [`prepare`](super::prepare) may do with the graph.
    ///
    /// # Errors
    /// An entry of `skip_fusion_layers` that is not in the graph, or that nothing is folded into.
    pub fn prepare_options(&self, original: &Graph) -> Result<PrepareOptions, Error> {
        let (do_fusion, skipped) = match self {
            Configuration::Arguments { .. } => return Ok(PrepareOptions::default()),
            Configuration::File(file) => {
                file.check_skip_fusion(&node_types(original), &LayerKind::foldable_ops())?;
                (file.config().do_fusion, file.config().skip_fusion_layers.clone())
            }
            Configuration::Definition(file) => {
                file.check_skip_fusion(&node_types(original), &LayerKind::foldable_ops())?;
                let definition = file.definition();
                let skipped = definition.skip_fusion_layers.iter().map(|layer| layer.value.clone());
                (definition.do_fusion.unwrap_or(true), skipped.collect())
            }
        };
        Ok(PrepareOptions { do_fusion, skip_fusion_layers: skipped.into_iter().collect() })
    }

    /// The configuration of a graph, complete: no value is left to a default.
    ///
    /// # Errors
    /// Names, types or values that do not fit the graph, or nothing to quantize; from a file, with the
    /// place in it.
    pub fn resolve(&self, prepared: &Prepared) -> Result<QuantConfig, Error> {
        let graph = graph_layers(prepared);
        match self {
            Configuration::Arguments { skip_layers, batch_num, activation_offset, act_algo } => {
                let mut config = QuantConfig::create(&graph, skip_layers, *batch_num, *activation_offset)?;
                config.use_algorithm(act_algo);
                Ok(config)
            }
            Configuration::File(file) => {
                file.check_graph(&graph, &LayerKind::foldable_ops())?;
                let mut config = file.config().clone();
                config.resolve(&graph);
                Ok(config)
            }
            Configuration::Definition(file) => Ok(file.create_config(&graph, &LayerKind::foldable_ops())?),
        }
    }
}

/// The nodes of a graph that has not been looked at yet: of what can be quantized nothing is known.
fn node_types(graph: &Graph) -> BTreeMap<String, GraphLayer> {
    let layer = |op: &str| GraphLayer {
        op_type: op.to_owned(),
        quantizable: false,
        channel_wise: ChannelWise::Forbidden,
    };
    graph.nodes().map(|(_, node)| (node.name.clone(), layer(&node.op))).collect()
}

#[cfg(test)]
mod tests {
    use amct_artifacts::config::types;

    use super::*;

    #[test]
    fn the_types_of_the_files_are_those_of_the_graph() {
        for op in types::QUANTIZABLE {
            let kind = LayerKind::of_op(op).unwrap();
            assert_eq!(kind.may_be_channel_wise(), types::CHANNEL_WISE.contains(&op), "{op}");
            assert_eq!(kind.weight_input().is_none(), types::WITHOUT_WEIGHTS.contains(&op), "{op}");
            assert_eq!(kind.weight_input().is_some(), LayerKind::foldable_ops().contains(&op), "{op}");
        }
        assert_eq!(LayerKind::of_op("Relu"), None);
    }
}
