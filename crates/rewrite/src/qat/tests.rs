//! Tests of taking fake quantization out of a graph: weights, activations, and what is refused.

use std::collections::BTreeMap;

use amct_graph::{AttrValue, Graph, Outlet};
use amct_tensor::Tensor;
use amct_tensor::quantization::{ActivationParams, FakeQuantGrid};

use super::{
    QatError, QatSkip, TrainedActivations, TrainedWeights, is_fake_quant, take_activations, take_weights,
};
use crate::testing::{Net, values};

/// Constants, and fake quantization, identities, reshapes and transposes of them.
fn evaluate(graph: &Graph, outlet: Outlet) -> Result<Tensor, String> {
    let node = graph.node(outlet.node);
    let input = |index: usize| evaluate(graph, node.inputs[index]);
    match node.op.as_str() {
        "Const" => graph.decode_const(outlet.node).map_err(|error| error.to_string()),
        "Identity" => input(0),
        "Reshape" => {
            let shape = input(1)?.to_i64_vec().unwrap().into_iter().map(|dim| dim as usize);
            Ok(input(0)?.reshaped(shape.collect::<Vec<_>>()).unwrap())
        }
        "Abs" => {
            let value = input(0)?;
            let data = value.as_slice::<f32>().unwrap().iter().map(|x| x.abs()).collect();
            Ok(Tensor::from_vec::<f32>(value.shape(), data).unwrap())
        }
        op if is_fake_quant(node) => {
            let data = input(0)?;
            let bounds = if op.ends_with("Args") {
                [
                    node.attributes().float_or("min", -6.0).unwrap(),
                    node.attributes().float_or("max", 6.0).unwrap(),
                ]
                .map(|bound| vec![bound])
            } else {
                [input(1)?, input(2)?].map(|bound| bound.as_slice::<f32>().unwrap().to_vec())
            };
            let grids: Vec<_> =
                bounds[0].iter().zip(&bounds[1]).map(|(&a, &b)| FakeQuantGrid::new(a, b, 8, false)).collect();
            let on_grid = data.as_slice::<f32>().unwrap().iter().zip(grids.iter().cycle());
            let on_grid = on_grid.map(|(&x, grid)| grid.by_inverse()(x)).collect();
            Ok(Tensor::from_vec::<f32>(data.shape(), on_grid).unwrap())
        }
        op => Err(format!("no {op}")),
    }
}

trait FakeQuantNet {
    fn fake(self, name: &str, input: &str, min: f32, max: f32) -> Self;
    fn fake_per_channel(self, name: &str, input: &str, min: Vec<f32>, max: Vec<f32>) -> Self;
    /// A convolution whose weights, of range [-1, 1], are fake-quantized.
    fn trained_conv(self, name: &str, input: &str, weights: [usize; 4]) -> Self;
}

impl FakeQuantNet for Net {
    fn fake(self, name: &str, input: &str, min: f32, max: f32) -> Self {
        let (low, high) = (format!("{name}/min"), format!("{name}/max"));
        self.constant(&low, &[], vec![min])
            .float(&format!("{low}/read"), "Identity", &[&low])
            .constant(&high, &[], vec![max])
            .node(name, "FakeQuantWithMinMaxVars", &[input, &format!("{low}/read"), &high], [])
    }

    fn fake_per_channel(self, name: &str, input: &str, min: Vec<f32>, max: Vec<f32>) -> Self {
        let (low, high) = (format!("{name}/min"), format!("{name}/max"));
        self.constant(&low, &[min.len()], min).constant(&high, &[max.len()], max).node(
            name,
            "FakeQuantWithMinMaxVarsPerChannel",
            &[input, &low, &high],
            [],
        )
    }

    fn trained_conv(self, name: &str, input: &str, weights: [usize; 4]) -> Self {
        let (variable, fake) = (format!("{name}/weights"), format!("{name}/weights_quant"));
        self.variable(&variable, &weights)
            .fake(&fake, &format!("{variable}/read"), -1.0, 1.0)
            .conv_with(name, "Conv2D", input, &fake)
    }
}

fn weights_of(graph: &mut Graph) -> BTreeMap<String, TrainedWeights> {
    take_weights(graph, &[], &evaluate).unwrap()
}

fn convert(graph: &mut Graph, outputs: &[&str]) -> Result<TrainedActivations, QatError> {
    let outputs: Vec<String> = outputs.iter().map(|&name| name.to_owned()).collect();
    let weights = take_weights(graph, &outputs, &evaluate)?;
    let trained = take_activations(graph, &outputs, &weights, &evaluate)?;
    assert!(!graph.nodes().any(|(_, node)| is_fake_quant(node)));
    Ok(trained)
}

