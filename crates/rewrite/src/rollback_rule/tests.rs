//! Tests of the layers that ATC gives back to float, by kind, and of the warnings about them.

use super::*;
use crate::insert::{InsertOptions, insert_quantization};
use crate::scan_layers;
use crate::testing::{Net, names, quantize_all};

/// The layers that go back with their reasons, of a graph that is quantized whole, and the warnings of the
/// search, which must be the same.
fn back(net: Net, outputs: &[&str], shapes: &[(&str, &[usize])]) -> Vec<(String, RollbackReason)> {
    let mut graph = net.build();
    let of = |graph: &Graph| -> Shapes {
        shapes.iter().map(|(name, shape)| (graph.outlet(name).unwrap(), shape.to_vec())).collect()
    };
    let before = of(&graph);
    let scan = scan_layers(&graph, &names(outputs), &|outlet| before.get(&outlet).cloned()).unwrap();
    let warned: Vec<String> = scan.warnings.into_iter().map(|warning| warning.layer).collect();
    let layers = quantize_all(&graph, outputs);
    let options = InsertOptions { outputs: names(outputs), ..InsertOptions::default() };
    insert_quantization(&mut graph, &layers, &options).unwrap();
    let found = expected_rollbacks(&graph, &of(&graph));
    let found: Vec<(String, RollbackReason)> =
        found.into_iter().map(|back| (back.layer.name, back.reason)).collect();
    assert_eq!(found.iter().map(|(layer, _)| layer.clone()).collect::<Vec<_>>(), warned);
    found
}

fn conv(op: &str, filter: [usize; 4]) -> Net {
    Net::with_input(&[-1, 8, 8, -1]).conv("l", op, "x", filter).float("out", "Relu", &["l"])
}

#[test]
fn few_channels_of_the_quantized_value_send_a_convolution_back() {
    let of = |op: &str, filter| back(conv(op, filter), &["out"], &[]);
    let few = |channels| vec![("l".to_owned(), RollbackReason::FewChannels(channels))];
    assert_eq!(of("Conv2D", [3, 3, 16, 4]), few(16));
    assert_eq!(of("Conv2D", [3, 3, 17, 4]), []);
    assert_eq!(of("DepthwiseConv2dNative", [3, 3, 16, 2]), few(16));
    assert_eq!(of("DepthwiseConv2dNative", [3, 3, 17, 1]), []);
    let deconv = |channels| {
        let net = Net::with_input(&[1, 8, 8, channels as i64]).deconv("l", "x", [2, 2, 32, channels]);
        back(net.float("out", "Relu", &["l"]), &["out"], &[])
    };
    assert_eq!((deconv(16), deconv(17)), (few(16), vec![]));
    let volume = |channels| {
        let net = Net::with_input(&[1, 4, 8, 8, channels as i64]).conv3d("l", "x", [2, 2, 2, channels, 32]);
        back(net.float("out", "Relu", &["l"]), &["out"], &[])
    };
    assert_eq!((volume(16), volume(17)), (few(16), vec![]));
}

#[test]
fn products_never_go_back() {
    let net = Net::with_input(&[-1, 12]).matmul("fc", "x", [12, 5]).float("out", "Relu", &["fc"]);
    assert_eq!(back(net, &["out"], &[]), []);
    let net = Net::with_input(&[2, 5, 4]).batch_matmul("mm", "x", [4, 3]).float("out", "Relu", &["mm"]);
    assert_eq!(back(net, &["out"], &[("x", &[2, 5, 4])]), []);
}

/// Two parts of 16 channels each are 32 where they are quantized; two of 8 are 16.
#[test]
fn a_group_is_counted_before_its_split() {
    let group = |channels: usize| {
        let net = Net::with_input(&[1, 8, 8, channels as i64]).group_conv("g", "x", channels);
        back(net.float("out", "Relu", &["g/concat"]), &["out"], &[])
    };
    assert_eq!(group(32), []);
    let few = RollbackReason::FewChannels(16);
    assert_eq!(group(16), [("g/a".to_owned(), few.clone()), ("g/b".to_owned(), few)]);
}

/// A filter for 8 channels on 32 is one in four groups.
#[test]
fn the_value_itself_tells_of_implicit_groups() {
    let of = |shapes| back(conv("Conv2D", [3, 3, 8, 32]), &["out"], shapes);
    assert_eq!(of(&[("x", &[1, 8, 8, 32])]), []);
    assert_eq!(of(&[("x", &[1, 8, 8, 8])]), [("l".to_owned(), RollbackReason::FewChannels(8))]);
    let mut graph = conv("Conv2D", [3, 3, 8, 32]).build();
    let layers = quantize_all(&graph, &["out"]);
    insert_quantization(&mut graph, &layers, &InsertOptions::default()).unwrap();
    assert_eq!(deciding_outlets(&graph), [graph.outlet("x").unwrap()]);
}

#[test]
fn an_average_pool_has_limits_of_its_own() {
    let pool = |kernel: i64| {
        Net::with_input(&[-1, 32, 32, 4]).avg_pool("pool", "x", kernel).float("out", "Relu", &["pool"])
    };
    let of = |kernel, shapes| back(pool(kernel), &["out"], shapes);
    assert_eq!(of(7, &[("x", &[1, 32, 8, 4])]), []);
    assert_eq!(of(7, &[]), [], "a width that is not known is none");
    assert_eq!(of(7, &[("x", &[1, 32, 7, 4])]), [("pool".to_owned(), RollbackReason::Narrow)]);
    assert!(matches!(of(20, &[]).as_slice(), [(_, RollbackReason::Window(_))]));
    assert_eq!(of(19, &[]), []);
}
