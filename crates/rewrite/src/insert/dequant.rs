//! `AscendDequant` at the end of a layer.

use amct_graph::views::WindowAttrs;
use amct_graph::{AttrValue, GraphError, NodeId, Outlet, op};
use amct_tensor::DataFormat;
use amct_tensor::quantization::DeqScale;

use super::LayerQuantization;
use super::builder::{Builder, float_node};
use super::origin::Owner;
use crate::RewriteError;
use crate::constants::constant;
use crate::layers::ConvGroup;
use crate::outputs::Outputs;

impl Builder<'_> {
    /// Dequantizes a layer's end and hands the readers over to the result.
    pub(super) fn add_dequant(&mut self, index: usize, outputs: &Outputs) -> Result<(), RewriteError> {
        let quantization = self.layer(index)?;
        let layer = &quantization.layer;
        let (format, kernel) = self.window(quantization)?;
        let (end, words) = match self.places.group(quantization) {
            // The first part dequantizes for all.
            Some(group) if group.members.first() == Some(&layer.node) => {
                (group.concat, self.group_words(group))
            }
            Some(_) => return Ok(()),
            None => (layer.end(), deq_scale(quantization)),
        };

        let scope = self.names.scope(&layer.name, "dequant");
        let owner = Owner::Inserted(index);
        let words = self.add(constant(format!("{scope}/deq_scale"), [words.len()], words)?, owner);
        let node = float_node(format!("{scope}/AscendDequant"), op::DEQUANT, [end.into(), words])
            .attr("ksize", AttrValue::ints([kernel.0 as i64, kernel.1 as i64]))
            .attr("data_format", AttrValue::string(format.name()));
        let dequantized = self.add(node, Owner::Dequant(index));
        self.built.patch.replace_uses(end, dequantized);
        self.ends.insert(Outlet::from(end), dequantized);

        if outputs.has_node(end) {
            let name = self.graph.node(end).name.clone();
            let inner = self.graph.free_name(&format!("{name}_quantized"));
            self.built.patch.rename(end, inner.clone());
            self.add(float_node(name.clone(), op::IDENTITY, [dequantized]), Owner::Itself);
            self.built.renamed.push((name, inner));
        }
        Ok(())
    }

    /// The words of all parts in the order of the concatenation, one per channel.
    fn group_words(&self, group: &ConvGroup) -> Vec<u64> {
        let find = |id: &NodeId| self.layers.iter().find(|quantization| quantization.layer.node == *id);
        let parts = group.members.iter().filter_map(find);
        parts
            .flat_map(|part| {
                let words = deq_scale(part);
                let repeat = part.layer.channels().unwrap_or(1) / words.len().max(1);
                // One word for the whole part stands for each of its channels.
                words.into_iter().flat_map(move |word| std::iter::repeat_n(word, repeat))
            })
            .collect()
    }

    /// Layout of the layer's output, and the window that `AscendDequant` divides by.
    fn window(&self, quantization: &LayerQuantization) -> Result<(DataFormat, (usize, usize)), RewriteError> {
        let node = self.graph.node(quantization.layer.node);
        if !quantization.layer.kind.is_2d_window() {
            // AscendDequant knows two layouts only, and with one scale neither makes a difference.
            let is_nchw = node.attrs.get("data_format") == Some(&AttrValue::string("NCDHW"));
            return Ok((if is_nchw { DataFormat::Nchw } else { DataFormat::Nhwc }, (1, 1)));
        }
        let window = WindowAttrs::of(node).map_err(GraphError::from)?;
        Ok((window.format, window.kernel))
    }
}

fn deq_scale(quantization: &LayerQuantization) -> Vec<u64> {
    words(quantization).into_iter().map(DeqScale::to_bits).collect()
}

/// The words of `deq_scale`: scale_d * scale_w in f32, scale_d alone for a pooling, and the shift.
pub(super) fn words(quantization: &LayerQuantization) -> Vec<DeqScale> {
    let LayerQuantization { activation, scale_w, shift_bits, .. } = quantization;
    let scale_w: &[f32] = if scale_w.is_empty() { &[1.0] } else { scale_w };
    let shifts = shift_bits.iter().copied().chain(std::iter::repeat(0));
    let word = |(&scale_w, shift_n): (&f32, u8)| {
        let word = DeqScale::new(activation.scale, scale_w).shifted(shift_n);
        if quantization.truncate_deq_scale { word.truncated() } else { word }
    };
    scale_w.iter().zip(shifts).map(word).collect()
}
