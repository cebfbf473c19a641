//! Quantizations behind a dequantization, directly or behind an activation.

use amct_graph::{Node, NodeId};

use super::{Dequant, Numbers, Requant, Search};
use crate::device::{Activation, Requantization};

/// Scales that differ by no more are the same to ATC.
const SAME_SCALE: f32 = 1e-5;

/// A quantization that reads the dequantized value, and what lies between.
struct Reader {
    quant: NodeId,
    numbers: Numbers,
    activation: Option<Activation>,
}

/// The quantizations that take a dequantization in; none if ATC does not fuse it with its readers.
pub(in crate::device) fn behind(search: &Search<'_>, dequant: &Dequant) -> Vec<(NodeId, Requant)> {
    let Some(readers) = search.readers(dequant.id) else { return Vec::new() };
    match search.device.chip().requantization {
        Requantization::FixPipe { clips } => by_pipe(search, dequant, &readers, clips),
        style => by_pass(dequant, &readers, style),
    }
    .unwrap_or_default()
}

impl Search<'_> {
    /// Who reads a node in the end.
    pub(super) fn readers_of(&self, node: NodeId) -> Vec<NodeId> {
        let uses = self.consumers.through_identities(self.graph, node, &|_| false);
        uses.into_iter().map(|use_| use_.node).collect()
    }

    /// The sole reader of a node.
    pub(super) fn sole_reader(&self, node: NodeId) -> Option<NodeId> {
        match self.readers_of(node).as_slice() {
            &[reader] => Some(reader),
            _ => None,
        }
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.graph.node(id)
    }

    /// All readers of a dequantization; `None` if one is not a quantization.
    fn readers(&self, dequant: NodeId) -> Option<Vec<Reader>> {
        let readers = self.readers_of(dequant).into_iter().map(|id| {
            let activation = Activation::of(self.node(id));
            let quant = if activation.is_some() { self.sole_reader(id)? } else { id };
            Some(Reader { quant, numbers: Numbers::of(self.node(quant))?, activation })
        });
        readers.collect()
    }
}

/// As the passes for 310, 910 and 310P do.
fn by_pass(dequant: &Dequant, readers: &[Reader], style: Requantization) -> Option<Vec<(NodeId, Requant)>> {
    let is_fixed = style == Requantization::Fixed;
    if is_fixed && dequant.partial_pool.is_some() {
        return None;
    }
    let alike = |of: &dyn Fn(&Reader) -> bool| {
        let mut all = readers.iter().map(of);
        let first = all.next()?;
        all.all(|other| other == first).then_some(first)
    };
    alike(&|reader| reader.activation.is_some())?;
    let are_absorbed = alike(&|reader| reader.activation.is_none_or(Activation::is_absorbed))?;
    let mut scale = readers.first()?.numbers.scale;
    for reader in readers {
        if scale.abs() < SAME_SCALE {
            scale = reader.numbers.scale;
        } else if (reader.numbers.scale - scale).abs() > SAME_SCALE {
            return None;
        }
    }
    let last = readers.last()?.numbers.offset;
    let requant = |reader: &Reader| {
        let offset = if is_fixed && are_absorbed { last } else { reader.numbers.offset };
        (reader.quant, dequant.requant(reader.activation.into_iter().collect(), Numbers { scale, offset }))
    };
    Some(readers.iter().map(requant).collect())
}

/// As the pass for chips with a fixpipe does.
fn by_pipe(
    search: &Search<'_>,
    dequant: &Dequant,
    readers: &[Reader],
    clips: bool,
) -> Option<Vec<(NodeId, Requant)>> {
    let [Reader { quant, numbers, activation }] = readers else { return None };
    if dequant.partial_pool.is_some() {
        return None;
    }
    if let Some(activation) = activation {
        search.sole_reader(*quant)?;
        let fits = match *activation {
            Activation::Relu => true,
            Activation::Relu6 => clips && 6.0 * numbers.scale + numbers.offset as f32 >= 0.0,
            Activation::LeakyRelu(slope) => slope >= 0.0,
        };
        fits.then_some(())?;
    }
    Some(vec![(*quant, dequant.requant(activation.iter().copied().collect(), *numbers))])
}
