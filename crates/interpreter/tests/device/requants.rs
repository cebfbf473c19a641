//! Quantizations that read the sums of the layer before them.

use amct_graph::{AttrValue, Graph};
use amct_interpreter::{Arithmetic, Device, RunError};
use amct_tensor::quantization::DeqScale;

use super::net::{Net, devices, floats, int8s, plan, row, run, two_layers};

/// E = 2^-4 * 0.5 = 2^-5. x = 3: 3 * 127 * E = 11.90625, plus 1: 13. x = 37: 146.8, beyond int8.
/// x = -3 is clipped at 0, plus 1. The second layer takes the offset off again.
#[test]
fn a_quantization_behind_a_dequantization_reads_the_sums() {
    let graph = two_layers("Relu").graph();
    for (device, arithmetic) in devices() {
        let found = run(&graph, &["q2", "y"], arithmetic, &[3.0, 37.0, -3.0]).unwrap();
        assert_eq!(int8s(&found[0]), [13, 127, 1], "{device}");
        assert_eq!(floats(&found[1]), [12.0, 126.0, 0.0], "{device}");
    }
}

/// On the 310P, with D = 1 + 2^-11 + 2^-14, scale 2^-6 and the sum 1951: 1951 * D = 1952.0717.
/// One after the other: as an f16, in steps of 1, that is 1952, and 1952 / 64 = 30.5 is a tie that
/// goes to 30. Fused: 1952.0717 / 64 = 30.50112, so 31.
#[test]
fn only_a_sole_reader_is_fused() {
    let scale = 1.0 + 2.0_f32.powi(-11) + 2.0_f32.powi(-14);
    let net = |further: bool, between: &str| {
        let net = Net::input()
            .quant("q", "x", 1.0, 0.0)
            .convolution("conv", "q", vec![1], "VALID")
            .bias("bias", "conv", vec![1950])
            .dequant("d", "bias", DeqScale::new(scale, 1.0), [1, 1])
            .node("between", between, &["d"], &[])
            .quant("q2", "between", 1.0 / 64.0, 0.0);
        let net = if further { net.node("reader", "Neg", &["d"], &[]) } else { net };
        net.graph()
    };
    let arithmetic = Arithmetic::Device(Device::Ascend310p);
    let of = |graph: &Graph| int8s(&run(graph, &["q2"], arithmetic, &[1.0]).unwrap()[0]);
    assert_eq!(of(&net(false, "Relu")), [31]);
    assert_eq!(of(&net(true, "Relu")), [30]);
    // ATC does not take these in.
    assert_eq!(of(&net(false, "Abs")), [30]);
    // To look at what lies between changes nothing, and shows it as an f16.
    let graph = net(false, "Relu");
    let both = run(&graph, &["d", "q2"], arithmetic, &[1.0]).unwrap();
    assert_eq!((floats(&both[0]), int8s(&both[1])), (vec![1952.0], vec![31]));
    let plan = plan(&graph, &["q2"], arithmetic, &["d", "between"]).unwrap();
    let mut shown = Vec::new();
    let found =
        plan.run_observed(&[("x", row(&[1.0]))].into(), &mut |outlet, value| -> Result<(), RunError> {
            shown.push((graph.outlet_name(outlet), floats(value)));
            Ok(())
        });
    assert_eq!(int8s(&found.unwrap()[0]), [31]);
    assert_eq!(shown, [("d".to_owned(), vec![1952.0]), ("between".to_owned(), vec![1952.0])]);
}

/// D = 1 + 2^-11 + 2^-14 and the sum 1951, with quantizations by 1/64 behind: 31 where they read the sum
/// (see above), 30 where an f16 lies between.
fn behind(build: impl Fn(Net) -> Net) -> Graph {
    let scale = 1.0 + 2.0_f32.powi(-11) + 2.0_f32.powi(-14);
    let net = Net::input()
        .quant("q", "x", 1.0, 0.0)
        .convolution("conv", "q", vec![1], "VALID")
        .bias("bias", "conv", vec![1950])
        .dequant("d", "bias", DeqScale::new(scale, 1.0), [1, 1]);
    build(net).graph()
}

