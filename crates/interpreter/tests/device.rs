//! Plans with the semantics of a device, on graphs small enough to be worked out by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod net;
mod requants;

use amct_graph::AttrValue;
use amct_interpreter::{Arithmetic, Device};
use amct_tensor::Tensor;
use amct_tensor::quantization::DeqScale;
use net::{Net, devices, floats, int8s, plan, row, run, two_layers};

/// scale 1 and offset -128. x = [0.5, 1, 100.48] is quantized half to even and behind the rounding to
/// f16, which makes 100.48 100.5 (see the tests of `DeviceQuant`): 0.5 - 128 = -127.5 goes to -128
/// (x = 0), 1 - 128 = -127, 100.5 - 128 = -27.5 goes to -28 (x = 100). TensorFlow: 1, 1 and 100.
///
/// The padding stands for zero. Weights 1, 2, 3 over [0, 0, 1, 100, 0], plus 10:
/// 0 + 0 + 3 + 10 = 13; 0 + 2 + 300 + 10 = 312; 1 + 200 + 0 + 10 = 211.
/// TensorFlow's, over [0, 1, 1, 100, 0]: 0 + 2 + 3 + 10 = 15; 1 + 2 + 300 + 10 = 313; 211.
/// D = 0.5: all are f16.
#[test]
fn a_padded_layer_with_bias() {
    let pads = vec![0_i32, 0, 0, 0, 1, 1, 0, 0];
    let word = DeqScale::new(0.5, 1.0);
    let padded = Net::input()
        .quant("q", "x", 1.0, -128.0)
        .constant("pads", &[4, 2], pads)
        .node("pad", "Pad", &["q", "pads"], &[])
        .convolution("conv", "pad", vec![1, 2, 3], "VALID");
    let same = Net::input().quant("q", "x", 1.0, -128.0).convolution("conv", "q", vec![1, 2, 3], "SAME");
    for net in [padded, same] {
        let graph = net.bias("bias", "conv", vec![10]).dequant("y", "bias", word, [1, 1]).graph();
        let x = [0.5, 1.0, 100.48];
        for (device, arithmetic) in devices() {
            let found = run(&graph, &["q", "bias", "y"], arithmetic, &x).unwrap();
            assert_eq!(int8s(&found[0]), [-128, -127, -28], "{device}");
            let sums: Vec<i32> = found[1].clone().plain().unwrap().into_vec().unwrap();
            assert_eq!(sums, [13, 312, 211], "{device}");
            assert_eq!(floats(&found[2]), [6.5, 156.0, 105.5], "{device}");
        }
        let default = run(&graph, &["y"], Arithmetic::default(), &x).unwrap();
        assert_eq!(floats(&default[0]), [7.5, 156.5, 105.5]);
    }
}

/// D = 1 and the sums 2048 + 1 and 2048 + 3. From 2048 on the steps of f16 are 2: 2049 is the middle
/// of 1024 and 1025 steps, the even of which is 2048; 2051 that of 1025 and 1026, so 2052.
#[test]
fn what_leaves_a_layer_is_an_f16() {
    let graph = Net::input()
        .quant("q", "x", 1.0, 0.0)
        .convolution("conv", "q", vec![1], "VALID")
        .bias("bias", "conv", vec![2048])
        .dequant("y", "bias", DeqScale::new(1.0, 1.0), [1, 1])
        .graph();
    for (device, arithmetic) in devices() {
        let found = run(&graph, &["y"], arithmetic, &[1.0, 3.0]).unwrap();
        assert_eq!(floats(&found[0]), [2048.0, 2052.0], "{device}");
    }
    assert_eq!(floats(&run(&graph, &["y"], Arithmetic::Integer, &[1.0, 3.0]).unwrap()[0]), [2049.0, 2051.0]);
}

