//! Tests of reading `.cfg` files: every field, merged messages, ranges and error places.

use crate::config::activation::{
    HFMG, IFMR, MAX_PERCENTILE, MIN_PERCENTILE, MINMAX, NUM_OF_BINS, PERCENTILE, SEARCH_RANGE, SEARCH_STEP,
};
use crate::config::{ActivationConfig, FakequantPrecisionMode};
use crate::definition::{CalibrationConfig, ConfigDefinition};

fn parse(text: &str) -> ConfigDefinition {
    ConfigDefinition::parse(text).unwrap()
}

/// The place and the text of the error.
fn error(text: &str) -> String {
    let error = ConfigDefinition::parse(text).unwrap_err();
    format!("{}: {error}", error.at.unwrap())
}

fn common(text: &str) -> CalibrationConfig {
    parse(&format!("common_config {{ {text} }}")).common_config.unwrap()
}

fn ifmr(config: &CalibrationConfig) -> &ActivationConfig {
    let activation = config.activation.as_ref().unwrap();
    assert_eq!(activation.algorithm(), &IFMR);
    activation
}

#[test]
fn the_form_of_the_public_samples_is_read() {
    let text = "# global quantize parameter\n\
        batch_num : 1\n\
        activation_offset : true\n\
        common_config : {\n    arq_quantize : { channel_wise : true }\n    ifmr_quantize : {\n\
        search_range_start : 0.7 search_range_end : 1.3 search_step : 0.01\n\
        max_percentile : 0.999999 min_percentile : 0.999999\n    }\n}\n";
    let definition = parse(text);
    assert_eq!((definition.batch_num, definition.activation_offset), (Some(1), Some(true)));
    let common = definition.common_config.unwrap();
    assert!(common.channel_wise.as_ref().unwrap().value);
    assert_eq!(*ifmr(&common), ActivationConfig::default(), "f32 values become their decimals");
}

