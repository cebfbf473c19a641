//! Tests of the configuration that comes of a `.cfg` and a graph: what counts for which layer.

use std::collections::BTreeMap;

use crate::config::activation::{HFMG, IFMR, SEARCH_STEP};
use crate::config::{ActivationConfig, ChannelWise, GraphLayer, QuantConfig};
use crate::definition::{ConfigDefinition, DefinitionFile};
use amct_tensor::Chain;

const FOLDABLE: &[&str] = &["Conv2D", "DepthwiseConv2dNative"];

fn graph() -> BTreeMap<String, GraphLayer> {
    let node = |op_type: &str, quantizable, channel_wise| GraphLayer {
        op_type: op_type.into(),
        quantizable,
        channel_wise,
    };
    BTreeMap::from([
        ("conv".into(), node("Conv2D", true, ChannelWise::OnByDefault)),
        ("fed".into(), node("Conv2D", false, ChannelWise::Forbidden)),
        ("head".into(), node("Conv2D", true, ChannelWise::OffByDefault)),
        ("fc".into(), node("MatMul", true, ChannelWise::Forbidden)),
        ("pool".into(), node("AvgPool", true, ChannelWise::Forbidden)),
        ("relu".into(), node("Relu", false, ChannelWise::Forbidden)),
        ("max".into(), node("MaxPool", false, ChannelWise::Forbidden)),
        ("sum".into(), node("AddV2", false, ChannelWise::Forbidden)),
    ])
}

fn create(text: &str) -> QuantConfig {
    ConfigDefinition::parse(text).unwrap().create_config(&graph(), FOLDABLE).unwrap()
}

fn error(text: &str) -> String {
    let error = ConfigDefinition::parse(text).unwrap().create_config(&graph(), FOLDABLE).unwrap_err();
    match error.at {
        Some(at) => format!("{at}: {error}"),
        None => error.to_string(),
    }
}

fn step(config: &QuantConfig, layer: &str) -> f64 {
    let activation = &config.layers[layer].activation;
    assert_eq!(activation.algorithm(), &IFMR, "{layer}");
    activation.get(&SEARCH_STEP)
}

#[test]
fn an_empty_definition_is_the_default_configuration() {
    assert_eq!(create(""), QuantConfig::create(&graph(), &[], 1, true).unwrap());
}

#[test]
fn global_fields_arrive() {
    let config = create(
        "batch_num: 3 activation_offset: false joint_quant: true do_fusion: false \
         fakequant_precision_mode: FORCE_FP16_QUANT skip_fusion_layers: 'fed'",
    );
    let json = config.to_json();
    for line in [
        "\"batch_num\":3",
        "\"activation_offset\":false",
        "\"joint_quant\":true",
        "\"do_fusion\":false",
        "\"fakequant_precision_mode\":\"FORCE_FP16_QUANT\"",
        "\"fed\"",
    ] {
        assert!(json.contains(line), "{line} in {json}");
    }
    assert_eq!(config.layers["conv"].activation.asymmetric, Some(false));
    assert_eq!(QuantConfig::from_json(&json).unwrap(), config);
}

#[test]
fn the_layer_goes_before_the_type_and_that_before_the_common_part() {
    let config = create(
        "common_config { ifmr_quantize { search_step: 0.02 } }
         override_layer_types { layer_type: 'Conv2D' calibration_config { ifmr_quantize { search_step: 0.03 } } }
         override_layer_configs { layer_name: 'head' calibration_config { ifmr_quantize { search_step: 0.04 } } }",
    );
    assert_eq!([step(&config, "fc"), step(&config, "conv"), step(&config, "head")], [0.02, 0.03, 0.04]);
}

#[test]
fn an_override_counts_as_a_whole() {
    let config = create(
        "common_config { ifmr_quantize { search_step: 0.02 } dmq_balancer {} }
         override_layer_configs { layer_name: 'conv' calibration_config { arq_quantize { channel_wise: false } } }",
    );
    let conv = &config.layers["conv"];
    assert_eq!(conv.activation, ActivationConfig::default().with_asymmetric(true));
    assert_eq!((conv.weight.channel_wise, conv.dmq_balancer_param), (Some(false), None));
    assert_eq!(config.layers["fc"].dmq_balancer_param, Some(0.5));
}

