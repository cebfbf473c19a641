//! The bias of a layer as a device has it: with the correction for the activation's offset.

use amct_graph::{Consumers, Graph, Node, NodeId, Use};
use amct_tensor::{DType, Tensor};

use super::Device;
use crate::{OpError, PlanError, RunError};

/// The bias with which a device starts the sums of a layer, whose activations it takes with their
/// offset: `bias - offset * sum of weights`, one value per channel.
///
/// With the padding made of the offset, the sums are those of `q - offset` with padding of zero,
/// so a layer's int32 sums are the same in TensorFlow and on every chip. (ATC's own kernel for it
/// is not public; that the sums are the same is what fixes the formula.)
///
/// # Errors
/// The channel and value that no int32 holds, or a channel without a sum and its bias.
pub fn folded_bias(bias: &[i32], offset: i32, weight_sums: &[i64]) -> Result<Vec<i32>, (usize, i64)> {
    if bias.len() != weight_sums.len() {
        let channel = bias.len().min(weight_sums.len());
        return Err((channel, bias.get(channel).copied().unwrap_or(0).into()));
    }
    let folded = |(channel, (&bias, &sum)): (usize, (&i32, &i64))| {
        let value = i64::from(bias).saturating_sub(i64::from(offset).saturating_mul(sum));
        i32::try_from(value).map_err(|_| (channel, value))
    };
    bias.iter().zip(weight_sums).enumerate().map(folded).collect()
}

/// Checks that every layer's folded bias is an int32, since what a device makes of another is not
/// public.
pub(crate) fn check(graph: &Graph, order: &[NodeId], device: Device) -> Result<(), PlanError> {
    let consumers = graph.consumers();
    for &id in order {
        let Some(layer) = Layer::of(graph, &consumers, id) else { continue };
        if let Err((channel, value)) = folded_bias(&layer.bias, layer.offset, &layer.weight_sums) {
            let node = graph.node(id);
            return Err(PlanError::Node(RunError::Op {
                node: node.name.clone(),
                op: node.op.clone(),
                inputs: Vec::new(),
                error: Box::new(OpError::Unsupported(format!(
                    "with the offset {} of its activation folded in, the bias of channel {channel} is {value}, \
                     which no int32 holds; what {device} makes of that is not public, so run it with the \
                     semantics of tf",
                    layer.offset
                ))),
            }));
        }
    }
    Ok(())
}

/// What the bias of a layer is folded from.
struct Layer {
    offset: i32,
    bias: Vec<i32>,
    weight_sums: Vec<i64>,
}

impl Layer {
    /// The quantized layer at a node with constant weights, if there is one.
    fn of(graph: &Graph, consumers: &Consumers, id: NodeId) -> Option<Self> {
        let node = graph.node(id);
        let data = match node.op.as_str() {
            "Conv2D" | "DepthwiseConv2dNative" | "Conv3D" | "MatMul" | "BatchMatMul" | "BatchMatMulV2" => 0,
            "Conv2DBackpropInput" => 2,
            _ => return None,
        };
        let weight_quant =
            graph.get(node.inputs.get(1)?.node).filter(|node| node.op == "AscendWeightQuant")?;
        let weights = graph.constant(*weight_quant.inputs.first()?).ok()??;
        let weight_sums = sums_per_channel(node, &weights)?;
        let offset = offset_before(graph, node, data)?;
        let bias = match bias_behind(graph, consumers, id) {
            Some(bias) if bias.len() == weight_sums.len() => bias,
            // ATC gives a layer without bias one of zeros. One of another length is the run's to refuse.
            _ => vec![0; weight_sums.len()],
        };
        Some(Self { offset, bias, weight_sums })
    }
}

/// The sum of the weights of each output channel.
fn sums_per_channel(node: &Node, weights: &Tensor) -> Option<Vec<i64>> {
    let values = weights.as_slice::<i8>().ok()?;
    // Elements that lie side by side in one channel, and the channels.
    let (inner, channels) = match (node.op.as_str(), weights.shape()) {
        ("DepthwiseConv2dNative", &[.., channels, multiplier]) => (1, channels * multiplier),
        ("Conv2DBackpropInput", &[.., channels, inputs]) => (inputs, channels),
        ("MatMul" | "BatchMatMul" | "BatchMatMulV2", &[rows, columns]) => {
            let transposed = if node.op == "MatMul" { "transpose_b" } else { "adj_y" };
            if node.attributes().bool_or(transposed, false).ok()? { (columns, rows) } else { (1, columns) }
        }
        ("Conv2D" | "Conv3D", &[.., channels]) => (1, channels),
        _ => return None,
    };
    let mut sums = vec![0_i64; channels];
    if inner == 0 || channels == 0 {
        return Some(sums);
    }
    for (index, &value) in values.iter().enumerate() {
        if let Some(sum) = sums.get_mut(index / inner % channels) {
            *sum += i64::from(value);
        }
    }
    Some(sums)
}

