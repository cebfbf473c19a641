//! The step from a prepared graph and data to a record: weights first, then activations, then shift bits.

mod activations;
mod shift;

use std::collections::BTreeMap;

use amct_artifacts::config::{LayerConfig, QuantConfig};
use amct_artifacts::record::{Record, RecordEntry};
use amct_calibration::ifmr::ClipLoss;
use amct_calibration::shift::ShiftVersion;
use amct_calibration::{Batches, Progress, activations as passes, weights};
use amct_rewrite::QuantizableLayer;
use amct_tensor::{Internal, internal};
use rayon::prelude::*;

use self::activations::Activations;
use super::{Prepared, balance, precision};
use crate::{Error, signature};

/// What [`calibrate`] may do besides what the configuration says.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct CalibrateOptions<'a> {
    /// The record of [`quantize_preprocess`](super::quantize_preprocess) for layers that are balanced;
    /// without it the pre-pass is run first, if any layer is.
    pub balance: Option<&'a Record>,
    /// What is known already of some layers: they are given their entries of this record instead of
    /// being calibrated. All enabled layers have fake-quantized weights all the same, since the others
    /// are calibrated behind them.
    pub known: Option<&'a Record>,
    /// Whether, and by which search, shift bits are recorded. A configuration with `joint_quant` has
    /// them in any case, by the first search if none is named.
    pub shift_bits: Option<ShiftVersion>,
    /// Told after every batch how far calibration has come.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

impl Default for CalibrateOptions<'_> {
    fn default() -> Self {
        Self { balance: None, known: None, shift_bits: None, progress: &|_| {} }
    }
}

impl<'a> CalibrateOptions<'a> {
    /// The same with the factors that the pre-pass of the DMQ balancer has found.
    #[must_use]
    pub fn with_balance(self, factors: &'a Record) -> Self {
        Self { balance: Some(factors), ..self }
    }

    /// The same with what is known of some layers.
    #[must_use]
    pub fn with_known(self, known: &'a Record) -> Self {
        Self { known: Some(known), ..self }
    }

    /// The same with the search of shift bits.
    #[must_use]
    pub fn with_shift_bits(self, version: impl Into<Option<ShiftVersion>>) -> Self {
        Self { shift_bits: version.into(), ..self }
    }

    /// The same with who is told how far calibration has come.
    #[must_use]
    pub fn with_progress(self, progress: &'a (dyn Fn(Progress) + Sync)) -> Self {
        Self { progress, ..self }
    }
}

/// What [`calibrate`] found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Calibration {
    /// The factors.
    pub record: Record,
    /// The candidates that IFMR tried for a layer's data, with their losses; of a layer that another
    /// algorithm calibrates, or that was known, none.
    pub losses: BTreeMap<String, Vec<ClipLoss>>,
}

