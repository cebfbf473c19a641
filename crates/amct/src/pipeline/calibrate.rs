use std::collections::BTreeMap;

use amct_artifacts::config::{ActivationConfig, LayerConfig, QuantConfig};
use amct_artifacts::record::{Record, RecordEntry};
use amct_calibration::activations::{self, Activation};
use amct_calibration::ifmr::IfmrParams;
use amct_calibration::{Batches, Progress, weights};
use amct_rewrite::QuantizableLayer;
use rayon::prelude::*;

use super::Prepared;
use crate::{Error, interface};

/// Finds scales and offsets of every enabled layer: weights first (ARQ), then activations (IFMR) on
/// the graph with fake-quantized weights. Records are in graph order.
///
/// # Errors
/// [`Error::Unsupported`] for an algorithm that is not there yet, [`Error::Calibration`] naming the layer.
pub fn calibrate(
    prepared: &Prepared,
    config: &QuantConfig,
    batches: &Batches<'_>,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Record, Error> {
    calibrate_unknown(prepared, config, &Record::default(), batches, progress)
}

/// As [`calibrate`], but a layer that is in `known` is given that entry instead of being calibrated. All
/// enabled layers have fake-quantized weights all the same, since the others are calibrated behind them.
pub(crate) fn calibrate_unknown(
    prepared: &Prepared,
    config: &QuantConfig,
    known: &Record,
    batches: &Batches<'_>,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Record, Error> {
    let enabled: Vec<(&QuantizableLayer, &LayerConfig)> = prepared
        .scan
        .layers
        .iter()
        .filter_map(|layer| Some((layer, config.layers.get(&layer.name)?)))
        .filter(|(_, layer_config)| layer_config.quant_enable)
        .collect();
    let scales = enabled.par_iter().map(|(layer, layer_config)| {
        let weight = &layer_config.weight;
        let channel_wise = weight.channel_wise.unwrap_or(layer.channel_wise);
        weights::calibrate(&prepared.graph, layer, channel_wise, weight.num_bits)
    });
    // Collected before the first error is looked for, so that it is that of the first layer.
    let scales: Vec<_> = scales.collect();
    let scales: Vec<Vec<f32>> = scales.into_iter().collect::<Result<_, _>>()?;
    let fake: Vec<(&QuantizableLayer, &[f32])> =
        enabled.iter().zip(&scales).map(|((layer, _), scale)| (*layer, scale.as_slice())).collect();
    let graph = weights::fake_quantized(&prepared.graph, &fake)?;

    let unknown: Vec<_> =
        enabled.iter().copied().filter(|(layer, _)| known.get(&layer.name).is_none()).collect();
    let (activations, at) = group(prepared, config, &unknown, batches.count())?;
    let outlets = interface::outlets(&graph, &prepared.outputs)?;
    let found = if activations.is_empty() {
        Vec::new()
    } else {
        activations::calibrate(&graph, &outlets, &activations, batches, progress)?
    };

    let mut at = at.into_iter();
    let entries = enabled.iter().zip(scales).filter_map(|((layer, _), scale_w)| {
        if let Some(entry) = known.get(&layer.name) {
            return Some(entry.clone());
        }
        let params = found.get(at.next()?)?;
        Some(RecordEntry {
            key: layer.name.clone(),
            scale_d: Some(params.scale),
            offset_d: Some(params.offset),
            offset_w: vec![0; scale_w.len()],
            scale_w,
            ..RecordEntry::default()
        })
    });
    Ok(Record { entries: entries.collect() })
}

/// One activation for all layers that read the same outlet with the same parameters; and for each
/// layer the index of its activation.
fn group(
    prepared: &Prepared,
    config: &QuantConfig,
    enabled: &[(&QuantizableLayer, &LayerConfig)],
    batches: usize,
) -> Result<(Vec<Activation>, Vec<usize>), Error> {
    let mut activations: Vec<Activation> = Vec::new();
    let mut at = Vec::with_capacity(enabled.len());
    let mut known: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (layer, layer_config) in enabled {
        let params = ifmr_params(config, layer, layer_config)?;
        let same = known.entry(layer.input).or_default();
        let index = same.iter().copied().find(|&i| activations.get(i).is_some_and(|a| a.params == params));
        let index = match index {
            Some(index) => {
                if let Some(activation) = activations.get_mut(index) {
                    activation.layers.push(layer.name.clone());
                }
                index
            }
            None => {
                let shape = prepared.shapes.get(&layer.input);
                let values = shape.map_or(0, |shape| shape.iter().product::<usize>());
                activations.push(Activation {
                    outlet: layer.input,
                    layers: vec![layer.name.clone()],
                    params,
                    count: values.saturating_mul(batches),
                });
                same.push(activations.len() - 1);
                activations.len() - 1
            }
        };
        at.push(index);
    }
    Ok((activations, at))
}

fn ifmr_params(
    config: &QuantConfig,
    layer: &QuantizableLayer,
    layer_config: &LayerConfig,
) -> Result<IfmrParams, Error> {
    match &layer_config.activation {
        ActivationConfig::Ifmr(ifmr) => Ok(IfmrParams {
            num_bits: ifmr.num_bits,
            with_offset: config.is_asymmetric(&layer_config.activation),
            search_range: (ifmr.search_range[0] as f32, ifmr.search_range[1] as f32),
            search_step: ifmr.search_step as f32,
            max_percentile: ifmr.max_percentile as f32,
            min_percentile: ifmr.min_percentile as f32,
        }),
        ActivationConfig::Hfmg(_) => Err(Error::Unsupported(format!(
            "layer '{}' asks for act_algo hfmg, which amct does not have yet; use ifmr",
            layer.name
        ))),
    }
}
