//! `AscendQuant` in front of what reads quantized values.

use amct_graph::op::SPLIT_DATA;
use amct_graph::{AttrValue, NodeId, Outlet, Source, Use, op};

use super::builder::{Builder, float_node};
use super::origin::Owner;
use super::quant_key::{Quant, QuantKey};
use super::{LayerQuantization, PASS};

impl Builder<'_> {
    /// Quantizes the input of every layer, once for equal inputs and numbers.
    pub(super) fn add_activations(&mut self) {
        for (index, quantization) in self.layers.iter().enumerate() {
            let (outlet, reader, input) = self.place(quantization);
            let key = QuantKey::new(outlet, quantization.activation);
            let quant = self.quant(key, Owner::Inserted(index));
            self.quantized_uses.insert(Use { node: reader, input }, key);
            self.built.patch.set_input(reader, input, quant.source);
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
            (Some(_), _) => late(op::PAD),
            (None, Some(group)) if self.places.group(quantization).is_some() => {
                (layer.input, group.split, SPLIT_DATA)
            }
            (None, Some(_)) => late(op::SPLIT),
            (None, None) => (layer.input, layer.node, own),
        }
    }

    /// The `AscendQuant` of that kind; if there is none yet it is added, named after the owner.
    pub(super) fn quant(&mut self, key: QuantKey, owner: Owner) -> Quant {
        if let Some(quant) = self.quants.get(&key) {
            return *quant;
        }
        let scope = self.scope_of(owner, "act_quant");
        let input = self.ends.get(&key.outlet).copied().unwrap_or(Source::Old(key.outlet));
        let params = key.params();
        let mut node = float_node(format!("{scope}/AscendQuant"), op::QUANT, [input])
            .attr("quant_bits", AttrValue::I(8))
            .attr("scale", AttrValue::F(params.inverse_scale()))
            .attr("offset", AttrValue::F(params.offset as f32));
        if self.options.write_dst_type {
            node = node.attr("dst_type", AttrValue::string("INT8"));
        }
        let quant = Quant { source: self.add(node, owner), owner };
        self.quants.insert(key, quant);
        quant
    }

    /// A free scope beside the node that something is added for.
    pub(super) fn scope_of(&mut self, owner: Owner, wanted: &str) -> String {
        let name = owner.node(self.layers).map_or("", |id| self.graph.node(id).name.as_str());
        self.names.scope(name, wanted)
    }
}
