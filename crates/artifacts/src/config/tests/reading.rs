//! Tests of reading `config.json`: defaults, old forms, types, ranges and error texts.

use super::*;
use crate::config::activation::{
    HFMG, IFMR, MAX_PERCENTILE, MIN_PERCENTILE, MINMAX, NUM_OF_BINS, PERCENTILE, SEARCH_RANGE, SEARCH_STEP,
};

/// The error of a file whose only layer, `L`, is `layer`.
fn layer_error(layer: &str) -> String {
    QuantConfig::from_json(&format!(r#"{{"L":{layer}}}"#)).unwrap_err().to_string()
}

fn top_error(entries: &str) -> String {
    QuantConfig::from_json(&format!("{{{entries}}}")).unwrap_err().to_string()
}

#[test]
fn an_empty_file_is_all_defaults() {
    assert_eq!(QuantConfig::from_json("{}").unwrap(), QuantConfig::default());
    let config = QuantConfig::from_json(r#"{"L":{}}"#).unwrap();
    assert_eq!(config.layers["L"], LayerConfig::default());
}

#[test]
fn the_form_of_old_versions_is_read() {
    let text = r#"{"version":1,"batch_num":1,"activation_offset":false,"joint_quant":true,
        "do_fusion":false,"skip_fusion_layers":["a"],
        "L":{"quant_enable":true,
             "activation_quant_params":{"max_percentile":1,"min_percentile":0.9999,
                                        "search_range":[0.5,2],"search_step":1.5},
             "weight_quant_params":{"wts_algo":"arq_quantize","channel_wise":false}}}"#;
    let config = QuantConfig::from_json(text).unwrap();
    assert!(config.joint_quant && !config.do_fusion && !config.activation_offset);
    let layer = &config.layers["L"];
    let ifmr = &layer.activation;
    assert_eq!(ifmr.algorithm(), &IFMR);
    assert_eq!(
        (ifmr.get(&MAX_PERCENTILE), ifmr.get(&SEARCH_RANGE), ifmr.get(&SEARCH_STEP)),
        (1.0, [0.5, 2.0], 1.5)
    );
    assert_eq!(layer.weight.channel_wise, Some(false));
    assert!(!config.is_asymmetric(&layer.activation));
}

#[test]
fn num_of_bins_alone_means_hfmg() {
    let text = r#"{"L":{"activation_quant_params":{"num_of_bins":1024,"asymmetric":true}}}"#;
    let config = QuantConfig::from_json(text).unwrap();
    let expected = ActivationConfig::new(&HFMG).with(&NUM_OF_BINS, 1024).unwrap().with_asymmetric(true);
    assert_eq!(config.layers["L"].activation, expected);
}

#[test]
fn algorithms_of_our_own_are_named() {
    let read = |params: &str| {
        let config =
            QuantConfig::from_json(&format!(r#"{{"L":{{"activation_quant_params":{{{params}}}}}}}"#));
        config.unwrap().layers["L"].activation.clone()
    };
    assert_eq!(read(r#""act_algo":"minmax""#), ActivationConfig::new(&MINMAX));
    let expected = ActivationConfig::new(&PERCENTILE).with(&MIN_PERCENTILE, 0.75).unwrap();
    assert_eq!(read(r#""act_algo":"percentile","min_percentile":0.75"#), expected);
    assert_eq!(read(r#""min_percentile":0.75"#).algorithm(), &IFMR, "AMCT's, unless another is named");
}

#[test]
fn wrong_types_are_named_as_python_names_them() {
    for (entries, text) in [
        (
            r#""batch_num":"1""#,
            "Type of batch_num should be <class 'int'>, but is <class 'str'> (at batch_num)",
        ),
        (
            r#""batch_num":1.0"#,
            "Type of batch_num should be <class 'int'>, but is <class 'float'> (at batch_num)",
        ),
        (
            r#""batch_num":true"#,
            "Type of batch_num should be <class 'int'>, but is <class 'bool'> (at batch_num)",
        ),
        (
            r#""do_fusion":1"#,
            "Type of do_fusion should be <class 'bool'>, but is <class 'int'> (at do_fusion)",
        ),
        (
            r#""skip_fusion_layers":{}"#,
            "Type of skip_fusion_layers should be <class 'list'>, but is <class 'dict'> (at skip_fusion_layers)",
        ),
        (
            r#""skip_fusion_layers":["a",null]"#,
            "Type of skip_fusion_layers[1] should be <class 'str'>, but is <class 'NoneType'> \
             (at skip_fusion_layers[1])",
        ),
    ] {
        assert_eq!(top_error(entries), text);
    }
    assert_eq!(
        layer_error(r#"{"quant_enable":"yes"}"#),
        "Type of quant_enable should be <class 'bool'>, but is <class 'str'> in layer L (at quant_enable)"
    );
    assert_eq!(
        layer_error(r#"{"weight_quant_params":[]}"#),
        "Type of weight_quant_params should be <class 'dict'>, but is <class 'list'> in layer L \
         (at weight_quant_params)"
    );
}

#[test]
fn global_ranges() {
    for (entries, text) in [
        (r#""version":2"#, "The version must be 1. (found 2 at version)"),
        (r#""batch_num":0"#, "The batch_num must be greater than zero. (found 0 at batch_num)"),
        (r#""batch_num":-3"#, "The batch_num must be greater than zero. (found -3 at batch_num)"),
        (
            r#""fakequant_precision_mode":"FP16""#,
            "Type of fakequant_precision_mode should be ['DEFAULT', 'FORCE_FP16_QUANT'], but is FP16 \
             (found FP16 at fakequant_precision_mode)",
        ),
        (
            r#""skip_fusion_layers":["a","a"]"#,
            "Please delete repeated items in skip_fusion_layers, repeated items are ['a']",
        ),
        (r#""skip_fusion_layer":[]"#, "skip_fusion_layer is an invalid layer name or parameter."),
        (
            r#""tensor_quantize":[{"layer_name":"a"}]"#,
            "Missing parameter input_index (at tensor_quantize[0].input_index)",
        ),
    ] {
        assert_eq!(top_error(entries), text);
    }
}

#[test]
fn activation_ranges() {
    for (params, text) in [
        (r#""num_bits":16"#, "activation num_bits is not in [8] in layer L (found 16 at P.num_bits)"),
        (
            r#""max_percentile":0.5"#,
            "The max_percentile must be greater than 0.5 and less than or equal to 1.0 in layer L \
             (found 0.5 at P.max_percentile)",
        ),
        (
            r#""min_percentile":1.01"#,
            "The min_percentile must be greater than 0.5 and less than or equal to 1.0 in layer L \
             (found 1.01 at P.min_percentile)",
        ),
        (
            r#""search_range":[0.7]"#,
            "The search_range must have two floating-point number in layer L (found 1 values at P.search_range)",
        ),
        (
            r#""search_range":[0,1]"#,
            "search_range[0] must be greater than zero in layer L (found 0.0 at P.search_range)",
        ),
        (
            r#""search_range":[1,1]"#,
            "search_range[0] must be less than search_range[1] in layer L (found [1.0, 1.0] at P.search_range)",
        ),
        (
            r#""search_step":0"#,
            "The search_step must be greater than zero in layer L (found 0.0 at P.search_step)",
        ),
        (
            r#""search_step":0.7"#,
            "The search_step must be less than or equal to (search_range[1] - search_range[0]) in layer L \
             (found 0.7 for [0.7, 1.3] at P.search_step)",
        ),
        (
            r#""act_algo":"kl""#,
            "act_algo must be ifmr, hfmg, percentile or minmax in layer L (found kl at P.act_algo)",
        ),
        (
            r#""num_of_bins":100"#,
            "num_of_bins 100 must be in [1024, 2048, 4096, 8192] in layer L (found 100 at P.num_of_bins)",
        ),
        (
            r#""search_step":0.1,"num_of_bins":1024,"act_algo":"hfmg""#,
            "['search_step'] and ['num_of_bins', 'act_algo'] can not appear at same time in layer L (at P)",
        ),
        (
            r#""num_of_bins":1024,"max_percentile":0.9,"search_step":0.1"#,
            "['max_percentile', 'search_step'] and ['num_of_bins'] can not appear at same time in layer L (at P)",
        ),
        (
            r#""act_algo":"percentile","max_percentile":0.9,"search_step":0.1"#,
            "['search_step'] and ['max_percentile', 'act_algo'] can not appear at same time in layer L (at P)",
        ),
        (
            r#""act_algo":"minmax","max_percentile":0.9,"num_of_bins":1024"#,
            "['max_percentile'] and ['act_algo'] can not appear at same time in layer L (at P)",
        ),
        (
            r#""act_algo":"percentile","max_percentile":0.5"#,
            "The max_percentile must be greater than 0.5 and less than or equal to 1.0 in layer L \
             (found 0.5 at P.max_percentile)",
        ),
    ] {
        let error = layer_error(&format!(r#"{{"activation_quant_params":{{{params}}}}}"#));
        assert_eq!(error.replace("activation_quant_params", "P"), text);
    }
}

#[test]
fn weight_and_layer_ranges() {
    for (layer, text) in [
        (
            r#"{"weight_quant_params":{"num_bits":4}}"#,
            "weight num_bits is not in [8] in layer L (found 4 at weight_quant_params.num_bits)",
        ),
        (
            r#"{"weight_quant_params":{"wts_algo":"nuq_quantize"}}"#,
            "wts_algo must be arq_quantize in layer L (found nuq_quantize at weight_quant_params.wts_algo)",
        ),
        (
            r#"{"dmq_balancer_param":0.9}"#,
            "The dmq_balancer_param must be in range [0.2, 0.8] in layer L (found 0.9 at dmq_balancer_param)",
        ),
        (
            r#"{"enable":true}"#,
            "Unknown parameter enable in layer L (accepted: quant_enable, dmq_balancer_param, \
             activation_quant_params, weight_quant_params)",
        ),
        (
            r#"{"weight_quant_params":{"num_steps":16}}"#,
            "Unknown parameter num_steps in weight_quant_params in layer L \
             (accepted: num_bits, channel_wise, wts_algo)",
        ),
    ] {
        assert_eq!(layer_error(layer), text);
    }
}

#[test]
fn repeated_keys_and_bad_json_are_refused() {
    let repeated = "{\n \"L\":{\n  \"quant_enable\":true,\n  \"quant_enable\":false}}";
    assert_eq!(
        QuantConfig::from_json(repeated).unwrap_err().to_string(),
        "Please delete repeated items in L, repeated items are ['quant_enable']"
    );
    let error = QuantConfig::from_json("{\"version\":1,}").unwrap_err();
    assert_eq!(error.to_string(), "not valid JSON: trailing comma");
}

#[test]
fn a_value_made_by_hand_is_checked_by_the_same_rules() {
    let config = QuantConfig { batch_num: 0, ..QuantConfig::default() };
    assert!(config.validate().unwrap_err().to_string().starts_with("The batch_num must be greater"));
    assert_eq!(full().validate(), Ok(()));
}