const ON_310P: Arithmetic = Arithmetic::Device(Device::Ascend310p);

#[test]
fn identities_count_for_nothing() {
    let graph = behind(|net| {
        net.node("i", "Identity", &["d"], &[])
            .node("relu", "Relu", &["i"], &[])
            .node("j", "Identity", &["relu"], &[])
            .node("k", "Identity", &["j"], &[])
            .quant("q2", "k", 1.0 / 64.0, 0.0)
    });
    assert_eq!(int8s(&run(&graph, &["q2"], ON_310P, &[1.0]).unwrap()[0]), [31]);
    // The readers of an identity are readers of what it reads.
    let graph = behind(|net| {
        net.node("i", "Identity", &["d"], &[]).quant("q2", "i", 1.0 / 64.0, 0.0).node(
            "reader",
            "Neg",
            &["i"],
            &[],
        )
    });
    assert_eq!(int8s(&run(&graph, &["q2"], ON_310P, &[1.0]).unwrap()[0]), [30]);
}

/// Several quantizations of one value: with scales within 1e-5 they all read the sum, with the scale of
/// the first; on the 310P, where one operator makes the integers of all, with the offset of the last.
#[test]
fn several_quantizations_of_equal_scales_are_fused() {
    let two = |second: f32| behind(|net| net.quant("a", "d", 1.0 / 64.0, 1.0).quant("b", "d", second, -3.0));
    let of = |graph: &Graph, arithmetic| {
        let found = run(graph, &["a", "b"], arithmetic, &[1.0]).unwrap();
        [int8s(&found[0])[0], int8s(&found[1])[0]]
    };
    assert_eq!(of(&two(1.0 / 64.0 + 9e-6), ON_310P), [28, 28]);
    // 1952 / 64 + 1 = 31.5, a tie; 1952 * 0.015655 - 3 = 27.56.
    assert_eq!(of(&two(1.0 / 64.0 + 3e-5), ON_310P), [32, 28], "an f16 and a scale of their own");
    // 1951 * f16(D) with D * scale = (1 + 2^-10) / 64 = 30.51, plus 1: 31.51, so 32; less 3: 27.5, so 28.
    assert_eq!(of(&two(1.0 / 64.0), Arithmetic::Device(Device::Ascend310)), [32, 28]);
    // A fixpipe has one reader: 1951 as an f16 of 19 bits is 1951, / 64 = 30.48: 31.48 and 27.48.
    assert_eq!(of(&two(1.0 / 64.0), Arithmetic::Device(Device::Ascend910b)), [31, 27]);
    // Each behind its own Relu, or one without.
    let relus = behind(|net| {
        let net = net.node("r", "Relu", &["d"], &[]).quant("a", "r", 1.0 / 64.0, 0.0);
        net.node("s", "Relu", &["d"], &[]).quant("b", "s", 1.0 / 64.0, 0.0)
    });
    assert_eq!(of(&relus, ON_310P), [31, 31]);
    let mixed = behind(|net| {
        let net = net.node("r", "Relu", &["d"], &[]).quant("a", "r", 1.0 / 64.0, 0.0);
        net.quant("b", "d", 1.0 / 64.0, 0.0)
    });
    assert_eq!(of(&mixed, ON_310P), [30, 30]);
}

