//! Finds each `AscendQuant` that a device computes from the sums of the layer before it.

use std::collections::BTreeMap;

use amct_graph::{Consumers, Graph, GraphError, Node, NodeId, Outlet, Patch};
use amct_tensor::DataFormat;
use amct_tensor::quantization::DeqScale;

/// The dequantization that an `AscendQuant` does itself.
#[derive(Clone, Debug)]
pub(crate) struct Requant {
    pub(crate) words: Vec<DeqScale>,
    /// Elements of the window that the sums are of.
    pub(crate) area: i64,
    pub(crate) format: DataFormat,
    /// Whether the values are clipped at zero.
    pub(crate) relu: bool,
}

/// A graph in which such an `AscendQuant` reads the sums.
pub(crate) struct Fused {
    pub(crate) graph: Graph,
    /// How each of them dequantizes the sums.
    pub(crate) requants: BTreeMap<NodeId, Requant>,
}

/// The graph in which such an `AscendQuant` reads the sums; `None` if there is none. What lies between stays for those who want to see it.
///
/// # Errors
/// [`GraphError`] if the graph cannot be changed.
pub(crate) fn find(graph: &Graph) -> Result<Option<Fused>, GraphError> {
    let consumers = graph.consumers();
    let mut requants = BTreeMap::new();
    let mut patch = Patch::new();
    for (id, node) in graph.nodes().filter(|(_, node)| node.op == "AscendQuant") {
        if let Some((sums, requant)) = before(graph, &consumers, node) {
            patch.set_input(id, 0, sums);
            requants.insert(id, requant);
        }
    }
    if requants.is_empty() {
        return Ok(None);
    }
    let mut fused = graph.clone();
    fused.apply(&patch)?;
    Ok(Some(Fused { graph: fused, requants }))
}

/// The sums behind an `AscendQuant`, if nothing but a dequantization and perhaps a `Relu` lies between,
/// which nobody else reads.
fn before(graph: &Graph, consumers: &Consumers, quant: &Node) -> Option<(Outlet, Requant)> {
    let sole = |node: &Node| -> Option<NodeId> {
        let source = *node.inputs.first()?;
        (source.slot == 0 && consumers.all(source.node).count() == 1).then_some(source.node)
    };
    let mut dequant = graph.node(sole(quant)?);
    let relu = is_relu(dequant);
    if relu {
        dequant = graph.node(sole(dequant)?);
    }
    if dequant.op != "AscendDequant" {
        return None;
    }
    let attrs = dequant.attributes();
    let area = match attrs.ints("ksize").ok()? {
        &[height, width] if height > 0 && width > 0 => height.checked_mul(width)?,
        _ => return None,
    };
    let format = DataFormat::from_name(attrs.string("data_format").ok()?.unwrap_or("NHWC"))?;
    let words = graph.constant(*dequant.inputs.get(1)?).ok()??;
    let words = words.as_slice::<u64>().ok()?.iter().map(|&word| DeqScale::from_bits(word)).collect();
    Some((*dequant.inputs.first()?, Requant { words, area, format, relu }))
}

/// `Relu`, or `LeakyRelu` that lets nothing through below zero. ATC does not take `Relu6` in.
fn is_relu(node: &Node) -> bool {
    let leaks = || node.attributes().float_or("alpha", 0.2).ok() != Some(0.0);
    node.op == "Relu" || (node.op == "LeakyRelu" && !leaks())
}
