//! `Relu6` in front of quantization that clips at 6 anyway.
//!
//! ATC merges a `Relu` between two quantized layers into the first of them, a `Relu6` it does not;
//! AMCT therefore writes a `Relu` where that makes no difference.

use std::collections::BTreeMap;

use amct_graph::Outlet;
use amct_tensor::quantization::{I8_MAX, quantize};

use super::PASS;
use super::activation::QuantKey;
use super::builder::Builder;
use crate::outputs::Outputs;

/// Whether an `AscendQuant` maps all from 6 upwards to one integer. It never decreases, so that is
/// when 6 itself has the largest one.
pub(crate) fn clips_at_six(inverse_scale: f32, offset: i32) -> bool {
    let increases = inverse_scale > 0.0 && inverse_scale.is_finite();
    increases && i32::from(quantize(6.0, inverse_scale, offset)) == I8_MAX
}

impl Builder<'_> {
    /// Replaces every `Relu6` whose readers all quantize, clipping at 6.
    pub(super) fn replace_relu6(&mut self, outputs: &Outputs) {
        let mut behind: BTreeMap<Outlet, bool> = BTreeMap::new();
        for key in self.quants.keys() {
            let clips = behind.entry(key.outlet).or_insert(true);
            *clips &= self.clips(key);
        }
        for (outlet, clips) in behind {
            let node = self.graph.node(outlet.node);
            let is_read_quantized =
                self.consumers.of(outlet).iter().all(|use_| self.quantized_uses.contains_key(use_));
            if node.op == "Relu6" && clips && is_read_quantized && !outputs.has_node(outlet.node) {
                self.built.patch.set_op(outlet.node, "Relu");
                log::debug!(target: PASS, "Relu6 '{}' is a Relu now: its readers clip at 6", node.name);
                self.built.relus.push(node.name.clone());
            }
        }
    }

    fn clips(&self, key: &QuantKey) -> bool {
        let params = key.params();
        clips_at_six(params.inverse_scale(), params.offset)
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
