//! `AscendQuant` in front of the layers.

use std::collections::BTreeMap;

use amct_graph::{AttrValue, NodeId, Outlet, Source};
use amct_tensor::quantization::ActivationParams;

use super::builder::{Builder, float_node};
use super::origin::Owner;
use super::{LayerQuantization, PASS};

impl Builder<'_> {
    /// Quantizes the input of every layer, once for equal inputs and numbers.
    pub(super) fn add_activations(&mut self) {
        let early = self.pads_to_go_before();
        let mut shared: BTreeMap<(Outlet, u32, i32), Source> = BTreeMap::new();
        for (index, quantization) in self.layers.iter().enumerate() {
            let layer = &quantization.layer;
            let (outlet, reader) = match layer.pad {
                Some(pad) if early.get(&pad) == Some(&true) => (layer.input, pad),
                Some(pad) => {
                    log::info!(
                        target: PASS,
                        "layer '{}': others read its Pad, so AscendQuant goes behind it",
                        layer.name
                    );
                    (pad.into(), layer.node)
                }
                None => (layer.input, layer.node),
            };
            let ActivationParams { scale, offset } = quantization.activation;
            let key = (outlet, scale.to_bits(), offset);
            let quant = match shared.get(&key) {
                Some(&quant) => quant,
                None => self.add_quant(index, quantization, outlet),
            };
            shared.insert(key, quant);
            self.built.patch.set_input(reader, 0, quant);
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

    /// For each pad, whether all who read it are among the layers and agree on their numbers:
    /// only then may it carry quantized values.
    fn pads_to_go_before(&self) -> BTreeMap<NodeId, bool> {
        let mut readers: BTreeMap<NodeId, Vec<ActivationParams>> = BTreeMap::new();
        for quantization in self.layers {
            if let Some(pad) = quantization.layer.pad {
                readers.entry(pad).or_default().push(quantization.activation);
            }
        }
        let consumers = self.graph.consumers();
        let agree = |params: &[ActivationParams]| {
            params.windows(2).all(|pair| match pair {
                [a, b] => a.scale.to_bits() == b.scale.to_bits() && a.offset == b.offset,
                _ => true,
            })
        };
        readers
            .into_iter()
            .map(|(pad, params)| (pad, params.len() == consumers.all(pad).count() && agree(&params)))
            .collect()
    }
}
