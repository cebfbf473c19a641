//! DMQ's factors in a graph: a product with 1/factor in front of a layer, the weights times the factor.
//!
//! ```text
//! x -> Mul(1/factor) -> [Pad | Split] -> layer (weights * factor)
//! ```
//! The product comes before a `Pad` or a `Split` that only this layer, or this group convolution,
//! reads, so that the `AscendQuant` can still go in front of it; else it comes behind. Layers that share
//! an input each have a product of their own. What the graph computes stays the same but for
//! rounding.
//!
//! Source: `docs/sources/algorithms.md` section 6.

mod place;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use amct_graph::{Graph, NewNode, NodeId, Outlet, Patch, Source, op};
use amct_tensor::{DType, Internal, internal};

use self::place::Place;
use crate::RewriteError;
use crate::constants::{constant, type_attr};
use crate::layers::QuantizableLayer;
use crate::names::ScopeNames;
use crate::outputs::Outputs;
use crate::provenance::{Standing, Told};
use crate::sweep::remove_dead_constants;

/// The pass's name in logs.
pub const PASS: &str = "dmq_balance";

/// The scope, beside its layer, of what balancing inserts.
pub(crate) const SCOPE: &str = "dmq_balance";

/// A graph after balancing.
#[derive(Clone, Debug)]
pub struct Balanced {
    /// The layers as they are now, in the order given.
    pub layers: Vec<QuantizableLayer>,
    /// Each new product, and what it multiplies.
    pub products: Vec<(Outlet, Outlet)>,
    /// That each new node was made for a layer.
    pub told: Told,
}

/// Balances the layers that have factors: by layer name, one for each channel of the layer's own data.
///
/// `layers` are those of a scan of the graph, `outputs` the requested outputs.
///
/// # Errors
/// [`RewriteError`] for factors that do not fit their layer or are not positive and finite, or a
/// layer of another graph. The graph is then unchanged.
pub fn balance(
    graph: &mut Graph,
    layers: &[QuantizableLayer],
    factors: &BTreeMap<String, Vec<f32>>,
    outputs: &[String],
) -> Result<Balanced, RewriteError> {
    let requested = Outputs::resolve(graph, outputs)?;
    let mut work = Work::new(graph, layers);
    let mut of_group: BTreeMap<NodeId, BTreeMap<usize, &[f32]>> = BTreeMap::new();
    for (index, layer) in layers.iter().enumerate() {
        let Some(factors) = factors.get(&layer.name) else { continue };
        check(layer, factors)?;
        work.scale_weights(index, layer, factors)?;
        match Place::of(graph, layer)? {
            Place::Group { split, slot } => {
                of_group.entry(split).or_default().insert(slot, factors);
            }
            Place::Alone { reader, input, source } => {
                work.divide(index, layer, (reader, input, source), factors)?;
            }
        }
    }
    for (index, layer) in layers.iter().enumerate() {
        // The first part that comes stands for all.
        let Some(group) = &layer.group else { continue };
        let Some(factors) = of_group.remove(&group.split) else { continue };
        let whole = place::of_whole_group(layer, group.members.len(), &factors)?;
        work.divide(index, layer, (group.split, op::SPLIT_DATA, layer.input), &whole)?;
    }
    let (patch, plan) = work.finish();
    let mut next = graph.clone();
    let ids = next.apply(&patch)?;
    let balanced = plan.resolve(&next, layers, &ids)?;
    remove_dead_constants(&mut next, plan.replaced, &requested)?;
    *graph = next;
    log::info!(target: PASS, "{} layers balanced", factors.len());
    Ok(balanced)
}

fn check(layer: &QuantizableLayer, factors: &[f32]) -> Result<(), RewriteError> {
    let what = "tensor_balance_factor";
    if let Some(&found) = factors.iter().find(|factor| !(factor.is_normal() && **factor > 0.0)) {
        return Err(RewriteError::Scale { layer: layer.name.clone(), what, found });
    }
    if layer.input_channels(factors.len()).is_none() {
        let seen = layer.weights.as_ref().and_then(|weights| layer.kind.input_channels(&weights.shape));
        let expected = seen.map_or_else(|| "no".to_owned(), |seen| seen.to_string());
        return Err(RewriteError::Count { layer: layer.name.clone(), what, expected, found: factors.len() });
    }
    Ok(())
}

/// The patch under construction.
struct Work<'g> {
    graph: &'g Graph,
    names: ScopeNames,
    scopes: BTreeMap<usize, String>,
    patch: Patch,
    plan: Plan,
}

