//! Finds each `AscendQuant` that a device computes from the sums of the layer before it, as ATC's passes
//! do: identities count for nothing, an activation may lie between.
//!
//! * 310, 910, 310P: all readers of a dequantization are quantizations, directly or each behind an
//!   activation of its own, with scales that differ by no more than 1e-5. The first scale is taken for
//!   all; on the 310P the last offset too, where one operator makes the int8 for all.
//! * The same through a concatenation that only one quantization reads.
//! * 910B, 310B, 950: a dequantization with one reader, a quantization, or an activation with one reader,
//!   a quantization with one reader. `Relu6` only where the chip has a unit for it.
//!
//! Source: `docs/sources/atc.md` section 8.1.

mod concat;
mod readers;

use amct_graph::quantized::deq_scale;
use amct_graph::{Consumers, Graph, LayerKind, LayerPath, Node, NodeId, Outlet, op};
use amct_tensor::DataFormat;
use amct_tensor::quantization::DeqScale;

use super::{Activation, Device};

pub(super) use concat::{Joined, all as joined};
pub(super) use readers::behind;

/// The dequantization that an `AscendQuant` does itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Requant {
    pub(crate) words: Vec<DeqScale>,
    /// Elements of the window that the sums are of, if the scale averages them.
    pub(crate) area: i64,
    pub(crate) format: DataFormat,
    /// What is done to the values on the way.
    pub(crate) activations: Vec<Activation>,
    /// The scale that ATC takes, which may be that of another quantization of the same value.
    pub(crate) scale: f32,
    /// The offset that ATC takes; the integers are read with the quantization's own all the same.
    pub(crate) offset: i32,
}

/// What the search looks at.
pub(super) struct Search<'a> {
    pub(super) graph: &'a Graph,
    pub(super) consumers: Consumers,
    /// The quantized layers.
    pub(super) paths: Vec<LayerPath>,
    pub(super) device: Device,
}

/// A dequantization.
pub(super) struct Dequant {
    pub(super) id: NodeId,
    /// What it reads.
    pub(super) sums: Outlet,
    words: Vec<DeqScale>,
    area: i64,
    pub(super) format: DataFormat,
    /// The `AvgPool` before it, if its windows are not all whole.
    pub(super) partial_pool: Option<NodeId>,
}

impl Dequant {
    /// That at a node; `None` if it is none, or one that the run will refuse.
    pub(super) fn at(graph: &Graph, id: NodeId) -> Option<Self> {
        let node = graph.get(id).filter(|node| node.op == op::DEQUANT)?;
        let attrs = node.attributes();
        let area = match attrs.ints("ksize").ok()? {
            &[height, width] if height > 0 && width > 0 => height.checked_mul(width)?,
            _ => return None,
        };
        let format = DataFormat::from_name(attrs.string("data_format").ok()?.unwrap_or("NHWC"))?;
        let words = deq_scale(graph, id)?;
        let sums = *node.inputs.first()?;
        let partial_pool = partial_pool(graph, sums);
        let area = if partial_pool.is_some() { 1 } else { area };
        Some(Self { id, sums, words, area, format, partial_pool })
    }

    pub(super) fn requant(&self, activations: Vec<Activation>, numbers: Numbers) -> Requant {
        let Self { words, area, format, .. } = self;
        let Numbers { scale, offset } = numbers;
        Requant { words: words.clone(), area: *area, format: *format, activations, scale, offset }
    }
}

/// The `AvgPool` with `SAME` padding that sums come from: its mean is a step of its own.
pub(super) fn partial_pool(graph: &Graph, sums: Outlet) -> Option<NodeId> {
    let source = graph.source(sums).node;
    let is_partial = |node: &&Node| {
        LayerKind::of_op(&node.op) == Some(LayerKind::AvgPool)
            && matches!(node.attributes().string("padding"), Ok(Some("SAME")))
    };
    graph.get(source).filter(is_partial).map(|_| source)
}

/// The numbers of an `AscendQuant`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Numbers {
    pub(super) scale: f32,
    pub(super) offset: i32,
}

impl Numbers {
    /// Those of a node; `None` if it is none, or one that the run will refuse.
    pub(super) fn of(node: &Node) -> Option<Self> {
        (node.op == op::QUANT).then_some(())?;
        let attrs = node.attributes();
        let offset = attrs.float("offset").ok()?;
        Some(Self { scale: attrs.float("scale").ok()?, offset: offset as i32 })
    }
}
