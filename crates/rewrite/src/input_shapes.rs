//! Rank and channels of placeholders in front of quantized layers, where the file leaves them open.
//!
//! ATC's passes read both of every quantized value (rule 17), and ATC reads a placeholder of unknown rank
//! as a scalar. Freezing loses the shape of an input now and then; the data then tell it, or the layer
//! itself. Batch, height and width stay free: that data had them says nothing of other data.

use std::collections::BTreeMap;

use amct_graph::{
    AttrValue, Graph, LayerKind, LayerPath, Node, NodeId, Outlet, Patch, ShapeAttr, layer_paths, op,
};

use crate::RewriteError;
use crate::verify::Shapes;

const PASS: &str = "input_shapes";

/// Writes rank and channels into the placeholders that a quantized layer reads and that have a shape which
/// lacks them. `shapes` are those of the values that are quantized, as far as data have told them; where
/// they have not, a layer has the rank of its op and as many channels as its weights read.
///
/// # Errors
/// None that a consistent graph can cause.
pub fn tell_input_shapes(graph: &mut Graph, shapes: &Shapes) -> Result<(), RewriteError> {
    let mut told: BTreeMap<NodeId, ShapeAttr> = BTreeMap::new();
    for path in layer_paths(graph, &graph.consumers()) {
        let Some((id, value)) = quantized_placeholder(graph, &path) else { continue };
        let node = graph.node(id);
        let Some(shape) = known(node) else { continue };
        if told.contains_key(&id) || has_channels(&shape, graph.node(path.layer)) {
            continue;
        }
        let Some(full) = shapes.get(&value).cloned().or_else(|| of_layer(graph, &path)) else { continue };
        if let Some(shape) = completed(&shape, graph.node(path.layer), &full) {
            let sizes: Vec<i64> = shape.dims.iter().map(|dim| dim.size).collect();
            log::info!(target: PASS, "{node} has shape {sizes:?} from now on: the file does not tell its rank and channels");
            told.insert(id, shape);
        }
    }
    let mut patch = Patch::new();
    told.into_iter().for_each(|(id, shape)| patch.set_attr(id, "shape", AttrValue::Shape(shape)));
    Ok(graph.apply(&patch).map(|_| ())?)
}

/// The placeholder whose value a layer's `AscendQuant` reads, and the outlet that it reads.
pub(crate) fn quantized_placeholder(graph: &Graph, path: &LayerPath) -> Option<(NodeId, Outlet)> {
    let value = *graph.node(path.quant?).inputs.first()?;
    let (id, node) = crate::evaluate::source(graph, value)?;
    (node.op == op::PLACEHOLDER).then_some((id, value))
}

/// Whether a shape tells rank and channels of what `layer` reads.
pub(crate) fn has_channels(shape: &ShapeAttr, layer: &Node) -> bool {
    let Some(kind) = LayerKind::of_op(&layer.op) else { return false };
    shape.sizes().is_some_and(|sizes| {
        sizes.len() >= 2 && sizes.get(kind.channel_axis(layer, sizes.len())).is_some_and(Option::is_some)
    })
}

/// The shape of a placeholder; `None` if the file has none, which ATC takes as left to the user.
pub(crate) fn known(placeholder: &Node) -> Option<ShapeAttr> {
    placeholder.attributes().shape("shape").ok().flatten().cloned()
}

/// Whether a placeholder has the shape of another, and one size more: channels, and so never the batch.
pub(crate) fn adds_channels(now: &Node, before: &Node) -> bool {
    let (Some(now), Some(before)) = (known(now).and_then(|now| now.sizes()), known(before)) else {
        return false;
    };
    let before = rank_of(&before).unwrap_or_else(|| vec![None; now.len()]);
    let added = now.iter().zip(&before).enumerate().filter(|(_, (now, before))| now != before);
    let added: Vec<(usize, _)> = added.collect();
    now.len() == before.len() && matches!(added.as_slice(), [(1.., (Some(_), None))])
}

/// The sizes; `None` for an unknown rank. TensorFlow 1 wrote an empty shape for that as well.
fn rank_of(shape: &ShapeAttr) -> Option<Vec<Option<usize>>> {
    shape.sizes().filter(|sizes| !sizes.is_empty())
}

/// The shape of a layer's data as its op and weights tell it: the channels, and 0 for every other size.
fn of_layer(graph: &Graph, path: &LayerPath) -> Option<Vec<usize>> {
    let layer = graph.node(path.layer);
    // The data of a BatchMatMul may have any rank.
    let kind = LayerKind::of_op(&layer.op).filter(|kind| *kind != LayerKind::BatchMatMul)?;
    let channels = kind.input_channels(&path.weight_shape(graph)?)?.checked_mul(path.parts(graph))?;
    let rank = kind.weight_rank();
    let mut shape = vec![0; rank];
    *shape.get_mut(kind.channel_axis(layer, rank))? = channels;
    Some(shape)
}

/// A placeholder's shape with the channels of `full`.
fn completed(shape: &ShapeAttr, layer: &Node, full: &[usize]) -> Option<ShapeAttr> {
    let axis = LayerKind::of_op(&layer.op)?.channel_axis(layer, full.len());
    let channels = i64::try_from(*full.get(axis)?).ok()?;
    let mut completed = match rank_of(shape) {
        None => ShapeAttr::of(full.iter().map(|_| -1)),
        Some(sizes) if sizes.len() == full.len() => shape.clone(),
        Some(_) => return None,
    };
    completed.dims.get_mut(axis)?.size = channels;
    Some(completed)
}

#[cfg(test)]
mod tests;
