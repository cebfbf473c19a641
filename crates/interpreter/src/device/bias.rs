//! The bias of a layer as a device has it: with the correction for the activation's offset.

use std::collections::BTreeSet;

use amct_graph::{Graph, LayerPath, NodeId, layer_paths};

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
    let order: BTreeSet<NodeId> = order.iter().copied().collect();
    for path in layer_paths(graph, &graph.consumers()) {
        let Some(layer) = Layer::of(graph, &path).filter(|_| order.contains(&path.layer)) else { continue };
        if let Err((channel, value)) = folded_bias(&layer.bias, layer.offset, &layer.weight_sums) {
            let node = graph.node(path.layer);
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
    /// Those of a quantized layer with constant weights.
    fn of(graph: &Graph, path: &LayerPath) -> Option<Self> {
        let weights = path.weights(graph)?;
        let node = graph.node(path.layer);
        let layout = path.kind.layout(weights.shape(), path.kind.is_transposed(node))?;
        let weight_sums = layout.sums(weights.as_slice().ok()?);
        let offset = graph.node(path.quant?).attributes().float("offset").ok()? as i32;
        // ATC gives a layer without bias one of zeros. One of another length is the run's to refuse.
        let bias = path.bias_values(graph).filter(|bias| bias.len() == weight_sums.len());
        Some(Self { offset, bias: bias.unwrap_or_else(|| vec![0; weight_sums.len()]), weight_sums })
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
}
