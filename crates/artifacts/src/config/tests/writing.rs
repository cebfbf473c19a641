//! Tests of writing `config.json`: key order, what is left out, and that it reads back the same.

use super::*;
use crate::config::activation::{
    HFMG, MAX_PERCENTILE, MIN_PERCENTILE, MINMAX, NUM_OF_BINS, PERCENTILE, SEARCH_RANGE, SEARCH_STEP,
};
use amct_tensor::Chain;
use expect_test::expect;
use proptest::prelude::*;

#[test]
fn every_key_in_amcts_order() {
    expect![[r#"
        {
            "version":1,
            "batch_num":2,
            "activation_offset":true,
            "joint_quant":false,
            "do_fusion":true,
            "fakequant_precision_mode":"FORCE_FP16_QUANT",
            "skip_fusion_layers":[
                "net/conv/Conv2D"
            ],
            "tensor_quantize":[
                {
                    "layer_name":"MaxPool",
                    "input_index":0,
                    "activation_quant_params":{
                        "num_bits":8,
                        "act_algo":"hfmg",
                        "asymmetric":false,
                        "num_of_bins":4096
                    }
                }
            ],
            "net/conv/Conv2D":{
                "quant_enable":true,
                "dmq_balancer_param":0.5,
                "activation_quant_params":{
                    "num_bits":8,
                    "max_percentile":0.999999,
                    "min_percentile":0.999999,
                    "search_range":[
                        0.7,
                        1.3
                    ],
                    "search_step":0.01,
                    "act_algo":"ifmr",
                    "asymmetric":true
                },
                "weight_quant_params":{
                    "num_bits":8,
                    "channel_wise":true,
                    "wts_algo":"arq_quantize"
                }
            },
            "net/pool/AvgPool":{
                "quant_enable":false,
                "activation_quant_params":{
                    "num_bits":8,
                    "act_algo":"hfmg",
                    "asymmetric":false,
                    "num_of_bins":4096
                },
                "weight_quant_params":{
                    "num_bits":8,
                    "channel_wise":false,
                    "wts_algo":"arq_quantize"
                }
            }
        }"#]]
    .assert_eq(&full().to_json());
}

#[test]
fn what_is_left_to_defaults_is_not_written() {
    let layers = BTreeMap::from([("b".into(), LayerConfig::default())]);
    let text = QuantConfig { layers, ..QuantConfig::default() }.to_json();
    for key in ["asymmetric", "channel_wise", "fakequant", "tensor_quantize", "dmq"] {
        assert!(!text.contains(key), "{key} in {text}");
    }
}

#[test]
fn a_file_is_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out/config.json");
    full().write(&path).unwrap();
    assert_eq!(QuantConfig::read(&path).unwrap(), full());
    std::fs::write(&path, "[]").unwrap();
    let error = Chain(&QuantConfig::read(&path).unwrap_err()).to_string();
    assert!(error.contains("config.json: Type of"), "{error}");
}

fn activation() -> impl Strategy<Value = ActivationConfig> {
    let percentile = 0.500001_f64..=1.0;
    let ifmr = (percentile.clone(), 0.1_f64..1.0, 0.001_f64..0.1).prop_map(|(percentile, start, step)| {
        let ifmr = ActivationConfig::default().with(&MAX_PERCENTILE, percentile)?;
        ifmr.with(&SEARCH_RANGE, [start, start + 0.2])?.with(&SEARCH_STEP, step)
    });
    let hfmg = (10_u32..=13).prop_map(|power| ActivationConfig::new(&HFMG).with(&NUM_OF_BINS, 1 << power));
    let percentile =
        percentile.prop_map(|share| ActivationConfig::new(&PERCENTILE).with(&MIN_PERCENTILE, share));
    let minmax = Just(Ok(ActivationConfig::new(&MINMAX)));
    let with_values = prop_oneof![ifmr, hfmg, percentile, minmax];
    (with_values, any::<Option<bool>>()).prop_map(|(activation, asymmetric)| {
        let mut activation: ActivationConfig = activation.unwrap();
        activation.asymmetric = asymmetric;
        activation
    })
}

fn layer() -> impl Strategy<Value = LayerConfig> {
    (any::<bool>(), proptest::option::of(0.2_f64..=0.8), activation(), any::<Option<bool>>()).prop_map(
        |(quant_enable, dmq_balancer_param, activation, channel_wise)| LayerConfig {
            quant_enable,
            dmq_balancer_param,
            activation,
            weight: WeightConfig { channel_wise, ..WeightConfig::default() },
        },
    )
}

proptest! {
    #[test]
    fn reading_back_gives_the_same_value_and_text(
        layers in proptest::collection::btree_map("layer/\\PC{0,8}", layer(), 0..4),
        batch_num in 1_u32..,
        activation_offset: bool,
    ) {
        let config = QuantConfig { batch_num, activation_offset, layers, ..QuantConfig::default() };
        let text = config.to_json();
        let read = QuantConfig::from_json(&text).unwrap();
        prop_assert_eq!(&read, &config);
        prop_assert_eq!(read.to_json(), text);
    }
}