fn input_of(graph: &Graph, name: &str, input: usize) -> String {
    graph.outlet_name(graph.node(graph.find(name).unwrap()).inputs[input])
}

fn skip_of(trained: &TrainedActivations, layer: &str) -> QatSkip {
    trained.nodes.skipped().find(|(name, _)| *name == layer).unwrap().1.clone()
}

#[test]
fn fake_quantized_weights_become_a_constant_of_their_name() {
    let mut graph = Net::with_input(&[1, 4, 4, 3]).trained_conv("conv", "x", [1, 1, 3, 2]).build();
    let trained = &weights_of(&mut graph)["conv"];
    assert_eq!(input_of(&graph, "conv", 1), "conv/weights_quant");
    let id = graph.find("conv/weights_quant").unwrap();
    assert_eq!(graph.decode_const(id).unwrap(), trained.values);
    let step = 2.0_f32 / 255.0;
    assert_eq!(trained.steps.as_ref().unwrap().as_slice::<f32>().unwrap(), [step; 6]);
    for &value in trained.values.as_slice::<f32>().unwrap() {
        assert!((value / step - (value / step).round()).abs() < 1e-4);
    }
    // What only fake quantization read is gone.
    for gone in ["conv/weights", "conv/weights/read", "conv/weights_quant/min", "conv/weights_quant/max"] {
        assert_eq!(graph.find(gone), None, "{gone}");
    }
}

#[test]
fn steps_follow_the_weights_through_reshapes() {
    let mut graph = Net::with_input(&[1, 4, 4, 2])
        .constant("w", &[2, 2], values(4, 1))
        .fake_per_channel("w/quant", "w", vec![-1.0, -2.0], vec![1.0, 2.0])
        .constant("shape", &[4], vec![1_i32, 1, 2, 2])
        .float("w/4d", "Reshape", &["w/quant", "shape"])
        .conv_with("conv", "Conv2D", "x", "w/4d")
        .build();
    let trained = &weights_of(&mut graph)["conv"];
    let steps = trained.steps.as_ref().unwrap();
    assert_eq!(steps.shape(), [1, 1, 2, 2]);
    assert_eq!(steps.as_slice::<f32>().unwrap(), [2.0 / 255.0, 4.0 / 255.0, 2.0 / 255.0, 4.0_f32 / 255.0]);
    assert_eq!(input_of(&graph, "conv", 1), "w/4d_evaluated");
    assert!(graph.find("w/quant").is_none() && graph.find("shape").is_none());
}

#[test]
fn steps_behind_another_function_are_not_known() {
    let mut graph = Net::with_input(&[1, 4, 4, 3])
        .variable("w", &[1, 1, 3, 2])
        .fake("w/quant", "w/read", -1.0, 1.0)
        .float("w/abs", "Abs", &["w/quant"])
        .conv_with("conv", "Conv2D", "x", "w/abs")
        .build();
    assert_eq!(weights_of(&mut graph)["conv"].steps, None);
}

#[test]
fn an_activation_has_the_nudged_range_in_int8() {
    // From -1 to 1, zero is halfway between two steps but for f32's rounding of the scale.
    for (min, max, offset) in [(0.0, 6.0, -128), (-1.0, 1.0, -1), (-1.0, 3.0, -64), (-6.0, 0.0, 127)] {
        let mut graph = Net::with_input(&[1, 4, 4, 3])
            .fake("quant", "x", min, max)
            .trained_conv("conv", "quant", [1, 1, 3, 2])
            .build();
        let trained = convert(&mut graph, &["conv"]).unwrap();
        let expected = ActivationParams { scale: (max - min) / 255.0, offset };
        assert_eq!(trained.layers["conv"], expected, "{min} to {max}");
        assert_eq!(input_of(&graph, "conv", 0), "x");
        assert_eq!(graph.find("quant/min/read"), None);
    }
}

#[test]
fn fake_quantization_is_found_behind_what_only_moves_values() {
    let mut graph = Net::with_input(&[1, 4, 4, 3])
        .fake("quant", "x", 0.0, 6.0)
        .float("pool", "MaxPool", &["quant"])
        .pad("pad", "pool")
        .float("read", "Identity", &["pad"])
        .trained_conv("conv", "read", [1, 1, 3, 2])
        .build();
    assert!(convert(&mut graph, &["conv"]).unwrap().layers.contains_key("conv"));
    assert_eq!(input_of(&graph, "pool", 0), "x");
}

