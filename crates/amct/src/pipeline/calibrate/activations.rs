//! Which activations are calibrated and by which algorithm, taken from the configuration of layers and tensors.

use std::collections::BTreeMap;

use amct_artifacts::config::{ActivationConfig, ConfigError, QuantConfig, TensorQuantize};
use amct_calibration::activations::{Activation, Algorithm};
use amct_calibration::hfmg::HfmgParams;
use amct_calibration::ifmr::IfmrParams;
use amct_calibration::{Batches, probe_shapes};
use amct_graph::Outlet;

use super::Enabled;
use crate::pipeline::Prepared;
use crate::{Error, signature};

/// What is calibrated: one activation for all who read the same outlet with the same parameters.
pub(super) struct Activations {
    pub(super) list: Vec<Activation>,
    /// For each layer the index of its activation.
    pub(super) of_layers: Vec<usize>,
    /// The record's key of each tensor of `tensor_quantize`, and the index of its activation.
    pub(super) of_tensors: Vec<(String, usize)>,
}

impl Activations {
    pub(super) fn of(
        prepared: &Prepared,
        config: &QuantConfig,
        enabled: &[Enabled<'_>],
        batches: &dyn Batches,
    ) -> Result<Self, Error> {
        let tensors = tensors(prepared, &config.tensor_quantize)?;
        let shapes = tensor_shapes(prepared, &tensors, batches)?;
        let mut listing =
            Listing { shapes: vec![&prepared.shapes, &shapes], batches: batches.len(), ..Listing::default() };
        let of_layers = enabled
            .iter()
            .map(|(layer, layer_config)| {
                listing.add(layer.input, &layer.name, algorithm(config, &layer_config.activation))
            })
            .collect();
        let of_tensors = tensors
            .into_iter()
            .map(|(key, outlet, activation)| {
                let index = listing.add(outlet, &key, algorithm(config, activation));
                (key, index)
            })
            .collect();
        Ok(Self { list: listing.list, of_layers, of_tensors })
    }
}

#[derive(Default)]
struct Listing<'a> {
    list: Vec<Activation>,
    known: BTreeMap<Outlet, Vec<usize>>,
    shapes: Vec<&'a BTreeMap<Outlet, Vec<usize>>>,
    batches: usize,
}

impl Listing<'_> {
    /// The index of an activation, which is added unless it is known.
    fn add(&mut self, outlet: Outlet, name: &str, algorithm: Algorithm) -> usize {
        let same = self.known.entry(outlet).or_default();
        for &index in &*same {
            if let Some(known) = self.list.get_mut(index).filter(|known| known.algorithm == algorithm) {
                known.layers.push(name.to_owned());
                return index;
            }
        }
        let shape = self.shapes.iter().find_map(|shapes| shapes.get(&outlet));
        let values = shape.map_or(0, |shape| shape.iter().product::<usize>());
        self.list.push(Activation {
            outlet,
            layers: vec![name.to_owned()],
            algorithm,
            count: values.saturating_mul(self.batches),
        });
        same.push(self.list.len() - 1);
        self.list.len() - 1
    }
}

fn algorithm(config: &QuantConfig, activation: &ActivationConfig) -> Algorithm {
    let with_offset = config.is_asymmetric(activation);
    match activation {
        ActivationConfig::Ifmr(ifmr) => Algorithm::Ifmr(IfmrParams {
            num_bits: ifmr.num_bits,
            with_offset,
            search_range: (ifmr.search_range[0] as f32, ifmr.search_range[1] as f32),
            search_step: ifmr.search_step as f32,
            max_percentile: ifmr.max_percentile as f32,
            min_percentile: ifmr.min_percentile as f32,
        }),
        ActivationConfig::Hfmg(hfmg) => Algorithm::Hfmg(HfmgParams {
            num_bits: hfmg.num_bits,
            with_offset,
            num_of_bins: usize::try_from(hfmg.num_of_bins).unwrap_or(usize::MAX),
        }),
    }
}

type Tensor<'a> = (String, Outlet, &'a ActivationConfig);

/// Where the tensors of `tensor_quantize` are.
fn tensors<'a>(prepared: &Prepared, wanted: &'a [TensorQuantize]) -> Result<Vec<Tensor<'a>>, Error> {
    wanted
        .iter()
        .map(|tensor| {
            let TensorQuantize { layer_name, input_index, activation } = tensor;
            let missing = || ConfigError::LayerMissing { layer: layer_name.clone() };
            let node = prepared.graph.node(prepared.graph.find(layer_name).ok_or_else(missing)?);
            let outlet = usize::try_from(*input_index).ok().and_then(|index| node.inputs.get(index));
            match outlet {
                Some(&outlet) => Ok((format!("{layer_name}:{input_index}"), outlet, activation)),
                None => Err(Error::Unsupported(format!(
                    "tensor_quantize names input {input_index} of {node}, which has {} input(s), from 0; \
                     correct input_index",
                    node.inputs.len()
                ))),
            }
        })
        .collect()
}

/// Shapes of tensors that no layer reads.
fn tensor_shapes(
    prepared: &Prepared,
    tensors: &[Tensor<'_>],
    batches: &dyn Batches,
) -> Result<BTreeMap<Outlet, Vec<usize>>, Error> {
    let unknown: Vec<Outlet> = tensors
        .iter()
        .map(|tensor| tensor.1)
        .filter(|outlet| !prepared.shapes.contains_key(outlet))
        .collect();
    if unknown.is_empty() {
        return Ok(BTreeMap::new());
    }
    let outlets = signature::outlets(&prepared.graph, &prepared.outputs)?;
    Ok(probe_shapes(&prepared.graph, &outlets, &unknown, batches)?)
}