#[test]
fn every_field_is_read() {
    let definition = parse(
        r#"batch_num: 4 activation_offset: false joint_quant: true do_fusion: false
        fakequant_precision_mode: FORCE_FP16_QUANT
        skip_layers: "a" skip_layers: ["b", "c"] skip_layer_types: "MatMul" skip_fusion_layers: "d"
        skip_approximation_layers: "ignored"
        common_config { dmq_balancer {} hfmg_quantize { num_of_bins: 8192 asymmetric: true dst_type: INT8 } }
        override_layer_types {
            layer_type: "AvgPool" calibration_config { dmq_balancer { migration_strength: 0.2 } }
        }
        override_layer_configs { layer_name: "e" calibration_config {
            arq_quantize { channel_wise: false quant_bits: 8 }
            ifmr_quantize { search_range_start: 0.5 search_range_end: 2 search_step: 0.5
                            max_percentile: 1 min_percentile: 0.75 asymmetric: false dst_type: INT8 } } }
        tensor_quantize { layer_name: "f" input_index: 1 hfmg_quantize {} }
        tensor_quantize { layer_name: "f" input_index: 0 }"#,
    );
    assert_eq!((definition.batch_num, definition.activation_offset), (Some(4), Some(false)));
    assert_eq!((definition.joint_quant, definition.do_fusion), (Some(true), Some(false)));
    assert_eq!(definition.fakequant_precision_mode, FakequantPrecisionMode::ForceFp16Quant);
    let names: Vec<&str> = definition.skip_layers.iter().map(|layer| layer.value.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(definition.skip_layer_types[0].value, "MatMul");
    assert_eq!(definition.skip_fusion_layers[0].value, "d");

    let common = definition.common_config.unwrap();
    assert_eq!(common.dmq_balancer.unwrap().value, 0.5, "AMCT's default");
    let expected = ActivationConfig::new(&HFMG).with(&NUM_OF_BINS, 8192).unwrap().with_asymmetric(true);
    assert_eq!(common.activation, Some(expected));
    let by_type = &definition.override_layer_types[0];
    assert_eq!(by_type.name.value, "AvgPool");
    assert_eq!(by_type.config.dmq_balancer.as_ref().unwrap().value, 0.2);

    let by_name = &definition.override_layer_configs[0];
    assert_eq!(by_name.name.value, "e");
    assert!(!by_name.config.channel_wise.as_ref().unwrap().value);
    let read = ifmr(&by_name.config);
    assert_eq!((read.get(&SEARCH_RANGE), read.get(&SEARCH_STEP)), ([0.5, 2.0], 0.5));
    assert_eq!((read.get(&MAX_PERCENTILE), read.get(&MIN_PERCENTILE)), (1.0, 0.75));
    assert_eq!(read.asymmetric, Some(false));

    let [first, second] = definition.tensor_quantize.as_slice() else { panic!() };
    assert_eq!((first.layer_name.value.as_str(), first.input_index.value), ("f", 1));
    assert_eq!(first.activation, ActivationConfig::new(&HFMG));
    assert_eq!(second.activation, ActivationConfig::default(), "AMCT's default");
}

#[test]
fn an_empty_file_says_nothing() {
    assert_eq!(parse("# nothing\n"), ConfigDefinition::default());
}

#[test]
fn of_two_algorithms_the_last_one_counts() {
    let last = common("hfmg_quantize { num_of_bins: 1024 } ifmr_quantize { search_step: 0.02 }");
    assert_eq!(ifmr(&last).get(&SEARCH_STEP), 0.02);
    let last = common("ifmr_quantize { search_step: 0.02 } hfmg_quantize { num_of_bins: 1024 }");
    assert_eq!(last.activation, Some(ActivationConfig::new(&HFMG).with(&NUM_OF_BINS, 1024).unwrap()));
    let last = common("ifmr_quantize { search_step: 0.02 } hfmg_quantize {} ifmr_quantize {}");
    assert_eq!(ifmr(&last).get(&SEARCH_STEP), 0.01, "what the other one displaced is forgotten");
}

#[test]
fn algorithms_of_our_own_have_messages() {
    let percentile = common("percentile_quantize { min_percentile: 0.75 asymmetric: false dst_type: INT8 }");
    let expected = ActivationConfig::new(&PERCENTILE).with(&MIN_PERCENTILE, 0.75).unwrap();
    assert_eq!(percentile.activation, Some(expected.with_asymmetric(false)));
    let definition = parse("tensor_quantize { layer_name: 'a' input_index: 0 minmax_quantize {} }");
    assert_eq!(definition.tensor_quantize[0].activation, ActivationConfig::new(&MINMAX));
    for (fields, message) in [
        (
            "percentile_quantize { search_step: 1 }",
            "1:39: unknown field \"search_step\" (accepted: max_percentile, min_percentile, asymmetric, dst_type)",
        ),
        (
            "minmax_quantize { max_percentile: 1 }",
            "1:35: unknown field \"max_percentile\" (accepted: asymmetric, dst_type)",
        ),
        (
            "percentile_quantize { max_percentile: 0.5 }",
            "1:39: The max_percentile must be greater than 0.5 and less than or equal to 1.0 (found 0.5)",
        ),
        (
            "ifmr_quantize { search_range: 1 }",
            "1:33: unknown field \"search_range\" (accepted: search_range_start, search_range_end, search_step, \
             max_percentile, min_percentile, asymmetric, dst_type)",
        ),
        (
            "quantize {}",
            "1:17: unknown field \"quantize\" (accepted: arq_quantize, ifmr_quantize, hfmg_quantize, \
             percentile_quantize, minmax_quantize, dmq_balancer)",
        ),
    ] {
        assert_eq!(error(&format!("common_config {{ {fields} }}")), message);
    }
}

#[test]
fn the_last_value_counts_and_messages_are_merged() {
    let definition = parse(
        "batch_num: 1 batch_num: 2 common_config { ifmr_quantize { search_step: 0.02 search_step: 0.03 } } \
         common_config { ifmr_quantize { max_percentile: 0.9 } arq_quantize { channel_wise: true } }",
    );
    assert_eq!(definition.batch_num, Some(2));
    let common = definition.common_config.unwrap();
    let ifmr = ifmr(&common);
    assert_eq!((ifmr.get(&SEARCH_STEP), ifmr.get(&MAX_PERCENTILE)), (0.03, 0.9));
    assert!(common.channel_wise.is_some());
}

#[test]
fn what_is_not_the_schema_is_located() {
    for (text, message) in [
        (
            "batch_num",
            "1:10: found the end of the text, where \":\" or \"{\" after \"batch_num\" is expected",
        ),
        (
            "batch_num: 1\n  batch_nun: 2",
            "2:3: unknown field \"batch_nun\" (accepted: batch_num, activation_offset,",
        ),
        ("common_config: true", "1:1: \"common_config\" holds a value, where { fields } are expected"),
        ("batch_num { }", "1:1: \"batch_num\" holds { fields }, where a value is expected"),
        ("\nbatch_num: -1", "2:12: batch_num is -1, where a 32-bit integer not below zero is expected"),
        ("do_fusion: 2", "1:12: do_fusion is 2, where true or false is expected"),
        ("skip_layers: conv", "1:14: skip_layers is conv, where a string in quotes is expected"),
        (
            "fakequant_precision_mode: 'x'",
            "1:27: fakequant_precision_mode is \"x\", where the name of a value",
        ),
        (
            "common_config { arq_quantize { channelwise: true } }",
            "1:32: unknown field \"channelwise\" (accepted: channel_wise, quant_bits)",
        ),
        ("common_config { quantize {} }", "1:17: unknown field \"quantize\" (accepted: arq_quantize,"),
        ("common_config { ifmr_quantize { num_of_bins: 1 } }", "1:33: unknown field \"num_of_bins\""),
        ("common_config { hfmg_quantize { search_step: 1 } }", "1:33: unknown field \"search_step\""),
        ("common_config { dmq_balancer { strength: 1 } }", "1:32: unknown field \"strength\""),
        (
            "override_layer_types { layer_name: 'a' }",
            "1:24: unknown field \"layer_name\" (accepted: layer_type, calibration_config)",
        ),
        ("tensor_quantize { arq_quantize {} }", "1:19: unknown field \"arq_quantize\""),
    ] {
        let found = error(text);
        assert!(found.starts_with(message), "{found}\n{message}");
    }
}

#[test]
fn ranges_are_those_of_the_json_file() {
    for (text, message) in [
        ("batch_num: 0", "1:1: The batch_num must be greater than zero. (found 0)"),
        (
            "fakequant_precision_mode: FP16",
            "1:1: fakequant_precision_mode is FP16, where one of DEFAULT, FORCE_FP16_QUANT is expected",
        ),
    ] {
        assert_eq!(error(text), message);
    }
    for (fields, message) in [
        (
            "ifmr_quantize { max_percentile: 0.5 }",
            "1:33: The max_percentile must be greater than 0.5 and less than or equal to 1.0 (found 0.5)",
        ),
        (
            "ifmr_quantize { min_percentile: nan }",
            "1:33: The min_percentile must be greater than 0.5 and less than or equal to 1.0 (found NaN)",
        ),
        (
            "ifmr_quantize { search_range_start: 0 }",
            "1:33: search_range[0] must be greater than zero (found 0.0)",
        ),
        (
            "ifmr_quantize { search_range_end: 0.7 }",
            "1:17: search_range[0] must be less than search_range[1] (found [0.7, 0.7])",
        ),
        ("ifmr_quantize { search_step: 0 }", "1:33: The search_step must be greater than zero (found 0.0)"),
        (
            "ifmr_quantize { search_step: 0.61 }",
            "1:17: The search_step must be less than or equal to (search_range[1] - search_range[0]) \
             (found 0.61 for [0.7, 1.3])",
        ),
        ("ifmr_quantize { dst_type: INT16 }", "1:33: Not support dtype of INT16. (accepted: INT8)"),
        (
            "hfmg_quantize { num_of_bins: 100 }",
            "1:33: num_of_bins 100 must be in [1024, 2048, 4096, 8192] (found 100)",
        ),
        ("arq_quantize { quant_bits: 7 }", "1:32: weight num_bits is not in [8] (found 7)"),
        (
            "dmq_balancer { migration_strength: 0.81 }",
            "1:32: The dmq_balancer_param must be in range [0.2, 0.8] (found 0.81)",
        ),
    ] {
        assert_eq!(error(&format!("common_config {{ {fields} }}")), message);
    }
    let equal = common("ifmr_quantize { search_step: 0.6 }");
    assert_eq!(ifmr(&equal).get(&SEARCH_STEP), 0.6, "compared as decimals, 1.3 - 0.7 is 0.6");
    let bounds = common("dmq_balancer { migration_strength: 0.8 }");
    assert_eq!(bounds.dmq_balancer.unwrap().value, 0.8);
}

#[test]
fn what_amct_has_and_amct_rs_has_not_is_refused_by_name() {
    for (text, message) in [
        ("nuq_config { mapping_file: 'x' }", "1:1: \"nuq_config\" is not supported: AMCT has dropped"),
        (
            "conv_calibration_config {}",
            "1:1: \"conv_calibration_config\" is not supported: AMCT has deprecated",
        ),
        ("fc_calibration_config {}", "1:1: \"fc_calibration_config\" is not supported: AMCT has deprecated"),
        (
            "common_config { nuq_quantize {} }",
            "1:17: \"nuq_quantize\" is not supported: weights of TensorFlow",
        ),
        (
            "common_config { ada_quantize {} }",
            "1:17: \"ada_quantize\" is not supported: weights of TensorFlow",
        ),
    ] {
        let found = error(text);
        assert!(found.starts_with(message), "{found}");
    }
}

#[test]
fn overrides_and_tensors_are_complete() {
    for (text, message) in [
        (
            "override_layer_types { calibration_config {} }",
            "1:1: Missing parameter layer_type in override_layer_types",
        ),
        (
            "override_layer_configs { calibration_config {} }",
            "1:1: Missing parameter layer_name in override_layer_configs",
        ),
        (
            "override_layer_configs { layer_name: 'a' }",
            "1:1: Missing parameter calibration_config in override_layer_configs",
        ),
        ("tensor_quantize { input_index: 0 }", "1:1: To quantize tensor, must set \"layer_name\" at first."),
        (
            "tensor_quantize { layer_name: 'a' }",
            "1:1: To quantize tensor, must set \"input_index\" at first.",
        ),
    ] {
        assert_eq!(error(text), message);
    }
}

#[test]
fn a_name_is_given_once() {
    let layer = "override_layer_configs { layer_name: 'a' calibration_config {} }";
    let by_type = "override_layer_types { layer_type: 'MatMul' calibration_config {} }";
    let tensor = "tensor_quantize { layer_name: 'a' input_index: 0 }";
    for (text, message) in [
        (
            "skip_layers: 'a'\nskip_layers: 'a'".to_owned(),
            "2:1: Please delete repeated items in skip_layers, repeated items are ['a']",
        ),
        (
            "skip_layer_types: ['a', 'a']".to_owned(),
            "1:25: Please delete repeated items in skip_layer_types, repeated items are ['a']",
        ),
        (
            "skip_fusion_layers: ['a', 'a']".to_owned(),
            "1:27: Please delete repeated items in skip_fusion_layers, repeated items are ['a']",
        ),
        (
            format!("{layer}\n{layer}"),
            "2:26: Please delete repeated items in override_layer_configs, repeated items are ['a']",
        ),
        (
            format!("{by_type}\n{by_type}"),
            "2:24: Please delete repeated items in override_layer_types, repeated items are ['MatMul']",
        ),
        (
            format!("{tensor}\n{tensor}"),
            "2:19: Please delete repeated items in tensor_quantize, repeated items are ['a:0']",
        ),
    ] {
        assert_eq!(error(&text), message);
    }
}

proptest::proptest! {
    #[test]
    fn no_text_is_a_panic(text in "(common_config|\\{|\\}|:|ifmr_quantize|search_step|[0-9.]{1,4}|\"a\"|skip_layers|\\[|\\]|,| ){0,30}") {
        let _ = ConfigDefinition::parse(&text);
    }
}