#[test]
fn ranges_that_meet_are_joined() {
    let net = |min| {
        Net::with_input(&[1, 4, 4, 3])
            .fake("a", "x", 0.0, 2.0)
            .fake("b", "x", min, 1.0)
            .constant("axis", &[], vec![3_i32])
            .float("concat", "ConcatV2", &["a", "b", "axis"])
            .attr("N", AttrValue::I(2))
            .trained_conv("conv", "concat", [1, 1, 6, 2])
            .build()
    };
    let trained = convert(&mut net(-2.0), &["conv"]).unwrap();
    let grids = [FakeQuantGrid::new(0.0, 2.0, 8, false), FakeQuantGrid::new(-2.0, 1.0, 8, false)];
    let all = FakeQuantGrid::new(grids[1].min(), grids[0].max(), 8, false);
    assert_eq!(trained.layers["conv"], ActivationParams { scale: all.scale, offset: all.zero_point - 128 });
}

#[test]
fn layers_that_training_has_not_quantized_are_told() {
    let mut graph = Net::with_input(&[1, 4, 4, 3])
        .fake("quant", "x", 0.0, 6.0)
        .conv("float", "Conv2D", "quant", [1, 1, 3, 3])
        .float("sigmoid", "Sigmoid", &["float"])
        .trained_conv("conv", "sigmoid", [1, 1, 3, 2])
        .avg_pool("pool", "quant", 2)
        .build();
    let trained = convert(&mut graph, &["conv", "pool"]).unwrap();
    assert_eq!(skip_of(&trained, "float"), QatSkip::Weights);
    let found = "Sigmoid 'sigmoid'".to_owned();
    assert_eq!(skip_of(&trained, "conv"), QatSkip::Activation { found });
    // A pooling has no weights.
    assert_eq!(trained.layers.keys().collect::<Vec<_>>(), ["pool"]);
}

#[test]
fn a_requested_output_keeps_its_name() {
    let mut graph = Net::with_input(&[1, 4, 4, 3])
        .fake("quant", "x", 0.0, 6.0)
        .trained_conv("conv", "quant", [1, 1, 3, 2])
        .fake("once", "conv", -1.0, 1.0)
        .fake("twice", "once", -1.0, 1.0)
        .build();
    convert(&mut graph, &["twice"]).unwrap();
    let twice = graph.node(graph.find("twice").unwrap());
    assert_eq!((twice.op.as_str(), graph.outlet_name(twice.inputs[0])), ("Identity", "conv".to_owned()));
    assert_eq!(graph.find("once"), None);
}

#[test]
fn what_int8_cannot_hold_is_refused() {
    let with = |bits_of: &str, bits: i64| {
        let net = Net::with_input(&[1, 4, 4, 3]).fake("quant", "x", 0.0, 6.0);
        let net = if bits_of == "quant" { net.attr("num_bits", AttrValue::I(bits)) } else { net };
        let net = net.variable("w", &[1, 1, 3, 2]).fake("w/quant", "w/read", -1.0, 1.0);
        let net = if bits_of == "w/quant" { net.attr("num_bits", AttrValue::I(bits)) } else { net };
        net.conv_with("conv", "Conv2D", "quant", "w/quant").build()
    };
    assert!(matches!(convert(&mut with("quant", 4), &["conv"]), Err(QatError::Bits { found: 4, .. })));
    assert!(matches!(convert(&mut with("w/quant", 16), &["conv"]), Err(QatError::Bits { found: 16, .. })));
    assert!(matches!(convert(&mut with("quant", 17), &["conv"]), Err(QatError::Attribute(_))));
    // Fewer steps of weights int8 has.
    assert!(convert(&mut with("w/quant", 4), &["conv"]).is_ok());
}

#[test]
fn ranges_that_cannot_be_used_are_refused() {
    let net = || Net::with_input(&[1, 4, 4, 3]);
    let untrained = net().fake("quant", "x", 0.0, 0.0).trained_conv("conv", "quant", [1, 1, 3, 2]);
    let channels = net().fake_per_channel("quant", "x", vec![-1.0; 3], vec![1.0; 3]);
    let channels = channels.trained_conv("conv", "quant", [1, 1, 3, 2]);
    let misfit = net()
        .fake("quant", "x", 0.0, 6.0)
        .variable("w", &[1, 1, 3, 2])
        .fake_per_channel("w/quant", "w/read", vec![-1.0; 3], vec![1.0; 3])
        .conv_with("conv", "Conv2D", "quant", "w/quant");
    let computed = net()
        .constant("min", &[], vec![-1.0_f32])
        .node("quant", "FakeQuantWithMinMaxVars", &["x", "min", "x"], [])
        .trained_conv("conv", "quant", [1, 1, 3, 2]);
    let refused = |net: Net| convert(&mut net.build(), &["conv"]).unwrap_err();
    assert!(matches!(refused(untrained), QatError::Range { .. }));
    assert!(matches!(refused(channels), QatError::PerChannel { .. }));
    assert!(matches!(refused(misfit), QatError::Channels { ranges: 3, .. }));
    assert!(matches!(refused(computed), QatError::RangeNotConstant { .. }));
}
