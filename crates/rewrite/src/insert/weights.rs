//! int8 weights behind `AscendWeightQuant`.

use amct_graph::{AttrValue, LayerKind, op};

use super::builder::{Builder, float_node};
use super::origin::Owner;
use crate::RewriteError;
use crate::constants::constant;

impl Builder<'_> {
    /// Gives a layer its own int8 weights, whoever else reads the float ones.
    pub(super) fn add_weights(&mut self, index: usize) -> Result<(), RewriteError> {
        let quantization = self.layer(index)?;
        let layer = &quantization.layer;
        let Some(weights) = &layer.weights else { return Ok(()) };
        let offsets = offset_shape(layer.kind, &weights.shape, quantization.scale_w.len() > 1);
        let zeros = vec![0_i8; offsets.iter().product()];

        let scope = self.names.scope(&layer.name, "weight_quant");
        let owner = Owner::Inserted(index);
        let weight =
            constant(format!("{scope}/weight"), weights.shape.clone(), quantization.weights.clone())?;
        let weight = self.add(weight, owner);
        let offset = self.add(constant(format!("{scope}/offset_w"), offsets, zeros)?, owner);
        let mut node = float_node(format!("{scope}/AscendWeightQuant"), op::WEIGHT_QUANT, [weight, offset]);
        if self.options.write_dst_type {
            node = node.attr("dst_type", AttrValue::string("INT8"));
        }
        let node = self.add(node, owner);
        self.replace_input(layer.node, 1, node);
        Ok(())
    }
}

/// The shape of `offset_w`: one element per tensor, else `[1, 1, 1, Cout]`, for a depthwise
/// convolution `[1, 1, C, 1]` whatever its multiplier, for a transposed one `[1, 1, Cout, 1]`. The
/// TensorFlow kernel tells them apart by dimension 2, and ATC reads four dimensions without asking
/// for the rank; only matrix products, where neither looks, have rank 1.
fn offset_shape(kind: LayerKind, weights: &[usize], per_channel: bool) -> Vec<usize> {
    match (kind, weights) {
        (LayerKind::MatMul | LayerKind::BatchMatMul, _) => vec![1],
        (LayerKind::Conv3d, _) => vec![1; 5],
        (LayerKind::Conv2d, &[.., cout]) if per_channel => vec![1, 1, 1, cout],
        (LayerKind::DepthwiseConv2d | LayerKind::ConvTranspose2d, &[_, _, channels, _]) if per_channel => {
            vec![1, 1, channels, 1]
        }
        _ => vec![1, 1, 1, 1],
    }
}
