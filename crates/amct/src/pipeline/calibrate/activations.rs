//! Which activations are calibrated and by which calibrator, taken from the configuration of layers and tensors.

use std::collections::BTreeMap;

use amct_artifacts::config::{ActivationConfig, ConfigError, QuantConfig, TensorQuantize};
use amct_calibration::activations::Activation;
use amct_calibration::calibrators::calibrator;
use amct_calibration::{Batches, CalibrationError, probe_shapes};
use amct_graph::Outlet;
use amct_tensor::internal;

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
                listing.add(layer.input, &layer.name, config, &layer_config.activation)
            })
            .collect::<Result<_, _>>()?;
        let of_tensors = tensors
            .into_iter()
            .map(|(key, outlet, activation)| {
                Ok((key.clone(), listing.add(outlet, &key, config, activation)?))
            })
            .collect::<Result<_, Error>>()?;
        Ok(Self { list: listing.list, of_layers, of_tensors })
    }
}

#[derive(Default)]
struct Listing<'a> {
    list: Vec<Activation>,
    /// What is calibrated at an outlet, with the index of the activation.
    known: BTreeMap<Outlet, Vec<(ActivationConfig, usize)>>,
    shapes: Vec<&'a BTreeMap<Outlet, Vec<usize>>>,
    batches: usize,
}

impl Listing<'_> {
    /// The index of an activation, which is added unless it is known.
    fn add(
        &mut self,
        outlet: Outlet,
        name: &str,
        config: &QuantConfig,
        activation: &ActivationConfig,
    ) -> Result<usize, Error> {
        let with_offset = config.is_asymmetric(activation);
        let activation = activation.clone().with_asymmetric(with_offset);
        let same = self.known.entry(outlet).or_default();
        if let Some(&(_, index)) = same.iter().find(|(known, _)| *known == activation) {
            let listed = self.list.get_mut(index);
            listed.ok_or_else(|| internal!("activation {index} is not listed"))?.layers.push(name.to_owned());
            return Ok(index);
        }
        let shape = self.shapes.iter().find_map(|shapes| shapes.get(&outlet));
        let values = shape.map_or(0, |shape| shape.iter().product::<usize>());
        let layers = vec![name.to_owned()];
        let calibrator = calibrator(&activation, with_offset)
            .map_err(|error| CalibrationError::Activation { layers: layers.clone(), error })?;
        let count = values.saturating_mul(self.batches);
        self.list.push(Activation { outlet, layers, calibrator, count });
        let index = self.list.len() - 1;
        same.push((activation, index));
        Ok(index)
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
