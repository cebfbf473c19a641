//! The sample job: what it writes, and what must not change the results.

use std::collections::BTreeSet;
use std::path::Path;

use amct_artifacts::config::QuantConfig;
use amct_artifacts::quant_info::QuantInfo;
use amct_artifacts::record::Record;
use amct_graph::{AttrValue, Graph, Patch, ShapeAttr};

use crate::sample::{self, Settings, copy_images};
use crate::support::shipped_model;

const FILES: [&str; 4] =
    ["config.json", "mobilenet_v2_quant.json", "mobilenet_v2_quantized.pb", "record.txt"];
const PLAIN: Settings = Settings { batch_size: None, threads: 2 };

/// The names and contents of a directory's files, sorted.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

fn results(graph: &Graph, images: &Path, settings: Settings) -> Vec<(String, Vec<u8>)> {
    let out = tempfile::tempdir().unwrap();
    sample::run(graph, images, settings, Some(&out.path().join("mobilenet_v2")));
    files(out.path())
}

/// The keys of the record that AMCT writes for a MobileNetV2 of this structure.
fn expected_layers() -> BTreeSet<String> {
    let mut layers: BTreeSet<String> =
        ["Conv/Conv2D", "Conv_1/Conv2D", "Logits/AvgPool", "Logits/Conv2d_1c_1x1/Conv2D"]
            .map(|layer| format!("MobilenetV2/{layer}"))
            .into();
    for block in 0..17 {
        let scope = if block == 0 { "expanded_conv".to_owned() } else { format!("expanded_conv_{block}") };
        // The first block does not expand.
        let first = if block == 0 { None } else { Some("expand/Conv2D") };
        for layer in first.into_iter().chain(["depthwise/depthwise", "project/Conv2D"]) {
            layers.insert(format!("MobilenetV2/{scope}/{layer}"));
        }
    }
    layers
}

#[test]
fn the_results_are_four_files_that_fit_together() {
    let (images, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    copy_images(4, images.path());
    let original = shipped_model();
    let prefix = out.path().join("mobilenet_v2");
    let quantized = sample::run(&original, images.path(), PLAIN, Some(&prefix));
    let names: Vec<String> = files(out.path()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, FILES);

    let record = Record::read(out.path().join("record.txt")).unwrap();
    let keys: BTreeSet<String> = record.entries.iter().map(|entry| entry.key.clone()).collect();
    assert_eq!(expected_layers().len(), 54);
    assert_eq!(keys, expected_layers());
    assert_eq!(record.entries.len(), 54);

    let config = QuantConfig::read(out.path().join("config.json")).unwrap();
    assert_eq!(config.layers.keys().cloned().collect::<BTreeSet<_>>(), keys);
    assert!(config.layers.values().all(|layer| layer.quant_enable));

    let read = amct::graphdef::load(&out.path().join("mobilenet_v2_quantized.pb")).unwrap();
    let nodes: BTreeSet<String> = read.nodes().map(|(_, node)| node.name.clone()).collect();
    assert_eq!(nodes.len(), quantized.graph.len());
    let info = QuantInfo::read(out.path().join("mobilenet_v2_quant.json")).unwrap();
    let listed: BTreeSet<String> = info.ops.iter().map(|op| op.name.clone()).collect();
    assert_eq!(info.ops.len(), listed.len(), "each node once");
    assert_eq!(listed, nodes);

    let output = "MobilenetV2/Predictions/Reshape_1".to_owned();
    assert_eq!(amct_rewrite::verify(&read, Some(&original), &[output]), []);
}

#[test]
fn threads_and_batch_size_do_not_change_a_byte() {
    let images = tempfile::tempdir().unwrap();
    copy_images(4, images.path());
    let graph = shipped_model();
    let expected = results(&graph, images.path(), Settings { batch_size: Some(1), threads: 1 });
    for (batch_size, threads) in [(1, 2), (2, 2), (3, 1)] {
        let settings = Settings { batch_size: Some(batch_size), threads };
        for (found, expected) in results(&graph, images.path(), settings).iter().zip(&expected) {
            assert_eq!(found.0, expected.0);
            assert!(
                found.1 == expected.1,
                "{} differs with batches of {batch_size} on {threads} threads",
                found.0
            );
        }
    }
}

#[test]
fn a_graph_with_a_fixed_batch_runs_batch_by_batch() {
    let images = tempfile::tempdir().unwrap();
    copy_images(4, images.path());
    let free = shipped_model();
    let mut fixed = free.clone();
    let mut patch = Patch::new();
    let shape = AttrValue::Shape(ShapeAttr::of([2, 224, 224, 3]));
    patch.set_attr(fixed.find("input").unwrap(), "shape", shape);
    fixed.apply(&patch).unwrap();
    let names = ["MobilenetV2/Predictions/Reshape_1".to_owned()];
    assert_eq!(sample::image_input(&fixed, &names).batch, Some(2));
    let record = |graph: &Graph| {
        results(graph, images.path(), PLAIN).into_iter().find(|(name, _)| name == "record.txt").unwrap()
    };
    assert!(record(&fixed) == record(&free), "the same images give the same factors");
}
