//! `AscendQuant` in front of the layers.

use std::collections::BTreeMap;

use amct_graph::{AttrValue, NodeId, Outlet, Source};
use amct_tensor::quantization::ActivationParams;

use super::builder::{Builder, float_node};
use super::origin::Owner;
use super::{LayerQuantization, PASS};
use crate::layers::group::SPLIT_DATA;

impl Builder<'_> {
    /// Quantizes the input of every layer, once for equal inputs and numbers.
    pub(super) fn add_activations(&mut self) {
        let mut shared: BTreeMap<(Outlet, u32, i32), Source> = BTreeMap::new();
        for (index, quantization) in self.layers.iter().enumerate() {
            let (outlet, reader, input) = self.place(quantization);
            let ActivationParams { scale, offset } = quantization.activation;
            let key = (outlet, scale.to_bits(), offset);
            let quant = match shared.get(&key) {
                Some(&quant) => quant,
                None => self.add_quant(index, quantization, outlet),
            };
            shared.insert(key, quant);
            self.built.patch.set_input(reader, input, quant);
        }
    }

    /// What is quantized for a layer, and the node and input that read the quantized value.
    fn place(&self, quantization: &LayerQuantization) -> (Outlet, NodeId, usize) {
        let layer = &quantization.layer;
        let own = layer.kind.data_input();
        let late = |what: &str| {
            let name = &layer.name;
            log::info!(target: PASS, "layer '{name}': others read its {what}, so AscendQuant goes behind it");
            let data = self.graph.node(layer.node).inputs.get(own).copied();
            (data.unwrap_or(layer.input), layer.node, own)
        };
        match (layer.pad, &layer.group) {
            (Some(pad), _) if self.places.carries_pad(pad) => (layer.input, pad, 0),
            (Some(_), _) => late("Pad"),
            (None, Some(group)) if self.places.group(quantization).is_some() => {
                (layer.input, group.split, SPLIT_DATA)
            }
            (None, Some(_)) => late("Split"),
            (None, None) => (layer.input, layer.node, own),
        }
    }

    fn add_quant(&mut self, index: usize, quantization: &LayerQuantization, outlet: Outlet) -> Source {
        let scope = self.names.scope(&quantization.layer.name, "act_quant");
        let source = self.ends.get(&outlet).copied().unwrap_or(Source::Old(outlet));
        let activation = quantization.activation;
        let mut node = float_node(format!("{scope}/AscendQuant"), "AscendQuant", [source])
            .attr("quant_bits", AttrValue::I(8))
            .attr("scale", AttrValue::F(activation.inverse_scale()))
            .attr("offset", AttrValue::F(activation.offset as f32));
        if self.options.write_dst_type {
            node = node.attr("dst_type", AttrValue::string("INT8"));
        }
        self.add(node, Owner::Inserted(index))
    }
}
