//! `Relu6` in front of quantization that clips at 6 anyway.
//!
//! ATC merges a `Relu` between two quantized layers into the first of them on every chip. A `Relu6` it
//! keeps as a step of its own, or, on the 910B, has no unit for. AMCT therefore writes a `Relu` where
//! that makes no difference.

use amct_graph::{Consumers, Graph, NodeId, Use, op};
use amct_tensor::quantization::{I8_MAX, quantize};

use super::PASS;
use super::builder::Builder;
use crate::outputs::Outputs;

/// Whether an `AscendQuant` maps all from 6 upwards to one integer. It never decreases, so that is
/// when 6 itself has the largest one.
pub(crate) fn clips_at_six(inverse_scale: f32, offset: i32) -> bool {
    let increases = inverse_scale > 0.0 && inverse_scale.is_finite();
    increases && i32::from(quantize(6.0, inverse_scale, offset)) == I8_MAX
}

/// Whether everything that reads output 0 of `node`, perhaps through identities, clips at 6. What
/// `is_output` names is seen as it is.
pub(crate) fn all_readers_clip(
    graph: &Graph,
    consumers: &Consumers,
    node: NodeId,
    is_output: &dyn Fn(NodeId) -> bool,
    clips: &dyn Fn(&Use) -> bool,
) -> bool {
    let readers = consumers.through_identities(graph, node, is_output);
    !is_output(node) && !readers.is_empty() && readers.iter().all(clips)
}

impl Builder<'_> {
    /// Replaces every `Relu6` whose readers all quantize, clipping at 6.
    pub(super) fn replace_relu6(&mut self, outputs: &Outputs) {
        let clips = |use_: &Use| {
            self.quantized_uses
                .get(use_)
                .map(|key| key.params())
                .is_some_and(|params| clips_at_six(params.inverse_scale(), params.offset))
        };
        let is_output = |node: NodeId| outputs.has_node(node);
        let relu6s = self.graph.nodes().filter(|(_, node)| node.op == op::RELU6);
        let replaced: Vec<(NodeId, String)> = relu6s
            .filter(|(id, _)| all_readers_clip(self.graph, &self.consumers, *id, &is_output, &clips))
            .map(|(id, node)| (id, node.name.clone()))
            .collect();
        for (id, name) in replaced {
            self.built.patch.set_op(id, op::RELU);
            log::debug!(target: PASS, "Relu6 '{name}' is a Relu now: its readers clip at 6");
            self.built.relus.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_must_have_the_largest_integer() {
        for (scale, offset, clips) in [
            (6.0 / 255.0, -128, true),
            (0.97 * 6.0 / 255.0, -128, true),
            // 6/s is 254.5 and a little: it still rounds to 255.
            (6.0 / 254.51, -128, true),
            (6.0 / 254.49, -128, false),
            (1.01 * 6.0 / 255.0, -128, false),
            (6.0 / 127.0, 0, true),
            (6.0 / 126.0, 0, false),
            (6.0 / 126.0, 1, true),
        ] {
            assert_eq!(clips_at_six(1.0 / scale, offset), clips, "{scale} {offset}");
            let q = |x| quantize(x, 1.0 / scale, offset);
            assert_eq!(q(6.0) == q(1e9), clips);
        }
        assert!(
            !clips_at_six(f32::NAN, -128) && !clips_at_six(-1.0, -128) && !clips_at_six(f32::INFINITY, 0)
        );
    }
}
