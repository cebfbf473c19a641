//! Shifts, and scales cut to 19 bits, in the dequantization words.

use super::*;
use crate::testing::edited;
use crate::verify::Severity;
use crate::{Violation, verify};

fn words(change: impl FnOnce(&mut LayerQuantization)) -> (Vec<DeqScale>, Vec<Violation>) {
    let original = conv_bias().build();
    let mut graph = original.clone();
    let mut layers = quantize_all(&graph, &[]);
    change(&mut layers[0]);
    insert_quantization(&mut graph, &layers, &InsertOptions::default()).unwrap();
    let words = constant_of(&graph, "net/c/dequant/deq_scale");
    let words = words.as_slice::<u64>().unwrap().iter().map(|&word| DeqScale::from_bits(word)).collect();
    (words, verify(&graph, Some(&original), &names(&["net/c/Relu"])))
}

#[test]
fn shifts_are_per_channel() {
    let (plain, _) = words(|_| {});
    let (shifted, violations) = words(|layer| layer.shift_bits = vec![1, 16, 3, 4]);
    assert_eq!(shifted.iter().map(|word| word.shift_n).collect::<Vec<_>>(), [1, 16, 3, 4]);
    assert_eq!(
        shifted.iter().map(|word| word.scale).collect::<Vec<_>>(),
        plain.iter().map(|w| w.scale).collect::<Vec<_>>()
    );
    // Accepted, but not understood by every chip.
    let found: Vec<(u8, Severity)> = violations.iter().map(|v| (v.rule, v.severity)).collect();
    assert_eq!(found, [(16, Severity::Should)]);
    let (_, violations) = words(|layer| layer.shift_bits = vec![1, 0, 3, 4]);
    let found: Vec<(u8, Severity)> = violations.iter().map(|v| (v.rule, v.severity)).collect();
    assert_eq!(found, [(16, Severity::Must)]);
}

#[test]
fn one_shift_goes_with_one_scale() {
    let (words, _) = words(|layer| {
        layer.scale_w = vec![0.01];
        layer.shift_bits = vec![5];
    });
    assert_eq!(words, [DeqScale { scale: 0.05 * 0.01, shift_n: 5, offset_w: 0 }]);
}

#[test]
fn shifts_that_do_not_fit_are_refused() {
    let refused = |shift_bits: Vec<u8>| {
        let mut graph = conv_bias().build();
        let mut layers = quantize_all(&graph, &[]);
        layers[0].shift_bits = shift_bits;
        insert_quantization(&mut graph, &layers, &InsertOptions::default()).unwrap_err().to_string()
    };
    assert_eq!(refused(vec![1]), "layer 'net/c/Conv2D' needs no or 4 shift_bit, but has 1");
    assert_eq!(refused(vec![17; 4]), "shift_bit of layer 'net/c/Conv2D' must be in [0, 16], but is 17");
}

/// The weights still are what the words say, as far as their 19 bits tell.
#[test]
fn truncated_scales_verify() {
    let (plain, _) = words(|_| {});
    let (truncated, violations) = words(|layer| layer.truncate_deq_scale = true);
    assert_eq!(violations, []);
    for (plain, truncated) in plain.iter().zip(&truncated) {
        assert_eq!(truncated.scale.to_bits(), plain.scale.to_bits() & 0xFFFF_E000);
        assert_ne!(plain, truncated);
    }
}

/// Nor are they less so where a word is too small to have all its bits.
#[test]
fn tiny_scales_verify() {
    let scale = 2.9e-42_f32;
    let integers: Vec<i8> = (0..108_i8).map(|i| 127 - 2 * i.min(100)).collect();
    let floats = integers.iter().map(|&q| f32::from(q) * scale).collect();
    let tiny = Net::default().constant("tiny", &[3, 3, 3, 4], floats).build();
    let net = Net::with_input(&[-1, 8, 8, 3]).conv("net/c/Conv2D", "Conv2D", "x", [3, 3, 3, 4]).float(
        "net/c/Relu",
        "Relu",
        &["net/c/Conv2D"],
    );
    let original = edited(&net.build(), |nodes| {
        let weights = nodes.iter_mut().find(|(node, _)| node.name == "net/c/Conv2D/weights").unwrap();
        weights.0.attrs.insert("value".to_owned(), node(&tiny, "tiny").attrs["value"].clone());
    });
    let mut graph = original.clone();
    let mut layers = quantize_all(&graph, &[]);
    (layers[0].scale_w, layers[0].weights) = (vec![scale; 4], integers);
    insert_quantization(&mut graph, &layers, &InsertOptions::default()).unwrap();
    assert_eq!(verify(&graph, Some(&original), &names(&["net/c/Relu"])), []);
}
