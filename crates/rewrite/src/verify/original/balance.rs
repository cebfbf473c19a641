//! The factors by which the weights of a balanced layer differ from the float ones.

use amct_graph::{LayerKind, LayerPath, op};

use crate::layers::InputChannels;
use crate::verify::context::Context;

/// One factor for each input channel of a layer; none if it is not balanced.
pub(super) struct Factors {
    channels: Option<(InputChannels, Vec<f32>)>,
}

impl Factors {
    /// Reads them from the product in front of the layer's `AscendQuant`; `None` if they do not fit
    /// weights of that shape.
    pub(super) fn of(context: &Context<'_>, path: &LayerPath, weights: &[usize]) -> Option<Self> {
        let (graph, original) = (context.graph, context.original.as_ref()?);
        let quant = path.quant.map(|quant| graph.node(quant));
        let product = quant.and_then(|quant| quant.inputs.first()).map(|outlet| outlet.node);
        let Some(product) = product.filter(|&id| original.is_balancing(id)) else {
            return Some(Self { channels: None });
        };
        let inverse = context.direct_constant(graph.node(product), 1)?.decode().ok()?;
        let mut inverse = inverse.as_slice::<f32>().ok()?.to_vec();
        let layer = graph.node(path.layer);
        let kind = LayerKind::of_op(&layer.op)?;
        if path.between.iter().any(|&id| graph.node(id).op == op::SPLIT) {
            // The layer sees a part of the channels.
            let (seen, slot) =
                (kind.input_channels(weights)?, layer.inputs.get(path.kind.data_input())?.slot);
            let first = seen.checked_mul(slot)?;
            inverse = inverse.get(first..)?.get(..seen)?.to_vec();
        }
        let channels = InputChannels::of(kind, weights, inverse.len())?;
        Some(Self { channels: Some((channels, inverse)) })
    }

    /// What a float weight was multiplied by.
    pub(super) fn of_weight(&self, index: usize) -> Option<f64> {
        match &self.channels {
            None => Some(1.0),
            Some((channels, inverse)) => Some(1.0 / f64::from(*inverse.get(channels.of_weight(index))?)),
        }
    }
}
