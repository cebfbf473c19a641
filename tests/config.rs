//! `create_quant_config` on frozen graphs of many kinds: without data it finds what a job finds with it.

use std::path::{Path, PathBuf};

use amct::amct_api::{ConfigOptions, create_quant_config};
use amct::pipeline::{self, Configuration, PrepareOptions, Prepared};
use amct_artifacts::config::QuantConfig;
use amct_artifacts::definition::DefinitionFile;
use amct_graph::Graph;
use amct_interpreter::Feeds;
use amct_tensor::Tensor;

use crate::support::root;

/// Every graph of `tests/golden/graphs`, its outputs, and the batch that it was run on.
fn cases() -> Vec<(String, Graph, Vec<String>, String, Tensor)> {
    let directory = root().join("tests/golden/graphs");
    let file = |name: &str, ending: &str| -> PathBuf { directory.join(format!("{name}.{ending}")) };
    ["audio", "dilated", "efficientnet", "gated", "inception", "mobilenet_v1", "resnet", "ssd", "unet"]
        .into_iter()
        .map(|name| {
            let names = std::fs::read_to_string(file(name, "names")).unwrap();
            let mut lines = names.lines().map(str::to_owned);
            let input = lines.next().unwrap();
            let graph = amct::graphdef::load(&file(name, "pb")).unwrap();
            let fed = amct_dataset::read_npy(file(name, "input.npy")).unwrap();
            (name.to_owned(), graph, lines.collect(), input, fed)
        })
        .collect()
}

fn prepare(graph: &Graph, outputs: &[String], input: &str, fed: &Tensor) -> Prepared {
    let batches = [Feeds::from([(input, fed.clone())])];
    pipeline::prepare(graph, outputs, &PrepareOptions::default(), Some(&batches)).unwrap()
}

#[test]
fn zeros_show_the_same_layers_as_data() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.json");
    for (name, graph, outputs, input, fed) in cases() {
        let mut options = ConfigOptions::default();
        options.outputs.clone_from(&outputs);
        options.input_shapes = [(input.clone(), fed.shape().to_vec())].into();
        let created = create_quant_config(&path, &graph, &options).unwrap();
        let prepared = prepare(&graph, &outputs, &input, &fed);
        assert_eq!(created, pipeline::default_config(&prepared, 1, true).unwrap(), "{name}");
        assert_eq!(QuantConfig::read(&path).unwrap(), created, "{name}");
    }
}

fn definition(path: &Path, text: &str) -> Configuration {
    std::fs::write(path, text).unwrap();
    Configuration::Definition(DefinitionFile::read(path).unwrap())
}

#[test]
fn a_definition_reaches_every_layer_of_its_type() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("q.cfg");
    let text = "common_config { arq_quantize { channel_wise: false } }\n\
        override_layer_types { layer_type: 'Conv2D' calibration_config { arq_quantize { channel_wise: true } } }\n\
        skip_layer_types: 'DepthwiseConv2dNative'\n";
    let configuration = definition(&path, text);
    let mut seen = 0;
    for (name, graph, outputs, input, fed) in cases() {
        let prepared = prepare(&graph, &outputs, &input, &fed);
        let config = configuration.resolve(&prepared).unwrap();
        for (layer, layer_config) in &config.layers {
            let node = prepared.graph.node(prepared.graph.find(layer).unwrap());
            let convolution = node.op == "Conv2D";
            assert_eq!(layer_config.weight.channel_wise, Some(convolution), "{name}: {layer}");
            assert_eq!(layer_config.quant_enable, node.op != "DepthwiseConv2dNative", "{name}: {layer}");
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen}");
}