#[test]
fn asymmetric_falls_back_to_the_common_part_of_the_same_algorithm() {
    let config = create(
        "activation_offset: true
         common_config { ifmr_quantize { asymmetric: false } }
         override_layer_configs { layer_name: 'conv' calibration_config { ifmr_quantize { asymmetric: true } } }
         override_layer_configs { layer_name: 'head' calibration_config { ifmr_quantize { search_step: 0.1 } } }
         override_layer_configs { layer_name: 'fc' calibration_config { hfmg_quantize {} } }
         tensor_quantize { layer_name: 'max' input_index: 0 }
         tensor_quantize { layer_name: 'sum' input_index: 1 hfmg_quantize {} }",
    );
    let asymmetric = |layer: &str| config.layers[layer].activation.asymmetric;
    assert_eq!(
        [asymmetric("conv"), asymmetric("head"), asymmetric("pool"), asymmetric("fc")],
        [Some(true), Some(false), Some(false), Some(true)]
    );
    let tensors: Vec<_> =
        config.tensor_quantize.iter().map(|tensor| (tensor.key(), tensor.activation.asymmetric)).collect();
    assert_eq!(tensors, [("max:0".into(), Some(false)), ("sum:1".into(), Some(true))]);
    let expected = ActivationConfig::new(&HFMG).with_asymmetric(true);
    assert_eq!(config.tensor_quantize[1].activation, expected);
}

#[test]
fn layers_and_types_are_skipped() {
    let config = create("skip_layers: 'conv' skip_layers: 'fed' skip_layer_types: 'AvgPool'");
    let enabled: Vec<_> =
        config.layers.iter().map(|(name, layer)| (name.as_str(), layer.quant_enable)).collect();
    assert_eq!(enabled, [("conv", false), ("fc", true), ("head", true), ("pool", false)]);
}

#[test]
fn tensors_alone_are_something_to_quantize() {
    let config = create(
        "skip_layer_types: ['Conv2D', 'MatMul', 'AvgPool'] tensor_quantize { layer_name: 'max' input_index: 0 }",
    );
    assert!(config.layers.values().all(|layer| !layer.quant_enable));
}

#[test]
fn channel_wise_reaches_the_layers_that_have_channels() {
    let common = "common_config { arq_quantize { channel_wise: true } }";
    let channel_wise = |text: &str| {
        let config = create(text);
        ["conv", "head", "fc", "pool"].map(|layer| config.layers[layer].weight.channel_wise)
    };
    // AMCT's own samples set it for all layers; those that have one scale keep it.
    let expected = [Some(true), Some(false), Some(false), Some(false)];
    assert_eq!(channel_wise(common), expected);
    let own = "calibration_config { arq_quantize { channel_wise: true } }";
    let head = format!("{common} override_layer_configs {{ layer_name: 'head' {own} }}");
    assert_eq!(channel_wise(&head), [Some(true), Some(true), Some(false), Some(false)]);
    let types = format!("override_layer_types {{ layer_type: 'Conv2D' {own} }}");
    assert_eq!(channel_wise(&types), [Some(true), Some(true), Some(false), Some(false)]);
}

#[test]
fn the_common_balancer_stays_off_where_it_does_not_apply() {
    let config = create("common_config { dmq_balancer { migration_strength: 0.3 } }");
    let strength = |layer: &str| config.layers[layer].dmq_balancer_param;
    assert_eq!([strength("conv"), strength("fc"), strength("pool")], [Some(0.3), Some(0.3), None]);
}

