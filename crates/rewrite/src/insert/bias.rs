//! int32 bias behind a `Cast`.

use amct_graph::NewNode;
use amct_graph::{AttrValue, GraphError, op};
use amct_tensor::DType;
use amct_tensor::quantization::{LARGEST_FLOAT_BIAS, beyond_floats, quantize_bias};

use super::PASS;
use super::builder::Builder;
use super::origin::Owner;
use crate::RewriteError;
use crate::constants::{constant, type_attr};

impl Builder<'_> {
    /// Quantizes a layer's bias with scale_d * scale_w. The offset of the activation is not in it:
    /// ATC adds that itself.
    pub(super) fn add_bias(&mut self, index: usize) -> Result<(), RewriteError> {
        let quantization = self.layer(index)?;
        let layer = &quantization.layer;
        let Some(bias) = &layer.bias else { return Ok(()) };
        if self.graph.get(bias.constant).is_none() {
            return Err(GraphError::Stale(format!("the bias of layer '{}' is gone", layer.name)).into());
        }
        let tensor = self.graph.decode_const(bias.constant)?;
        let values = tensor
            .as_slice::<f32>()
            .map_err(|error| RewriteError::Tensor { node: layer.name.clone(), error })?;
        let quantized = quantize_bias(values, quantization.activation.scale, &quantization.scale_w)
            .map_err(|overflow| RewriteError::BiasOverflow { layer: layer.name.clone(), overflow })?;

        if let Some((channel, bias)) = beyond_floats(&quantized) {
            log::warn!(target: PASS, "layer '{}': quantized bias {bias} of channel {channel} is beyond \
                {LARGEST_FLOAT_BIAS}; ATC may fold it as a float, which makes another number of it", layer.name);
        }
        let scope = self.names.scope(&layer.name, "bias_quant");
        let owner = Owner::Inserted(index);
        let integers = self.add(constant(format!("{scope}/bias"), [quantized.len()], quantized)?, owner);
        let cast = NewNode::new(format!("{scope}/Cast"), op::CAST, [integers])
            .attr("SrcT", type_attr(DType::I32))
            .attr("DstT", type_attr(DType::F32))
            .attr("Truncate", AttrValue::B(false));
        let cast = self.add(cast, owner);
        self.replace_input(bias.node, 1, cast);
        let op = &self.graph.node(bias.node).op;
        let accepted = layer.kind.bias_ops();
        if let Some(&wanted) = accepted.first().filter(|_| !accepted.contains(&op.as_str())) {
            // ATC merges no BiasAdd behind a batch of matrix products; the sums are the same.
            self.built.patch.set_op(bias.node, wanted);
            self.built.patch.drop_attr(bias.node, "data_format");
        }
        Ok(())
    }
}
