//! Every error about a file has its place in it.

use super::*;
use amct_tensor::Chain;

const FOLDABLE: &[&str] = &["Conv2D"];

fn graph() -> BTreeMap<String, GraphLayer> {
    let node = |op_type: &str, quantizable, channel_wise| GraphLayer {
        op_type: op_type.into(),
        quantizable,
        channel_wise,
    };
    BTreeMap::from([
        ("net/conv".into(), node("Conv2D", true, ChannelWise::OnByDefault)),
        ("fc".into(), node("MatMul", true, ChannelWise::Forbidden)),
        ("relu".into(), node("Relu", false, ChannelWise::Forbidden)),
        ("max".into(), node("MaxPool", false, ChannelWise::Forbidden)),
    ])
}

/// The file's error, which may need the graph to show, without the directory of the file.
fn error(text: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("c.json");
    std::fs::write(&path, text).unwrap();
    let checked = ConfigFile::read(&path).and_then(|file| {
        file.check_skip_fusion(&graph(), FOLDABLE)?;
        file.check_graph(&graph(), FOLDABLE)
    });
    let error = Chain(&checked.unwrap_err()).to_string();
    error.strip_prefix(&format!("{}/", directory.path().display())).unwrap().to_owned()
}

#[test]
fn errors_of_the_text_and_of_its_values() {
    for (text, message) in [
        ("{\"version\":1,}", "c.json:1:14: not valid JSON: trailing comma"),
        ("", "c.json:1:1: not valid JSON: EOF while parsing a value"),
        (
            "{\n \"fc\":{\n  \"quant_enable\":true,\n  \"quant_enable\":false}}",
            "c.json:4:16: Please delete repeated items in fc, repeated items are ['quant_enable']",
        ),
        (
            "{\n \"batch_num\" : 0}",
            "c.json:2:2: The batch_num must be greater than zero. (found 0 at batch_num)",
        ),
        (
            "{\"do_fusion\":1}",
            "c.json:1:2: Type of do_fusion should be <class 'bool'>, but is <class 'int'> (at do_fusion)",
        ),
        (
            "{\"skip_fusion_layers\":[\"a\",\n null]}",
            "c.json:2:2: Type of skip_fusion_layers[1] should be <class 'str'>, but is <class 'NoneType'> \
             (at skip_fusion_layers[1])",
        ),
        (
            "{\"skip_fusion_layers\":[\"a\",\n \"a\"]}",
            "c.json:2:2: Please delete repeated items in skip_fusion_layers, repeated items are ['a']",
        ),
        (
            "{\"net/conv\":{\n \"activation_quant_params\":{\n\"search_step\":2}}}",
            "c.json:3:1: The search_step must be less than or equal to (search_range[1] - search_range[0]) in \
             layer net/conv (found 2.0 for [0.7, 1.3] at activation_quant_params.search_step)",
        ),
        (
            "{\"net/conv\":{\n \"activation_quant_params\":{\"a.b\":1}}}",
            "c.json:2:29: Unknown parameter a.b in activation_quant_params in layer net/conv (accepted: num_bits, \
             max_percentile, min_percentile, search_range, search_step, act_algo, asymmetric, num_of_bins)",
        ),
        (
            "{\"net/conv\":{\n \"activation_quant_params\":{\"search_step\":1, \"num_of_bins\":1024}}}",
            "c.json:2:2: ['search_step'] and ['num_of_bins'] can not appear at same time in layer net/conv (at \
             activation_quant_params)",
        ),
        ("{\n \"skip_layer\":[]}", "c.json:2:2: skip_layer is an invalid layer name or parameter."),
        (
            "{\"tensor_quantize\":[\n {\"layer_name\":\"max\"}]}",
            "c.json:2:2: Missing parameter input_index (at tensor_quantize[0].input_index)",
        ),
        (
            "{\"tensor_quantize\":[{\"layer_name\":\"max\",\"input_index\":0},\n {\"layer_name\":\"max\",\"input_index\":0}]}",
            "c.json:2:2: Please delete repeated items in tensor_quantize, repeated items are ['max:0']",
        ),
    ] {
        assert_eq!(error(text), message);
    }
}

#[test]
fn errors_that_the_graph_shows() {
    for (text, message) in [
        ("{\n \"net/conw\":{}}", "c.json:2:2: net/conw is an invalid layer name or parameter."),
        ("{\n \"relu\":{}}", "c.json:2:2: layer relu does not support quant. (its type is Relu)"),
        (
            "{\"fc\":{\"weight_quant_params\":{\n   \"channel_wise\":true}}}",
            "c.json:2:4: The channel_wise must be False for layer type MatMul in layer fc",
        ),
        (
            "{\"skip_fusion_layers\":[\"net/conv\",\n\"x\"]}",
            "c.json:2:1: Layer \"x\" in skip_fusion_layers does not exist in the graph.",
        ),
        (
            "{\"skip_fusion_layers\":[\"net/conv\",\n\"fc\"]}",
            "c.json:2:1: Skip fusion layer \"fc\"'s type not in supported list ['Conv2D'] (its type is MatMul)",
        ),
        (
            "{\"tensor_quantize\":[{\n\"layer_name\":\"x\",\"input_index\":0}]}",
            "c.json:2:1: Layer x does not exist in the graph.",
        ),
        (
            "{\"tensor_quantize\":[{\n\"layer_name\":\"relu\",\"input_index\":0}]}",
            "c.json:2:1: layer relu does not support quant. (its type is Relu)",
        ),
        (
            "{\"tensor_quantize\":[{\"layer_name\":\"max\",\n\"input_index\":1}]}",
            "c.json:2:1: layer max does not support quant. (a MaxPool has 1 input(s), counted from 0; found \
             input_index 1)",
        ),
        (
            "{\"fc\":{\"quant_enable\":false}}",
            "c.json: No quant enable layer in quant config file, please check the quant config file.",
        ),
    ] {
        assert_eq!(error(text), message);
    }
}

#[test]
fn a_file_in_order_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("c.json");
    std::fs::write(&path, full().to_json()).unwrap();
    assert_eq!(ConfigFile::read(&path).unwrap().config(), &full());
    assert_eq!(QuantConfig::read(&path).unwrap(), full());
}