/// Finds scales and offsets of every enabled layer: weights first (ARQ), then activations (IFMR, HFMG or
/// another of `CALIBRATORS`) on the graph with fake-quantized weights, both on the balanced graph where the
/// DMQ balancer is configured; then shift bits, if asked for. Records are in graph order, those of
/// `tensor_quantize` come last.
///
/// HFMG and the second search of shift bits take the data in the `batch_num` batches of the
/// configuration, however many images run at a time.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use amct::data::{Feeds, read_npy};
/// use amct::pipeline::{self, CalibrateOptions, PrepareOptions};
///
/// let graph = amct::graphdef::load("tests/golden/graphs/mobilenet_v1.pb".as_ref())?;
/// let data = [Feeds::from([("input", read_npy("tests/golden/graphs/mobilenet_v1.input.npy")?)])];
/// let outputs = amct::signature::outputs(&graph, &[])?;
/// let prepared = pipeline::prepare(&graph, &outputs, &PrepareOptions::default(), Some(&data))?;
/// let config = pipeline::default_config(&prepared, 1, true)?;
/// let record = pipeline::calibrate(&prepared, &config, &data, &CalibrateOptions::default())?.record;
/// let quantized = pipeline::quantize(&prepared, &record, "model")?;
/// assert_eq!(quantized.layers.len(), config.layers.len());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::Calibration`] naming the layer, [`Error::Config`] for a tensor that is not in the graph,
/// [`Error::NoBalanceFactor`].
pub fn calibrate(
    prepared: &Prepared,
    config: &QuantConfig,
    batches: &dyn Batches,
    options: &CalibrateOptions<'_>,
) -> Result<Calibration, Error> {
    let progress = options.progress;
    let factors = match options.balance {
        Some(record) => balance::configured_factors(prepared, config, record)?,
        None => {
            let record = balance::quantize_preprocess(prepared, config, batches, progress)?;
            balance::recorded_factors(&record)
        }
    };
    let with_factors;
    let prepared = if factors.is_empty() {
        prepared
    } else {
        with_factors = balance::balanced(prepared, &factors)?.0;
        &with_factors
    };

    let enabled = enabled_layers(prepared, config);
    let scales = weight_scales(prepared, &enabled)?;
    let fake: Vec<(&QuantizableLayer, &[f32])> =
        enabled.iter().zip(&scales).map(|((layer, _), scale)| (*layer, scale.as_slice())).collect();
    let graph = weights::fake_quantized(&prepared.graph, &fake)?;

    let known = |layer: &QuantizableLayer| options.known.and_then(|known| known.get(&layer.name));
    let unknown: Vec<Enabled<'_>> =
        enabled.iter().copied().filter(|(layer, _)| known(layer).is_none()).collect();
    let activations = Activations::of(prepared, config, &unknown, batches)?;
    let outlets = signature::outlets(&graph, &prepared.outputs)?;
    let batch_num = usize::try_from(config.batch_num).unwrap_or(usize::MAX);
    let found = if activations.list.is_empty() {
        Vec::new()
    } else {
        passes::calibrate(&graph, &outlets, &activations.list, batches, batch_num, progress)?
    };
    let (params, tried): (Vec<_>, Vec<_>) = found.into_iter().map(|one| (one.params, one.losses)).unzip();
    let found = precision::rounded(config, params);
    let missing = |what: &str, name: &str| internal!("no {what} of '{name}' were calibrated");
    let mut losses = BTreeMap::new();
    for ((layer, _), &index) in unknown.iter().zip(&activations.of_layers) {
        let tried = tried.get(index).ok_or_else(|| missing("losses", &layer.name))?;
        if !tried.is_empty() {
            losses.insert(layer.name.clone(), tried.clone());
        }
    }

    let mut of_unknown = activations.of_layers.iter();
    let entries = enabled.iter().zip(scales).map(|((layer, _), scale_w)| {
        if let Some(entry) = known(layer) {
            return Ok(entry.clone());
        }
        let params = of_unknown.next().and_then(|&index| found.get(index));
        let params = params.ok_or_else(|| missing("scale and offset", &layer.name))?;
        Ok(RecordEntry {
            key: layer.name.clone(),
            scale_d: Some(params.scale),
            offset_d: Some(params.offset),
            offset_w: vec![0; scale_w.len()],
            scale_w,
            tensor_balance_factor: factors.get(&layer.name).cloned().unwrap_or_default(),
            ..RecordEntry::default()
        })
    });
    let mut entries: Vec<RecordEntry> = entries.collect::<Result<_, Internal>>()?;
    if let Some(version) = options.shift_bits.or(config.joint_quant.then_some(ShiftVersion::V1)) {
        let search = shift::Search { prepared, graph: &graph, version, batches, batch_num, progress };
        let pairs = enabled.iter().map(|(layer, _)| *layer).zip(&mut entries);
        search.fill(pairs.filter(|(layer, _)| known(layer).is_none()))?;
    }
    for (key, index) in activations.of_tensors {
        let params = found.get(index).ok_or_else(|| missing("scale and offset", &key))?;
        let (scale_d, offset_d) = (Some(params.scale), Some(params.offset));
        entries.push(RecordEntry { key, scale_d, offset_d, ..RecordEntry::default() });
    }
    let mut record = Record { entries };
    precision::note(prepared, config, &mut record);
    Ok(Calibration { record, losses })
}

/// A layer and its part of the configuration.
type Enabled<'a> = (&'a QuantizableLayer, &'a LayerConfig);

fn enabled_layers<'a>(prepared: &'a Prepared, config: &'a QuantConfig) -> Vec<Enabled<'a>> {
    let layers = prepared.scan.layers.iter();
    layers
        .filter_map(|layer| Some((layer, config.layers.get(&layer.name)?)))
        .filter(|(_, layer_config)| layer_config.quant_enable)
        .collect()
}

fn weight_scales(prepared: &Prepared, enabled: &[Enabled<'_>]) -> Result<Vec<Vec<f32>>, Error> {
    let scales = enabled.par_iter().map(|(layer, layer_config)| {
        let weight = &layer_config.weight;
        let channel_wise = weight.channel_wise.unwrap_or(layer.channel_wise);
        weights::calibrate(&prepared.graph, layer, channel_wise, weight.num_bits)
    });
    // Collected before the first error is looked for, so that it is that of the first layer.
    let scales: Vec<_> = scales.collect();
    Ok(scales.into_iter().collect::<Result<_, _>>()?)
}
