//! Tests of a configuration against the nodes of a graph.

use super::*;

const FOLDABLE: &[&str] = &["Conv2D", "DepthwiseConv2dNative"];

fn graph() -> BTreeMap<String, GraphLayer> {
    let node = |op_type: &str, quantizable, channel_wise| GraphLayer {
        op_type: op_type.into(),
        quantizable,
        channel_wise,
    };
    BTreeMap::from([
        ("conv".into(), node("Conv2D", true, ChannelWise::OnByDefault)),
        ("head".into(), node("Conv2D", true, ChannelWise::OffByDefault)),
        ("fc".into(), node("MatMul", true, ChannelWise::Forbidden)),
        ("relu".into(), node("Relu", false, ChannelWise::Forbidden)),
        ("fed".into(), node("Conv2D", false, ChannelWise::Forbidden)),
        ("max".into(), node("MaxPool", false, ChannelWise::Forbidden)),
    ])
}

fn check(text: &str) -> Result<(), String> {
    let config = QuantConfig::from_json(text).unwrap();
    config.check_graph(&graph(), FOLDABLE).map_err(|error| error.to_string())
}

#[test]
fn names_are_checked() {
    for (text, error) in [
        (r#"{"conw":{}}"#, "conw is an invalid layer name or parameter."),
        (r#"{"relu":{}}"#, "layer relu does not support quant. (its type is Relu)"),
        (
            r#"{"fc":{"weight_quant_params":{"channel_wise":true}}}"#,
            "The channel_wise must be False for layer type MatMul in layer fc",
        ),
        (
            r#"{"conv":{},"skip_fusion_layers":["x"]}"#,
            "Layer \"x\" in skip_fusion_layers does not exist in the graph.",
        ),
        (
            r#"{"conv":{},"skip_fusion_layers":["fc"]}"#,
            "Skip fusion layer \"fc\"'s type not in supported list ['Conv2D', 'DepthwiseConv2dNative'] \
             (its type is MatMul)",
        ),
        (
            r#"{"conv":{"quant_enable":false}}"#,
            "No quant enable layer in quant config file, please check the quant config file.",
        ),
        (
            r#"{"tensor_quantize":[{"layer_name":"pool","input_index":0}]}"#,
            "Layer pool does not exist in the graph.",
        ),
        (
            r#"{"tensor_quantize":[{"layer_name":"relu","input_index":0}]}"#,
            "layer relu does not support quant. (its type is Relu)",
        ),
        (
            r#"{"tensor_quantize":[{"layer_name":"max","input_index":1}]}"#,
            "layer max does not support quant. (a MaxPool has 1 input(s), counted from 0; found input_index 1)",
        ),
    ] {
        assert_eq!(check(text), Err(error.into()));
    }
    assert_eq!(check(r#"{"conv":{},"fc":{"quant_enable":false},"skip_fusion_layers":["conv"]}"#), Ok(()));
    assert_eq!(check(r#"{"tensor_quantize":[{"layer_name":"max","input_index":0}]}"#), Ok(()));
}

#[test]
fn what_the_file_left_open_is_filled_in() {
    let text = r#"{"activation_offset":false,"conv":{},"head":{},"fc":{},
        "tensor_quantize":[{"layer_name":"relu","input_index":0}]}"#;
    let mut config = QuantConfig::from_json(text).unwrap();
    config.resolve(&graph());
    let channel_wise = |name: &str| config.layers[name].weight.channel_wise;
    assert_eq!(
        [channel_wise("conv"), channel_wise("head"), channel_wise("fc")],
        [Some(true), Some(false), Some(false)]
    );
    assert_eq!(config.layers["conv"].activation.asymmetric, Some(false));
    assert_eq!(config.tensor_quantize[0].activation.asymmetric, Some(false));
}

#[test]
fn the_default_configuration_lists_every_quantizable_layer() {
    // A node of a type that is quantized may be skipped, also if this one cannot be.
    let config = QuantConfig::create(&graph(), &["head".into(), "fed".into()], 4, true).unwrap();
    let enabled: Vec<_> =
        config.layers.iter().map(|(name, layer)| (name.as_str(), layer.quant_enable)).collect();
    assert_eq!(enabled, [("conv", true), ("fc", true), ("head", false)]);
    assert_eq!((config.batch_num, config.layers["fc"].activation.asymmetric), (4, Some(true)));
}

#[test]
fn layers_to_skip_are_checked() {
    let create = |skip: &[&str], batch_num| {
        let skip: Vec<_> = skip.iter().map(|name| (*name).to_owned()).collect();
        QuantConfig::create(&graph(), &skip, batch_num, true).unwrap_err().to_string()
    };
    assert_eq!(create(&["x"], 1), "Layer x does not exist in the graph.");
    assert_eq!(create(&["relu"], 1), "Layer relu does not support quantization.");
    assert_eq!(create(&["conv", "fc", "head"], 1), "Except skip_layers, no layer needs to quantize.");
    assert_eq!(
        create(&["fc", "fc"], 1),
        "Please delete repeated items in skip_layers, repeated items are ['fc']"
    );
    assert_eq!(create(&[], 0), "The batch_num must be greater than zero. (found 0 at batch_num)");
    let empty = QuantConfig::create(&BTreeMap::new(), &[], 1, true).unwrap_err();
    assert_eq!(empty.to_string(), "No layer support quantization in the graph.");
}

#[test]
fn a_node_cannot_be_called_like_a_parameter() {
    let mut graph = graph();
    graph.insert("batch_num".into(), graph["conv"].clone());
    let error = QuantConfig::create(&graph, &[], 1, true).unwrap_err();
    assert_eq!(error.to_string(), "batch_num is a global parameter, can not be a layer name");
}