#[test]
fn names_and_types_are_checked_with_amcts_texts() {
    let layer = |name: &str, fields: &str| {
        format!("override_layer_configs {{\n layer_name: '{name}'\n calibration_config {{\n {fields} }} }}")
    };
    let layer_type = |name: &str, fields: &str| {
        format!("override_layer_types {{\n layer_type: '{name}'\n calibration_config {{\n {fields} }} }}")
    };
    let channel_wise = "arq_quantize { channel_wise: true }";
    for (text, message) in [
        (layer("x", ""), "2:2: Layer x does not exist in the graph."),
        (layer("fc", channel_wise), "4:17: channel_wise can only be False for fc layer."),
        (layer("pool", "dmq_balancer {}"), "4:2: dmq_balancer not support for pool layer"),
        (layer_type("Relu", ""), "2:2: Layer type Relu does not support quantize."),
        (layer_type("MatMul", channel_wise), "4:17: channel_wise can only be False for MatMul type"),
        (layer_type("AvgPool", "dmq_balancer {}"), "4:2: dmq_balancer not support for AvgPool type"),
        ("skip_layers: 'x'".into(), "1:1: Layer x does not exist in the graph."),
        ("skip_layers: 'relu'".into(), "1:1: Layer relu does not support quantization."),
        ("skip_layer_types: 'Relu'".into(), "1:1: Layer type Relu does not support quantize."),
        (
            "skip_layer_types: ['Conv2D', 'DepthwiseConv2dNative', 'Conv2DBackpropInput', 'Conv3D', 'MatMul', \
             'BatchMatMul', 'BatchMatMulV2',\n 'AvgPool']"
                .into(),
            "2:2: Except skip_types, no type need to quantize.",
        ),
        (
            "skip_layers: ['conv', 'head', 'fc'] skip_layer_types: 'AvgPool'".into(),
            "Except skip_layers or skip_types, no layer need to quantize.",
        ),
        (
            "skip_fusion_layers: 'x'".into(),
            "1:1: Layer \"x\" in skip_fusion_layers does not exist in the graph.",
        ),
        (
            "skip_fusion_layers: 'fc'".into(),
            "1:1: Skip fusion layer \"fc\"'s type not in supported list ['Conv2D', 'DepthwiseConv2dNative'] \
             (its type is MatMul)",
        ),
        (
            "tensor_quantize { layer_name: 'x' input_index: 0 }".into(),
            "1:19: Layer x does not exist in the graph.",
        ),
        (
            "tensor_quantize { layer_name: 'relu' input_index: 0 }".into(),
            "1:19: layer relu does not support quant. (its type is Relu)",
        ),
        (
            "tensor_quantize { layer_name: 'sum' input_index: 2 }".into(),
            "1:37: layer sum does not support quant. (a AddV2 has 2 input(s), counted from 0; found input_index 2)",
        ),
    ] {
        assert_eq!(error(&text), message);
    }
}

#[test]
fn a_graph_without_layers_has_nothing_to_configure() {
    let definition = ConfigDefinition::parse("batch_num: 2").unwrap();
    let error = definition.create_config(&BTreeMap::new(), FOLDABLE).unwrap_err();
    assert_eq!(error.to_string(), "No layer support quantization in the graph.");
}

#[test]
fn a_file_is_named_with_line_and_column() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("q.cfg");
    std::fs::write(&path, "batch_num: 1\n  skip_layers: 'x'\n").unwrap();
    let file = DefinitionFile::read(&path).unwrap();
    let error = Chain(&file.create_config(&graph(), FOLDABLE).unwrap_err()).to_string();
    assert_eq!(error, format!("{}:2:3: Layer x does not exist in the graph.", path.display()));
    std::fs::write(&path, "batch_num: 0").unwrap();
    let error = Chain(&DefinitionFile::read(&path).unwrap_err()).to_string();
    assert!(error.ends_with("q.cfg:1:1: The batch_num must be greater than zero. (found 0)"), "{error}");
    let error = DefinitionFile::read(directory.path().join("no.cfg")).unwrap_err().to_string();
    assert!(error.starts_with("Can not find the config_defination at "), "{error}");
}