/// A batch runs image by image, on several threads.
#[test]
fn a_batch_gives_what_its_images_give() {
    let graph = two_layers("Relu").graph();
    let images = [[3.0_f32, 1.5, -3.0], [0.5, 2.5, 1.0], [2.0, -1.0, 0.25]];
    for (device, arithmetic) in devices() {
        let plan = plan(&graph, &["q2", "y"], arithmetic, &[]).unwrap();
        let batch = Tensor::from_vec([3, 1, 3, 1], images.concat()).unwrap();
        let together = plan.run(&[("x", batch)].into()).unwrap();
        let alone = images.map(|image| plan.run(&[("x", row(&image))].into()).unwrap());
        let q: Vec<i8> = alone.iter().flat_map(|outputs| int8s(&outputs[0])).collect();
        let y: Vec<f32> = alone.iter().flat_map(|outputs| floats(&outputs[1])).collect();
        assert_eq!((int8s(&together[0]), floats(&together[1])), (q, y), "{device}");
    }
}

fn pool(padding: &str, offset: f32) -> amct_graph::Graph {
    let window = [
        ("ksize", AttrValue::ints([1, 1, 2, 1])),
        ("strides", AttrValue::ints([1, 1, 2, 1])),
        ("padding", AttrValue::string(padding)),
        ("data_format", AttrValue::string("NHWC")),
    ];
    Net::input()
        .quant("q", "x", 1.0, offset)
        .node("pool", "AvgPool", &["q"], &window)
        .dequant("y", "pool", DeqScale::new(0.25, 1.0), [1, 2])
        .graph()
}

/// (3 + 4) * (0.25 / 2) = 0.875; (-7 + 2) * 0.125 = -0.625, whatever stands for zero.
#[test]
fn an_average_pool_divides_the_scale() {
    for (device, arithmetic) in devices() {
        for offset in [0.0, -100.0] {
            let found = run(&pool("VALID", offset), &["y"], arithmetic, &[3.0, 4.0, -7.0, 2.0]).unwrap();
            assert_eq!(floats(&found[0]), [0.875, -0.625], "{device}");
        }
    }
}

/// The second window holds -7 alone. 7 * 0.25 = 1.75, halved 0.875; -7 * 0.25 * f16(1/1) = -1.75. Three
/// values to a window: 10 * 0.25 = 2.5 times f16(1/3) = 1365/4096 is 0.8331..., in steps of 2^-11
/// 1706.25, so 1706/2048.
#[test]
fn an_average_pool_with_padding_takes_its_mean_in_a_step_of_its_own() {
    for (device, arithmetic) in devices() {
        for offset in [0.0, -100.0] {
            let found = run(&pool("SAME", offset), &["y"], arithmetic, &[3.0, 4.0, -7.0]).unwrap();
            assert_eq!(floats(&found[0]), [0.875, -1.75], "{device}");
        }
        let window = [
            ("ksize", AttrValue::ints([1, 1, 3, 1])),
            ("strides", AttrValue::ints([1, 1, 3, 1])),
            ("padding", AttrValue::string("SAME")),
            ("data_format", AttrValue::string("NHWC")),
        ];
        let net = Net::input()
            .quant("q", "x", 1.0, 0.0)
            .node("pool", "AvgPool", &["q"], &window)
            .dequant("y", "pool", DeqScale::new(0.25, 1.0), [1, 3])
            .quant("q2", "y", 100.0, 0.0)
            .convolution("conv", "q2", vec![1], "VALID");
        let found = run(&net.graph(), &["y", "q2"], arithmetic, &[5.0, 4.0, 1.0]).unwrap();
        assert_eq!(floats(&found[0]), [1706.0 / 2048.0], "{device}");
        // 83.3 by itself. The 310 and 910 multiply 0.25 by 100 before the mean: 250 * 1365/4096 = 83.31.
        assert_eq!(int8s(&found[1]), [83], "{device}");
    }
    // Of a batch every image has the same counts.
    let graph = pool("SAME", -3.0);
    let plan = plan(&graph, &["y"], Arithmetic::Device(Device::Ascend310), &[]).unwrap();
    let batch = Tensor::from_vec([2, 1, 3, 1], vec![3.0_f32, 4.0, -7.0, 1.0, 2.0, 5.0]).unwrap();
    assert_eq!(floats(&plan.run(&[("x", batch)].into()).unwrap()[0]), [0.875, -1.75, 0.375, 1.25]);
}

