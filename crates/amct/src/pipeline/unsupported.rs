use amct_artifacts::config::{ActivationConfig, FakequantPrecisionMode, QuantConfig};

use crate::Error;

/// Refuses what a configuration may say and calibration does not do yet, so that nothing of it is
/// silently left out.
///
/// # Errors
/// [`Error::Unsupported`] naming the key and the first layer that has it.
pub fn check_supported(config: &QuantConfig) -> Result<(), Error> {
    let enabled = || config.layers.iter().filter(|(_, layer)| layer.quant_enable);
    let balanced = enabled().find(|(_, layer)| layer.dmq_balancer_param.is_some());
    let hfmg = enabled().find(|(_, layer)| matches!(layer.activation, ActivationConfig::Hfmg(_)));
    let tensor = config.tensor_quantize.first();
    let what = if let Some((layer, _)) = balanced {
        format!("layer '{layer}' has a dmq_balancer_param")
    } else if let Some((layer, _)) = hfmg {
        format!("layer '{layer}' asks for act_algo hfmg")
    } else if let Some(tensor) = tensor {
        format!("tensor_quantize names '{}'", tensor.key())
    } else if config.joint_quant {
        "joint_quant is true".to_owned()
    } else if config.fakequant_precision_mode != FakequantPrecisionMode::Default {
        "fakequant_precision_mode is FORCE_FP16_QUANT".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::Unsupported(format!("{what}, which amct does not have yet; take it out of the configuration")))
}

#[cfg(test)]
mod tests {
    use amct_artifacts::config::{Hfmg, LayerConfig, TensorQuantize};

    use super::*;

    fn refusal(change: impl FnOnce(&mut QuantConfig)) -> Option<String> {
        let mut config = QuantConfig::default();
        config.layers.insert("conv".into(), LayerConfig::default());
        change(&mut config);
        check_supported(&config).err().map(|error| error.to_string())
    }

    #[test]
    fn each_is_named() {
        assert_eq!(refusal(|_| {}), None);
        let named = |words: &str, found: Option<String>| assert!(found.unwrap().starts_with(words));
        named(
            "layer 'conv' has a dmq",
            refusal(|config| {
                config.layers.insert(
                    "conv".into(),
                    LayerConfig { dmq_balancer_param: Some(0.5), ..LayerConfig::default() },
                );
            }),
        );
        let hfmg = ActivationConfig::Hfmg(Hfmg::default());
        let activation = hfmg.clone();
        named(
            "layer 'conv' asks for act_algo hfmg",
            refusal(|config| {
                config.layers.insert("conv".into(), LayerConfig { activation, ..LayerConfig::default() });
            }),
        );
        named(
            "tensor_quantize names 'pool:0'",
            refusal(|config| {
                let layer_name = "pool".to_owned();
                config.tensor_quantize.push(TensorQuantize { layer_name, input_index: 0, activation: hfmg });
            }),
        );
        named("joint_quant", refusal(|config| config.joint_quant = true));
        named(
            "fakequant_precision_mode",
            refusal(|config| {
                config.fakequant_precision_mode = FakequantPrecisionMode::ForceFp16Quant;
            }),
        );
    }
}
