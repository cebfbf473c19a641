//! The quantized shipped model as chips run it. ATC's own passes, run on such a file, gave back two layers
//! and the pool, and fused 33 quantizations on a 310 and on a 310P.

use amct::atc::{deciding_shapes, roll_back_expected};
use amct::model::Model;
use amct_graph::Graph;
use amct_interpreter::{Arithmetic, Device, Feeds};
use amct_rewrite::RollbackReason;

use crate::sample::quantized;
use crate::support::npy;

/// The model without the layers that ATC gives back, and these.
fn as_compiled() -> (Graph, Vec<(String, RollbackReason)>) {
    let mut graph = quantized().clone();
    let outputs = [graph.outlet("MobilenetV2/Predictions/Reshape_1").unwrap()];
    let batches = [Feeds::from([("input", npy("classification_input.npy"))])];
    let shapes = deciding_shapes(&graph, &outputs, &batches);
    let back = roll_back_expected(&mut graph, &outputs, &shapes).unwrap();
    (graph, back.into_iter().map(|back| (back.layer.name, back.reason)).collect())
}

#[test]
fn the_layers_that_atc_gives_back_are_known() {
    let back = as_compiled().1;
    let expected = [
        ("MobilenetV2/Conv/Conv2D", RollbackReason::FewChannels(3)),
        ("MobilenetV2/expanded_conv_1/expand/Conv2D", RollbackReason::FewChannels(16)),
        ("MobilenetV2/Logits/AvgPool", RollbackReason::Narrow),
    ];
    assert_eq!(back, expected.map(|(name, reason)| (name.to_owned(), reason)));
}

/// Of 51 that are left. A 910B has no unit for the one Relu6 that stayed.
#[test]
fn the_quantizations_that_read_sums_are_those_that_atc_fuses() {
    let graph = as_compiled().0;
    let requantized = |device| {
        let model = Model::new(&graph, &[], Arithmetic::Device(device)).unwrap();
        model.requantized().len()
    };
    let found: Vec<(&str, usize)> =
        Device::ALL.into_iter().map(|device| (device.name(), requantized(device))).collect();
    let expected = [
        ("npu-310", 33),
        ("npu-310p", 33),
        ("npu-910", 33),
        ("npu-910b", 32),
        ("npu-310b", 33),
        ("npu-950", 33),
    ];
    assert_eq!(found, expected);
}
