//! How much a run computes.

use std::collections::BTreeMap;

use amct_calibration::tidied;
use amct_graph::{Graph, LayerKind, NodeId, Outlet};
use amct_interpreter::{Feeds, PlanOptions, RunError};
use amct_tensor::{Chain, DType, Tensor};

use super::{Input, NotRun};

/// Multiply-accumulates of one run, or why they are not known.
pub(super) struct Work {
    pub(super) macs: Option<u64>,
    pub(super) shapes: BTreeMap<String, Vec<usize>>,
    pub(super) not_run: Option<NotRun>,
}

/// Runs the graph once on zeros and looks at the shapes around its convolutions and products.
pub(super) fn count(
    graph: &Graph,
    outputs: &[Outlet],
    inputs: &[Input],
    given: &BTreeMap<String, Vec<usize>>,
) -> Work {
    let mut shapes = BTreeMap::new();
    for input in inputs.iter().filter(|input| !input.has_default) {
        let shape = given.get(&input.name).cloned().or_else(|| default_shape(input));
        let Some(shape) = shape else {
            let reason = NotRun::FreeDimensions { input: input.name.clone() };
            return Work { macs: None, shapes, not_run: Some(reason) };
        };
        shapes.insert(input.name.clone(), shape);
    }
    match run(graph, outputs, inputs, &shapes) {
        Ok(macs) => Work { macs: Some(macs), shapes, not_run: None },
        Err(reason) => Work { macs: None, shapes, not_run: Some(NotRun::Failed(reason)) },
    }
}

/// The shape that the graph gives, with a free first dimension as a batch of one.
fn default_shape(input: &Input) -> Option<Vec<usize>> {
    let sizes = input.shape.as_ref()?;
    sizes.iter().enumerate().map(|(axis, size)| size.or((axis == 0).then_some(1))).collect()
}

/// What decides the work of a layer: its weights for each element of the output, or of the data.
struct Layer {
    node: NodeId,
    kind: LayerKind,
    weights: Outlet,
    /// The outlet whose elements are counted.
    counted: Outlet,
}

fn run(
    graph: &Graph,
    outputs: &[Outlet],
    inputs: &[Input],
    shapes: &BTreeMap<String, Vec<usize>>,
) -> Result<u64, String> {
    let roots: Vec<NodeId> = outputs.iter().map(|outlet| outlet.node).collect();
    let needed = graph.needed_by(&roots).map_err(|error| Chain(&error).to_string())?;
    let layers: Vec<Layer> = needed.into_iter().filter_map(|id| layer(graph, id)).collect();
    let mut observed: Vec<Outlet> = layers.iter().map(|layer| layer.counted).collect();
    observed.extend(layers.iter().map(|layer| layer.weights));
    let options = PlanOptions { observed, ..PlanOptions::default() };
    let plan = tidied::plan(graph, outputs, &options).map_err(|error| Chain(&error).to_string())?;
    let feeds = plan
        .feeds()
        .iter()
        .map(|feed| {
            let shape = shapes.get(&feed.name).cloned().unwrap_or_default();
            let dtype = inputs.iter().find(|input| input.name == feed.name).and_then(|input| input.dtype);
            let zeros = Tensor::zeros(dtype.unwrap_or(DType::F32), shape)
                .map_err(|error| Chain(&error).to_string())?;
            Ok((feed.name.as_str(), zeros))
        })
        .collect::<Result<Feeds, String>>()?;
    let mut seen: BTreeMap<Outlet, Vec<usize>> = BTreeMap::new();
    plan.run_observed(&feeds, &mut |outlet, value| -> Result<(), RunError> {
        seen.insert(outlet, value.shape().to_vec());
        Ok(())
    })
    .map_err(|error| Chain(&error).to_string())?;
    Ok(layers.iter().filter_map(|layer| macs(graph, layer, &seen)).fold(0, u64::saturating_add))
}

fn layer(graph: &Graph, id: NodeId) -> Option<Layer> {
    let node = graph.node(id);
    let kind = LayerKind::of_op(&node.op)?;
    let weights = *node.inputs.get(kind.weight_input()?)?;
    let counted = if kind.counts_data() { *node.inputs.get(kind.data_input())? } else { id.into() };
    Some(Layer { node: id, kind, weights, counted })
}

fn macs(graph: &Graph, layer: &Layer, seen: &BTreeMap<Outlet, Vec<usize>>) -> Option<u64> {
    let weights = seen.get(&layer.weights)?;
    let each = layer.kind.multiply_adds(weights, layer.kind.is_transposed(graph.node(layer.node)))?;
    let counted = seen.get(&layer.counted)?;
    Some(counted.iter().fold(each, |work, &dim| work.saturating_mul(dim as u64)))
}
