//! The step of the DMQ balancer: finds factors on data, takes them from a record, and puts them into the graph.

use std::collections::BTreeMap;

use amct_artifacts::config::{ConfigError, LayerConfig, Place, QuantConfig, Rule};
use amct_artifacts::record::{Record, RecordEntry, RecordError};
use amct_calibration::balance::{ChannelActivation, activation_maxima, weight_maxima};
use amct_calibration::dmq::balance_factors;
use amct_calibration::{Batches, CalibrationError, Progress};
use amct_graph::LayerKind;
use amct_rewrite::{Balanced, QuantizableLayer, balance};

use super::Prepared;
use crate::Error;

/// Balance factors by layer name.
pub(super) type Factors = BTreeMap<String, Vec<f32>>;

/// The pre-pass of the DMQ balancer: runs the graph over the batches once and finds the factors of all
/// layers that the configuration gives a `dmq_balancer_param`. The record has their
/// `tensor_balance_factor` only; [`calibrate`](super::calibrate) goes on from it.
///
/// An `AvgPool` has no weights to balance with and is left out.
///
/// ```no_run
/// use amct::model::Feeds;
/// use amct::pipeline::{self, CalibrateOptions, PrepareOptions};
///
/// # fn main() -> Result<(), amct::Error> {
/// let graph = amct::graphdef::load("model.pb".as_ref())?;
/// let outputs = ["logits".to_owned()];
/// let image = amct::tensor::Tensor::full([1, 224, 224, 3], 0.5_f32).unwrap();
/// let batches = [Feeds::from([("input", image)])];
/// let prepared = pipeline::prepare(&graph, &outputs, &PrepareOptions::default(), Some(&batches))?;
/// let mut config = pipeline::default_config(&prepared, 1, true)?;
/// pipeline::set_dmq_balancer(&mut config, &prepared, 0.5)?;
/// let factors = pipeline::quantize_preprocess(&prepared, &config, &batches, &|_| {})?;
/// let options = CalibrateOptions::default().with_balance(&factors);
/// let record = pipeline::calibrate(&prepared, &config, &batches, &options)?.record;
/// let quantized = pipeline::quantize(&prepared, &record, "model")?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::Calibration`] naming the layer.
pub fn quantize_preprocess(
    prepared: &Prepared,
    config: &QuantConfig,
    batches: &dyn Batches,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Record, Error> {
    let layers: Vec<(&QuantizableLayer, f64, usize)> = balanced_layers(prepared, config)
        .map(|(layer, strength)| Ok((layer, strength, own_channels(prepared, layer)?)))
        .collect::<Result<_, Error>>()?;
    if layers.is_empty() {
        return Ok(Record::default());
    }
    let activations: Vec<ChannelActivation> = layers
        .iter()
        .map(|(layer, _, channels)| ChannelActivation {
            outlet: own_input(prepared, layer),
            layer: layer.name.clone(),
            channels: *channels,
            channels_first: layer.channel_axis(&prepared.graph, 4) == 1,
        })
        .collect();
    let maxima = activation_maxima(&prepared.graph, &activations, batches, progress)?;
    let entries = layers.into_iter().zip(maxima).map(|((layer, strength, channels), activation)| {
        let weights = weight_maxima(&prepared.graph, layer, channels)?;
        let factors = balance_factors(&activation, &weights, strength as f32);
        let factors =
            factors.map_err(|error| CalibrationError::Balance { layer: layer.name.clone(), error })?;
        log::info!(target: "dmq_balance", "Do layer {} balance succeeded!", layer.name);
        Ok(RecordEntry { key: layer.name.clone(), tensor_balance_factor: factors, ..RecordEntry::default() })
    });
    Ok(Record { entries: entries.collect::<Result<_, Error>>()? })
}

/// Asks for the DMQ balancer in all layers that it applies to.
///
/// # Errors
/// [`Error::Config`] for a strength outside \[0.2, 0.8\].
pub fn set_dmq_balancer(config: &mut QuantConfig, prepared: &Prepared, strength: f64) -> Result<(), Error> {
    for layer in prepared.scan.layers.iter().filter(|layer| layer.kind != LayerKind::AvgPool) {
        let Some(layer_config) = config.layers.get_mut(&layer.name) else { continue };
        if !(0.2..=0.8).contains(&strength) {
            let place = Place { layer: Some(layer.name.clone()), path: "dmq_balancer_param".to_owned() };
            let found = strength.to_string();
            return Err(ConfigError::Value { place, rule: Rule::DmqBalancer, found }.into());
        }
        layer_config.dmq_balancer_param = Some(strength);
    }
    Ok(())
}

/// The enabled layers that the configuration balances, with the strength.
fn balanced_layers<'a>(
    prepared: &'a Prepared,
    config: &'a QuantConfig,
) -> impl Iterator<Item = (&'a QuantizableLayer, f64)> {
    let strength = |layer: &LayerConfig| layer.dmq_balancer_param.filter(|_| layer.quant_enable);
    prepared.scan.layers.iter().filter_map(move |layer| {
        let strength = strength(config.layers.get(&layer.name)?)?;
        if layer.kind == LayerKind::AvgPool {
            log::info!(target: "dmq_balance", "layer '{}' is not balanced: an AvgPool has no weights", layer.name);
            return None;
        }
        Some((layer, strength))
    })
}