/// What the nodes of the patch are for.
#[derive(Default)]
struct Plan {
    /// For each new node the layer it belongs to.
    owners: Vec<usize>,
    /// New weights of layers.
    weights: Vec<(usize, Source)>,
    /// New products, what they multiply, and who reads them.
    products: Vec<(Outlet, Source, NodeId)>,
    /// Where constants were read that are no longer needed.
    replaced: Vec<NodeId>,
}

impl<'g> Work<'g> {
    fn new(graph: &'g Graph, layers: &[QuantizableLayer]) -> Self {
        debug_assert!(layers.iter().all(|layer| graph.get(layer.node).is_some()));
        Self {
            graph,
            names: ScopeNames::of(graph),
            scopes: BTreeMap::new(),
            patch: Patch::new(),
            plan: Plan::default(),
        }
    }

    fn add(&mut self, index: usize, layer: &QuantizableLayer, node: NewNode) -> Source {
        self.plan.owners.push(index);
        self.patch.add(node.on(&self.graph.node(layer.node).device))
    }

    fn scope(&mut self, index: usize, layer: &QuantizableLayer) -> String {
        let names = &mut self.names;
        self.scopes.entry(index).or_insert_with(|| names.scope(&layer.name, SCOPE)).clone()
    }

    fn scale_weights(
        &mut self,
        index: usize,
        layer: &QuantizableLayer,
        factors: &[f32],
    ) -> Result<(), RewriteError> {
        let (Some(weights), Some(channels)) = (&layer.weights, layer.input_channels(factors.len())) else {
            return Ok(());
        };
        let tensor = self.graph.decode_const(weights.constant)?;
        let values = tensor
            .as_slice::<f32>()
            .map_err(|error| RewriteError::Tensor { node: layer.name.clone(), error })?;
        let factor = |index: usize| factors.get(channels.of_weight(index)).copied().unwrap_or(1.0);
        let scaled: Vec<f32> = values.iter().enumerate().map(|(index, w)| w * factor(index)).collect();
        let scope = self.scope(index, layer);
        let node = constant(format!("{scope}/weight"), weights.shape.clone(), scaled)?;
        let source = self.add(index, layer, node);
        self.plan.weights.push((index, source));
        if let Some(input) = layer.kind.weight_input() {
            self.plan
                .replaced
                .extend(self.graph.node(layer.node).inputs.get(input).map(|outlet| outlet.node));
            self.patch.set_input(layer.node, input, source);
        }
        Ok(())
    }

    /// Puts a product with the reciprocals in front of an input.
    fn divide(
        &mut self,
        index: usize,
        layer: &QuantizableLayer,
        (reader, input, source): (NodeId, usize, Outlet),
        factors: &[f32],
    ) -> Result<(), RewriteError> {
        let scope = self.scope(index, layer);
        let inverse: Vec<f32> = factors.iter().map(|factor| 1.0 / factor).collect();
        let shape = place::factor_shape(self.graph, layer, inverse.len());
        let node = constant(format!("{scope}/factor"), shape, inverse)?;
        let inverse = self.add(index, layer, node);
        let product = NewNode::new(format!("{scope}/Mul"), op::MUL, [Source::Old(source), inverse])
            .attr("T", type_attr(DType::F32));
        let product = self.add(index, layer, product);
        self.patch.set_input(reader, input, product);
        self.plan.products.push((source, product, reader));
        Ok(())
    }

    fn finish(self) -> (Patch, Plan) {
        (self.patch, self.plan)
    }
}

impl Plan {
    fn resolve(
        &self,
        graph: &Graph,
        layers: &[QuantizableLayer],
        ids: &[NodeId],
    ) -> Result<Balanced, RewriteError> {
        let missing = |what: &str, index: usize| internal!("no {what} {index} of a balanced graph");
        let id = |source: &Source| match *source {
            Source::New(index, _) => ids.get(index).copied().ok_or_else(|| missing("new node", index)),
            Source::Old(outlet) => Ok(outlet.node),
        };
        let mut layers = layers.to_vec();
        for (index, source) in &self.weights {
            let weights = layers.get_mut(*index).and_then(|layer| layer.weights.as_mut());
            weights.ok_or_else(|| missing("weights of layer", *index))?.constant = id(source)?;
        }
        let mut products = Vec::new();
        for (source, product, reader) in &self.products {
            let product = Outlet::from(id(product)?);
            products.push((product, *source));
            place::move_layers(graph, &mut layers, *reader, product, *source);
        }
        let owned = ids.iter().zip(&self.owners).map(|(&id, &owner)| {
            let layer = layers.get(owner).ok_or_else(|| missing("layer", owner))?;
            Ok((graph.node(id).name.clone(), Standing::Beside(layer.name.clone())))
        });
        let told = owned.collect::<Result<_, Internal>>()?;
        Ok(Balanced { layers, products, told })
    }
}
