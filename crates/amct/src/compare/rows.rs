//! What is compared with what.

use std::collections::BTreeSet;

use amct_graph::{Graph, NodeId, Outlet};
use amct_interpreter::{Plan, PlanOptions};
use amct_rewrite::QuantizedLayer;

use super::origins::Origins;
use super::{CompareError, Unmatched};
use crate::{Error, interface};

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

impl Rows {
    /// Everything that the outputs need and that is computed in a run.
    pub(super) fn new(
        float: &Graph,
        quantized: &Graph,
        outputs: &[String],
        layers: &[QuantizedLayer],
        origins: &Origins,
    ) -> Result<Self, Error> {
        let float_outputs = interface::outlets(float, outputs)?;
        let missing = |name: &String| CompareError::NoOutput(name.clone());
        let ends = outputs
            .iter()
            .map(|name| quantized.outlet(name).map_err(|_| missing(name).into()))
            .collect::<Result<Vec<Outlet>, Error>>()?;
        let needed = Plan::computed(quantized, &ends, &PlanOptions::default())?;
        let computed: BTreeSet<NodeId> =
            Plan::computed(float, &float_outputs, &PlanOptions::default())?.into_iter().collect();
        let origin = |outlet: Outlet| {
            let origin = origins.get(&outlet.node).copied().filter(|_| outlet.slot == 0);
            origin.filter(|origin| computed.contains(&origin.node))
        };
        let six = |outlet: Outlet| {
            let origin = origins.get(&outlet.node).map(|origin| float.node(origin.node).op.as_str());
            quantized.node(outlet.node).op == "Relu" && origin == Some("Relu6")
        };
        let mut found: Vec<LayerRow> = Vec::new();
        for layer in layers.iter().filter(|layer| needed.contains(&layer.dequant)) {
            // The parts of a group convolution end together.
            if found.iter().any(|other| other.dequant == layer.dequant) {
                continue;
            }
            let Some(&input) = quantized.node(layer.quant).inputs.first() else { continue };
            let through = through_identities(quantized, input);
            found.push(LayerRow {
                name: layer.name.clone(),
                op: layer.op.clone(),
                quant: layer.quant,
                dequant: layer.dequant,
                input,
                float_input: origin(input).or_else(|| origin(through)),
                float_output: origin(layer.dequant.into()),
                clips_at_six: six(through),
            });
        }
        let mut rows = Vec::new();
        for (index, (&end, &reference)) in ends.iter().zip(&float_outputs).enumerate() {
            let row = Row { found: end, reference, clips_at_six: false, layer: None, output: Some(index) };
            rows.push(row);
        }
        let inner = super::inner::nodes(quantized, layers);
        let mut unmatched = Vec::new();
        for &id in &needed {
            let node = quantized.node(id);
            let is_seen = rows.iter().any(|row| row.found == id.into());
            if is_seen || inner.contains(&id) || is_trivial(quantized, id) {
                continue;
            }
            let layer = found.iter().position(|layer| layer.dequant == id);
            match origin(id.into()) {
                Some(reference) => rows.push(Row {
                    found: id.into(),
                    reference,
                    clips_at_six: six(id.into()),
                    layer,
                    output: None,
                }),
                // Its layer is compared all the same.
                None if layer.is_some() => {}
                None => unmatched.push(Unmatched {
                    node: node.name.clone(),
                    reason: "the float model has no such value".to_owned(),
                }),
            }
        }
        let place = |row: &Row| needed.iter().position(|id| *id == row.found.node);
        rows.sort_by_key(place);
        // An output may end a layer itself.
        for row in &mut rows {
            row.layer = found.iter().position(|layer| row.found == layer.dequant.into());
        }
        if rows.iter().all(|row| row.output.is_some())
            && found.iter().all(|layer| layer.float_output.is_none())
        {
            return Err(CompareError::NothingInCommon.into());
        }
        Ok(Self { rows, layers: found, outputs: outputs.to_vec(), unmatched })
    }
}

/// What is fed, or known before a run, or only handed on.
fn is_trivial(graph: &Graph, id: NodeId) -> bool {
    let node = graph.node(id);
    let is_fed = matches!(node.op.as_str(), "Placeholder" | "PlaceholderV2" | "PlaceholderWithDefault");
    is_fed || node.op == "Const" || node.is_pass_through() || node.inputs.is_empty()
}

/// The value itself, where identities hand it on.
fn through_identities(graph: &Graph, outlet: Outlet) -> Outlet {
    let mut outlet = outlet;
    // No chain without a cycle is longer than the graph.
    for _ in 0..graph.capacity() {
        let node = graph.node(outlet.node);
        match node.inputs.first() {
            Some(&input) if node.is_pass_through() && outlet.slot == 0 => outlet = input,
            _ => break,
        }
    }
    outlet
}