/// The factors of a record for all layers that the configuration balances.
///
/// # Errors
/// [`Error::NoBalanceFactor`] for a layer that the record has none for.
pub(super) fn configured_factors(
    prepared: &Prepared,
    config: &QuantConfig,
    record: &Record,
) -> Result<Factors, Error> {
    balanced_layers(prepared, config)
        .map(|(layer, _)| {
            let factors = record.get(&layer.name).map(|entry| entry.tensor_balance_factor.clone());
            let factors = factors.filter(|factors| !factors.is_empty());
            Ok((layer.name.clone(), factors.ok_or_else(|| Error::NoBalanceFactor(layer.name.clone()))?))
        })
        .collect()
}

/// All balance factors of a record.
pub(super) fn recorded_factors(record: &Record) -> Factors {
    let balanced = record.entries.iter().filter(|entry| !entry.tensor_balance_factor.is_empty());
    balanced.map(|entry| (entry.key.clone(), entry.tensor_balance_factor.clone())).collect()
}

/// The graph with the factors in it, and its layers.
///
/// # Errors
/// [`Error::Record`] for factors that do not fit a layer, or of a layer that is not balanced.
pub(crate) fn balanced(prepared: &Prepared, factors: &Factors) -> Result<(Prepared, Balanced), Error> {
    for layer in &prepared.scan.layers {
        let Some(factors) = factors.get(&layer.name) else { continue };
        if layer.weights.is_none() {
            let (field, layer) = ("tensor_balance_factor", layer.name.clone());
            return Err(RecordError::NotSupported { field, layer }.into());
        }
        let (found, expected) = (factors.len(), own_channels(prepared, layer)?);
        if found != expected {
            return Err(RecordError::BalanceChannels { layer: layer.name.clone(), found, expected }.into());
        }
    }
    let mut next = prepared.clone();
    let balanced = balance(&mut next.graph, &prepared.scan.layers, factors, &prepared.outputs)?;
    next.scan.layers.clone_from(&balanced.layers);
    for (product, source) in &balanced.products {
        if let Some(shape) = prepared.shapes.get(source) {
            next.shapes.insert(*product, shape.clone());
        }
    }
    Ok((next, balanced))
}

/// The layer's own data input, behind any `Pad` or `Split`.
fn own_input(prepared: &Prepared, layer: &QuantizableLayer) -> amct_graph::Outlet {
    let inputs = &prepared.graph.node(layer.node).inputs;
    inputs.get(layer.kind.data_input()).copied().unwrap_or(layer.input)
}

/// How many channels the layer's own data has.
fn own_channels(prepared: &Prepared, layer: &QuantizableLayer) -> Result<usize, Error> {
    let shape = prepared.shapes.get(&own_input(prepared, layer));
    let channels =
        shape.and_then(|shape| shape.get(layer.channel_axis(&prepared.graph, shape.len())).copied());
    let weights = layer.weights.as_ref();
    let seen = weights.and_then(|weights| layer.kind.input_channels(&weights.shape)).unwrap_or(0);
    // Without a shape the weights tell, unless the layer is a convolution in groups.
    let channels = channels.unwrap_or(seen);
    match layer.input_channels(channels) {
        Some(inputs) => Ok(inputs.count()),
        None => Err(CalibrationError::Channels {
            layer: layer.name.clone(),
            expected: seen,
            found: shape.cloned().unwrap_or_default(),
        }
        .into()),
    }
}
