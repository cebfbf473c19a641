//! Where the quantized values of each layer begin: at a `Pad`, at the `Split` of a group, or at the
//! layer itself.

use std::collections::{BTreeMap, BTreeSet};

use amct_graph::{Graph, NodeId};
use amct_tensor::quantization::ActivationParams;

use super::LayerQuantization;
use crate::layers::ConvGroup;

/// The pads and groups that may carry quantized values: those whose readers are all among the
/// layers given and agree on their numbers.
#[derive(Debug, Default)]
pub(super) struct Places {
    pads: BTreeSet<NodeId>,
    splits: BTreeSet<NodeId>,
}

impl Places {
    pub(super) fn of(graph: &Graph, layers: &[LayerQuantization]) -> Self {
        let consumers = graph.consumers();
        let mut readers: BTreeMap<NodeId, Vec<ActivationParams>> = BTreeMap::new();
        for LayerQuantization { layer, activation, .. } in layers {
            let before = layer.pad.or_else(|| layer.group.as_ref().map(|group| group.split));
            if let Some(before) = before {
                readers.entry(before).or_default().push(*activation);
            }
        }
        readers.retain(|&id, params| params.len() == consumers.all(id).count() && agree(params));
        let splits = layers.iter().filter_map(|quantization| Some(quantization.layer.group.as_ref()?.split));
        let (splits, pads) = (splits.collect::<BTreeSet<_>>(), readers.into_keys().collect::<BTreeSet<_>>());
        Self { splits: splits.intersection(&pads).copied().collect(), pads: &pads - &splits }
    }

    /// Whether a pad lies between the `AscendQuant` and its layers.
    pub(super) fn carries_pad(&self, pad: NodeId) -> bool {
        self.pads.contains(&pad)
    }

    /// The group a layer is quantized with as a whole.
    pub(super) fn group<'l>(&self, quantization: &'l LayerQuantization) -> Option<&'l ConvGroup> {
        quantization.layer.group.as_ref().filter(|group| self.splits.contains(&group.split))
    }
}

fn agree(params: &[ActivationParams]) -> bool {
    params.windows(2).all(|pair| match pair {
        [a, b] => a.scale.to_bits() == b.scale.to_bits() && a.offset == b.offset,
        _ => true,
    })
}
