mod graph;
mod place;
mod reading;
mod writing;

use super::*;

/// A configuration that uses every key.
fn full() -> QuantConfig {
    let hfmg = ActivationConfig::new(&activation::HFMG).with_asymmetric(false);
    let conv = LayerConfig {
        dmq_balancer_param: Some(0.5),
        activation: ActivationConfig::default().with_asymmetric(true),
        weight: WeightConfig { channel_wise: Some(true), ..WeightConfig::default() },
        ..LayerConfig::default()
    };
    let pool = LayerConfig {
        quant_enable: false,
        activation: hfmg.clone(),
        weight: WeightConfig { channel_wise: Some(false), ..WeightConfig::default() },
        ..LayerConfig::default()
    };
    QuantConfig {
        batch_num: 2,
        fakequant_precision_mode: FakequantPrecisionMode::ForceFp16Quant,
        skip_fusion_layers: vec!["net/conv/Conv2D".into()],
        tensor_quantize: vec![TensorQuantize {
            layer_name: "MaxPool".into(),
            input_index: 0,
            activation: hfmg,
        }],
        layers: BTreeMap::from([("net/pool/AvgPool".into(), pool), ("net/conv/Conv2D".into(), conv)]),
        ..QuantConfig::default()
    }
}