/// The first scale of two_layers is 2^-4, the second 0.5, offset 1, and six is 3 on the second's scale.
/// x = 3: 3 * 127 / 32 = 11.9, clipped at 3, plus 1. x = -3 with the slope 0.2: f16(0.2) = 1638.4 -> 1638
/// * 2^-13 = 0.19995, times f16(-11.90625): -2.38, plus 1: -1.38, so -1; by the pipe -2 + 1.
#[test]
fn other_activations_are_fused_as_each_chip_can() {
    let (six, leaky) = (two_layers("Relu6").graph(), two_layers("LeakyRelu").graph());
    for (device, arithmetic) in devices() {
        let found = run(&six, &["q2"], arithmetic, &[3.0, 0.5, -3.0]).unwrap();
        // 0.5 is 0: a tie to the even integer.
        assert_eq!(int8s(&found[0]), [4, 1, 1], "{device}");
        let found = run(&leaky, &["q2"], arithmetic, &[3.0, -3.0]).unwrap();
        assert_eq!(int8s(&found[0]), [13, -1], "{device}");
    }
}

/// D = 1 + 2^-11 + 2^-14 of two layers, and the sum 1951 of each, joined along the channels or the width.
fn joined(axis: i32, channels: usize) -> Graph {
    let scale = 1.0 + 2.0_f32.powi(-11) + 2.0_f32.powi(-14);
    let layer = |net: Net, name: &str| {
        let (w, quant) = (format!("{name}/w"), format!("{name}/wq"));
        let (conv, bias, d) = (format!("{name}/conv"), format!("{name}/bias"), format!("{name}/d"));
        let window = [
            ("strides", AttrValue::ints([1, 1, 1, 1])),
            ("padding", AttrValue::string("VALID")),
            ("data_format", AttrValue::string("NHWC")),
        ];
        net.constant(&w, &[1, 1, 1, channels], vec![1_i8; channels])
            .node(&quant, "AscendWeightQuant", &[&w, "o"], &[])
            .node(&conv, "Conv2D", &["q", &quant], &window)
            .bias(&bias, &conv, vec![1950; channels])
            .dequant(&d, &bias, DeqScale::new(scale, 1.0), [1, 1])
    };
    let net = Net::input().quant("q", "x", 1.0, 0.0).constant("o", &[1, 1, 1, 1], vec![0_i8]);
    let net = layer(layer(net, "a"), "b").node("b/relu", "Relu", &["b/d"], &[]);
    let net = net.constant("axis", &[], vec![axis]);
    net.node("concat", "ConcatV2", &["a/d", "b/relu", "axis"], &[("N", AttrValue::I(2))])
        .node("i", "Identity", &["concat"], &[])
        .quant("q2", "i", 1.0 / 64.0, 0.0)
        .graph()
}

#[test]
fn a_quantization_behind_a_concatenation_reads_the_sums() {
    for (device, arithmetic) in devices() {
        let of = |graph: &Graph| int8s(&run(graph, &["q2"], arithmetic, &[1.0]).unwrap()[0]);
        let (narrow, wide) = (of(&joined(3, 1)), of(&joined(-1, 32)));
        assert_eq!(of(&joined(2, 1)).len(), 2);
        // 1951 * f16(D) / 64 = 30.51 in f16; behind an f16 of its own it is 30.5, a tie.
        let expected = match device {
            Device::Ascend310 | Device::Ascend910 => ([31; 2], 31),
            // Only multiples of 32 channels are joined as int8.
            Device::Ascend310p => ([30; 2], 31),
            // No fixpipe looks behind a concatenation; 1951 is 1951 in 19 bits, so 30.48.
            _ => ([30; 2], 30),
        };
        assert_eq!((narrow, wide), (expected.0.to_vec(), vec![expected.1; 64]), "{device}");
    }
    assert_eq!(int8s(&run(&joined(2, 1), &["q2"], ON_310P, &[1.0]).unwrap()[0]), [31; 2]);
    // What lies between is shown as it is by itself.
    let found = run(&joined(2, 1), &["concat", "q2"], ON_310P, &[1.0]).unwrap();
    assert_eq!((floats(&found[0]), int8s(&found[1])), (vec![1952.0; 2], vec![31; 2]));
}
