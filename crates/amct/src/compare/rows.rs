//! What is compared with what.

use std::collections::BTreeSet;

use amct_calibration::tidied;
use amct_graph::{Graph, NodeId, Outlet, QuantizedLayer, op};

use super::origins::Origins;
use super::{CompareError, Unmatched};
use crate::{Error, signature};

/// A value of the quantized graph and its counterpart.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) found: Outlet,
    pub(super) reference: Outlet,
    /// Whether it is a `Relu` for a `Relu6`: whoever reads it clips at 6.
    pub(super) clips_at_six: bool,
    /// The quantized layer that ends here, by its place among the layers.
    pub(super) layer: Option<usize>,
    /// The output that it is, by its place.
    pub(super) output: Option<usize>,
}

/// A quantized layer.
#[derive(Clone, Debug)]
pub(super) struct LayerRow {
    pub(super) name: String,
    pub(super) op: String,
    pub(super) quant: NodeId,
    pub(super) dequant: NodeId,
    /// What its `AscendQuant` reads.
    pub(super) input: Outlet,
    /// The counterparts of input and output.
    pub(super) float_input: Option<Outlet>,
    pub(super) float_output: Option<Outlet>,
    /// Whether what it reads is a `Relu` for a `Relu6`.
    pub(super) clips_at_six: bool,
}

/// All that is compared.
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    pub(super) layers: Vec<LayerRow>,
    /// Names of the outputs.
    pub(super) outputs: Vec<String>,
    pub(super) unmatched: Vec<Unmatched>,
}

/// The graphs, and what is known of both.
struct Pair<'a> {
    float: &'a Graph,
    quantized: &'a Graph,
    origins: &'a Origins,
    /// What a run of the float graph computes.
    computed: BTreeSet<NodeId>,
}

impl Rows {
    /// Everything that the outputs need and that is computed in a run. With the layers come the nodes that
    /// are inside them.
    pub(super) fn new(
        float: &Graph,
        quantized: &Graph,
        outputs: &[String],
        (layers, inner): (&[QuantizedLayer], &BTreeSet<NodeId>),
        origins: &Origins,
    ) -> Result<Self, Error> {
        let float_outputs = signature::outlets(float, outputs)?;
        let missing = |name: &String| CompareError::NoOutput(name.clone());
        let ends = outputs
            .iter()
            .map(|name| quantized.outlet(name).map_err(|_| missing(name).into()))
            .collect::<Result<Vec<Outlet>, Error>>()?;
        let needed = tidied::computed(quantized, &ends, &[])?;
        let computed = tidied::computed(float, &float_outputs, &[])?.into_iter().collect();
        let pair = Pair { float, quantized, origins, computed };
        let layers = pair.layers(layers, &needed);
        let (mut rows, mut unmatched) = (Vec::new(), Vec::new());
        for &id in &needed {
            let layer = layers.iter().position(|layer| layer.dequant == id);
            let of_outlet = |outlet: Outlet| layer.filter(|_| outlet.slot == 0);
            let is_output = ends.contains(&id.into());
            for (index, (&found, &reference)) in ends.iter().zip(&float_outputs).enumerate() {
                if found.node == id {
                    let (layer, output) = (of_outlet(found), Some(index));
                    rows.push(Row { found, reference, clips_at_six: false, layer, output });
                }
            }
            if is_output || inner.contains(&id) || is_trivial(quantized, id) {
                continue;
            }
            let found = Outlet::from(id);
            match pair.origin(found) {
                Some(reference) => {
                    let clips_at_six = pair.clips_at_six(found);
                    rows.push(Row { found, reference, clips_at_six, layer, output: None });
                }
                // Its layer is compared all the same.
                None if layer.is_some() => {}
                None => unmatched.push(Unmatched {
                    node: quantized.node(id).name.clone(),
                    reason: "the float model has no such value".to_owned(),
                }),
            }
        }
        if rows.iter().all(|row| row.output.is_some())
            && layers.iter().all(|layer| layer.float_output.is_none())
        {
            return Err(CompareError::NothingInCommon.into());
        }
        Ok(Self { rows, layers, outputs: outputs.to_vec(), unmatched })
    }
}

impl Pair<'_> {
    /// The counterpart of a value, if a run computes it.
    fn origin(&self, outlet: Outlet) -> Option<Outlet> {
        let origin = self.origins.get(&outlet.node).copied().filter(|_| outlet.slot == 0);
        origin.filter(|origin| self.computed.contains(&origin.node))
    }

    /// Whether a value is that of a `Relu` for a `Relu6`.
    fn clips_at_six(&self, outlet: Outlet) -> bool {
        let origin = self.origins.get(&outlet.node).map(|origin| self.float.node(origin.node).op.as_str());
        self.quantized.node(outlet.node).op == op::RELU && origin == Some(op::RELU6)
    }

    /// The layers that a run computes, once where several end together.
    fn layers(&self, layers: &[QuantizedLayer], needed: &[NodeId]) -> Vec<LayerRow> {
        let mut found: Vec<LayerRow> = Vec::new();
        for layer in layers.iter().filter(|layer| needed.contains(&layer.dequant)) {
            // The parts of a group convolution end together.
            if found.iter().any(|other| other.dequant == layer.dequant) {
                continue;
            }
            let Some(&input) = self.quantized.node(layer.quant).inputs.first() else { continue };
            let through = self.quantized.source(input);
            found.push(LayerRow {
                name: layer.name.clone(),
                op: layer.op.clone(),
                quant: layer.quant,
                dequant: layer.dequant,
                input,
                float_input: self.origin(input).or_else(|| self.origin(through)),
                float_output: self.origin(layer.dequant.into()),
                clips_at_six: self.clips_at_six(through),
            });
        }
        found
    }
}

/// What is fed, or known before a run, or only handed on.
fn is_trivial(graph: &Graph, id: NodeId) -> bool {
    let node = graph.node(id);
    let is_fed =
        matches!(node.op.as_str(), op::PLACEHOLDER | op::PLACEHOLDER_V2 | op::PLACEHOLDER_WITH_DEFAULT);
    is_fed || node.op == op::CONST || node.is_pass_through() || node.inputs.is_empty()
}