/// The offset of the `AscendQuant` that an input comes from, moved or not on the way.
fn offset_before(graph: &Graph, node: &Node, input: usize) -> Option<i32> {
    let mut outlet = *node.inputs.get(input)?;
    // No chain without a cycle is longer than the graph.
    for _ in 0..graph.capacity() {
        let node = graph.get(outlet.node)?;
        let next = match node.op.as_str() {
            "AscendQuant" => return node.attributes().float("offset").ok().map(|offset| offset as i32),
            "Pad" | "Identity" | "Reshape" | "Transpose" => 0,
            "Split" => 1,
            _ => return None,
        };
        outlet = *node.inputs.get(next)?;
    }
    None
}

/// The int32 values of the constant that is added as a bias, a float one cut off as ATC does.
fn bias_behind(graph: &Graph, consumers: &Consumers, layer: NodeId) -> Option<Vec<i32>> {
    let adds = |use_: &Use| matches!(graph.node(use_.node).op.as_str(), "BiasAdd" | "Add" | "AddV2");
    let use_ = consumers.all(layer).find(|use_| use_.input == 0 && adds(use_))?;
    let mut outlet = *graph.node(use_.node).inputs.get(1)?;
    let node = graph.get(outlet.node)?;
    if node.op == "Cast" {
        outlet = *node.inputs.first()?;
    }
    let bias = graph.constant(outlet).ok()??;
    match bias.dtype() {
        DType::I32 => bias.into_vec().ok(),
        _ => Some(bias.as_slice::<f32>().ok()?.iter().map(|&b| b as i32).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Offset -128. Channel 0: weights 1 + 2 + 3 = 6, bias 10: 10 + 128 * 6 = 778. Channel 1: weights
    /// -1 - 2 = -3, bias 0: -384.
    ///
    /// For the row q = [-128, -127, 0], that is x = [0, 1, 128], and the weights 1, 2, 3 in the order of
    /// the window with one value of padding on either side, TensorFlow's first sum is 2 * 0 + 3 * 1 + 10
    /// = 13, the others 2 * 1 + 3 * 128 + 10 = 396 and 1 + 2 * 128 + 10 = 267. The device has the padding
    /// -128: -128 + 2 * -128 + 3 * -127 + 778 = 13.
    #[test]
    fn the_offset_goes_into_the_bias() {
        assert_eq!(folded_bias(&[10, 0], -128, &[6, -3]), Ok(vec![778, -384]));
        let q = [-128_i64, -127, 0];
        let of_device = |padding: i64, [a, b, c]: [i64; 3], bias: i64| {
            let padded = [padding, q[0], q[1], q[2], padding];
            [0, 1, 2].map(|i| a * padded[i] + b * padded[i + 1] + c * padded[i + 2] + bias)
        };
        assert_eq!(of_device(-128, [1, 2, 3], 778)[0], 13);
        assert_eq!(of_device(-128, [1, 2, 3], 778), [13, 396, 267]);
    }

    #[test]
    fn a_folded_bias_beyond_int32_is_told() {
        assert_eq!(folded_bias(&[0, i32::MAX], -1, &[5, 1]), Err((1, 1 << 31)));
        assert_eq!(folded_bias(&[i32::MIN], 127, &[0]), Ok(vec![i32::MIN]));
        assert_eq!(folded_bias(&[1, 2], 0, &[0]), Err((1, 2)));
    }

    #[test]
    fn weights_are_summed_by_channel() {
        let weights = |shape: &[usize]| {
            let len: usize = shape.iter().product();
            Tensor::from_vec(shape, (1..=len as i8).collect::<Vec<_>>()).unwrap()
        };
        let of = |op: &str, shape: &[usize]| {
            sums_per_channel(&Node { op: op.into(), ..Node::default() }, &weights(shape)).unwrap()
        };
        // [[1, 2], [3, 4], [5, 6]]: columns 9 and 12; rows 3, 7 and 11.
        assert_eq!(of("MatMul", &[3, 2]), [9, 12]);
        assert_eq!(of("Conv2D", &[1, 1, 3, 2]), [9, 12]);
        assert_eq!(of("Conv2DBackpropInput", &[1, 1, 3, 2]), [3, 7, 11]);
        // Two taps of three channels with two results each.
        assert_eq!(of("DepthwiseConv2dNative", &[2, 1, 3, 2]), [8, 10, 12, 14, 16, 18]);
        let mut transposed = Node { op: "MatMul".into(), ..Node::default() };
        transposed.attrs.insert("transpose_b".into(), amct_graph::AttrValue::B(true));
        assert_eq!(sums_per_channel(&transposed, &weights(&[3, 2])), Some(vec![3, 7, 11]));
    }
}
