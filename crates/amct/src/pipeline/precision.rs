//! What the configuration says of all layers alike, in the record: with how many bits `scale_d` is
//! kept, and that nothing was folded.

use amct_artifacts::config::{FakequantPrecisionMode, QuantConfig};
use amct_artifacts::record::{FORCE_FP16_QUANT, Record, RecordEntry};
use amct_tensor::quantization::{ActivationParams, fp16_scale};

use super::Prepared;

/// The factors as `fakequant_precision_mode` asks for them.
pub(super) fn rounded(config: &QuantConfig, found: Vec<ActivationParams>) -> Vec<ActivationParams> {
    match config.fakequant_precision_mode {
        FakequantPrecisionMode::Default => found,
        FakequantPrecisionMode::ForceFp16Quant => found
            .into_iter()
            .map(|params| ActivationParams { scale: fp16_scale(params.scale), ..params })
            .collect(),
    }
}

/// Adds what saving the model has to know: without it the graph would be folded although the factors
/// are those of the unfolded one, or its dequantization scales would keep more bits than asked for.
pub(super) fn note(prepared: &Prepared, config: &QuantConfig, record: &mut Record) {
    if config.fakequant_precision_mode == FakequantPrecisionMode::ForceFp16Quant {
        for entry in &mut record.entries {
            entry.fakequant_precision_mode = Some(FORCE_FP16_QUANT.to_owned());
        }
    }
    let all = prepared.scan.layers.iter().map(|layer| &layer.name).filter(|_| !config.do_fusion);
    for layer in all.chain(&config.skip_fusion_layers) {
        match record.entries.iter_mut().find(|entry| entry.key == *layer) {
            Some(entry) => entry.skip_fusion = Some(true),
            // A layer that is not quantized.
            None => record.entries.push(RecordEntry {
                key: layer.clone(),
                skip_fusion: Some(true),
                ..RecordEntry::default()
            }),
        }
    }
}