/// q = 5 - 7 = -2. With offset 7 as ATC needs it: (-2 + 7) * 0.5 = 2.5. With the offset of
/// `AscendQuant`, -7, the device gives (-2 - 7) * 0.5 = -4.5; TensorFlow's kernel never looks at it.
#[test]
fn the_offset_of_an_anti_quant_counts() {
    for (offset, expected) in [(7.0, 2.5), (-7.0, -4.5)] {
        let attrs = [("scale", AttrValue::F(0.5)), ("offset", AttrValue::F(offset))];
        let graph =
            Net::input().quant("q", "x", 1.0, -7.0).node("y", "AscendAntiQuant", &["q"], &attrs).graph();
        for (device, arithmetic) in devices() {
            assert_eq!(floats(&run(&graph, &["y"], arithmetic, &[5.0]).unwrap()[0]), [expected], "{device}");
        }
        assert_eq!(floats(&run(&graph, &["y"], Arithmetic::Integer, &[5.0]).unwrap()[0]), [2.5]);
    }
}

/// The folded bias is 2147483647 + 128 * 1.
#[test]
fn a_folded_bias_beyond_int32_is_refused() {
    let graph = Net::input()
        .quant("q", "x", 1.0, -128.0)
        .convolution("conv", "q", vec![1], "VALID")
        .bias("bias", "conv", vec![i32::MAX])
        .dequant("y", "bias", DeqScale::new(1e-6, 1.0), [1, 1])
        .graph();
    for (device, arithmetic) in devices() {
        let error = plan(&graph, &["y"], arithmetic, &[]).err().unwrap();
        assert!(
            error.contains("Conv2D 'conv'") && error.contains("2147483775") && error.contains(device.name()),
            "{error}"
        );
    }
    assert!(plan(&graph, &["y"], Arithmetic::Integer, &[]).is_ok());
}

/// 100 * 100 * 10 is beyond f16.
#[test]
fn what_is_beyond_f16_stays_at_its_end_and_nan_is_an_error() {
    let graph = Net::input()
        .quant("q", "x", 1.0, 0.0)
        .convolution("conv", "q", vec![100], "VALID")
        .dequant("y", "conv", DeqScale::new(10.0, 1.0), [1, 1])
        .graph();
    for (device, arithmetic) in devices() {
        let found = run(&graph, &["y"], arithmetic, &[100.0, -100.0]).unwrap();
        assert_eq!(floats(&found[0]), [65_504.0, -65_504.0], "{device}");
        let error = run(&graph, &["y"], arithmetic, &[f32::NAN]).unwrap_err();
        assert!(error.contains("AscendQuant 'q'") && error.contains("NaN"), "{device}: {error}");
    }
}

#[test]
fn shift_bits_are_refused_on_the_310p_alone() {
    let net = || Net::input().quant("q", "x", 1.0, 0.0).convolution("conv", "q", vec![1], "VALID");
    let word = DeqScale::new(1.0, 1.0).shifted(2);
    let plain = net().dequant("y", "conv", word, [1, 1]).graph();
    let fused = net().dequant("d", "conv", word, [1, 1]).quant("y", "d", 1.0, 0.0).graph();
    for (device, arithmetic) in devices() {
        for graph in [&plain, &fused] {
            let plan = plan(graph, &["y"], arithmetic, &[]);
            assert_eq!(plan.is_err(), device == Device::Ascend310p, "{device}");
        }
    }
}
