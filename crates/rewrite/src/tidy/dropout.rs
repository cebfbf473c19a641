//! Dropout that drops nothing: with `keep_prob` 1 its mask is the same whatever the random numbers
//! are, so they need not be drawn.
//!
//! Both forms that TensorFlow has given its dropout are known: `random >= rate` and
//! `floor(keep_prob + random)`, where `random` is a `RandomUniform`, perhaps scaled and shifted.

use std::collections::BTreeMap;

use amct_graph::{
    AttrValue, Graph, GraphError, NewNode, Node, NodeId, Outlet, Patch, TensorLiteral, op, type_code,
};
use amct_tensor::Tensor;

use crate::pass::{Change, Pass, PassContext, TidySkip};
use crate::report::Outcome;

/// Replaces the mask of each dropout that drops nothing by a constant.
pub(super) struct DropInertDropouts;

impl Pass for DropInertDropouts {
    fn name(&self) -> &'static str {
        "drop_inert_dropouts"
    }

    fn is_written(&self) -> bool {
        false
    }

    fn run(&self, graph: &Graph, context: &PassContext<'_>) -> Result<Change, GraphError> {
        let order = graph.needed_by(&context.roots())?;
        let mut change = Change::default();
        if !order.iter().any(|&id| graph.node(id).op == RANDOM) {
            return Ok(change);
        }
        let consumers = graph.consumers();
        let mut random = Randoms { graph, context, ranges: BTreeMap::new() };
        for &id in &order {
            let node = graph.node(id);
            if let Some(range) = random.range_of(node) {
                random.ranges.insert(id.into(), range);
            }
            let Some(mask) = random.mask(node) else { continue };
            // A scalar stands for the whole mask where its readers broadcast.
            let broadcast =
                |reader: &Node| matches!(reader.op.as_str(), op::SELECT_V2 | op::SELECT | op::CAST | op::MUL);
            let is_output = context.outputs.contains(&id.into());
            let outcome = match mask {
                Mask::Random => Outcome::Skipped(TidySkip::Random),
                Mask::Always(_) if is_output => Outcome::Skipped(TidySkip::Requested),
                Mask::Always(_) if !consumers.all(id).all(|found| broadcast(graph.node(found.node))) => {
                    Outcome::Skipped(TidySkip::Requested)
                }
                Mask::Always(value) => {
                    replace(&mut change.patch, id, node, &value);
                    Outcome::Applied
                }
            };
            change.report.push(&node.name, &node.op, outcome);
        }
        Ok(change)
    }
}

/// The op that draws random numbers in `0..1`.
const RANDOM: &str = op::RANDOM_UNIFORM;

/// Lets a constant take the place of a mask.
fn replace(patch: &mut Patch, id: NodeId, node: &Node, value: &Tensor) {
    let constant = patch.add(
        NewNode::new(format!("{}/always", node.name), op::CONST, [])
            .attr("dtype", AttrValue::Type(type_code(value.dtype())))
            .attr("value", AttrValue::tensor(TensorLiteral::encode(value))),
    );
    patch.replace_uses(id, constant);
}

/// The values of a tensor lie in `low..high`.
#[derive(Clone, Copy)]
struct Range {
    low: f32,
    high: f32,
}

/// What a comparison with random numbers gives.
enum Mask {
    /// The same on every run.
    Always(Tensor),
    Random,
}

/// The random numbers of a graph, scaled and shifted.
struct Randoms<'a> {
    graph: &'a Graph,
    context: &'a PassContext<'a>,
    ranges: BTreeMap<Outlet, Range>,
}

impl Randoms<'_> {
    /// The range of a node's values, if it is a random number, scaled and shifted by constants.
    fn range_of(&self, node: &Node) -> Option<Range> {
        if node.op == RANDOM {
            return Some(Range { low: 0.0, high: 1.0 });
        }
        let (range, other) = self.random_and_constant(node)?;
        match node.op.as_str() {
            op::ADD | op::ADD_V2 => Some(Range { low: range.low + other, high: range.high + other }),
            op::MUL if other >= 0.0 => Some(Range { low: range.low * other, high: range.high * other }),
            _ => None,
        }
    }

    /// What a node makes of random numbers, if it is a mask.
    fn mask(&self, node: &Node) -> Option<Mask> {
        let range = self.ranges.get(node.inputs.first()?)?;
        let always = match node.op.as_str() {
            op::FLOOR => (range.low.floor() + 1.0 >= range.high).then(|| Tensor::scalar(range.low.floor())),
            op::GREATER_EQUAL => {
                let rate = self.constant(*node.inputs.get(1)?)?;
                (range.low >= rate).then(|| Tensor::scalar(true))
            }
            _ => return None,
        };
        Some(always.map_or(Mask::Random, Mask::Always))
    }

    /// The random input of a binary node, and its other one.
    fn random_and_constant(&self, node: &Node) -> Option<(Range, f32)> {
        let &[left, right] = node.inputs.as_slice() else { return None };
        match (self.ranges.get(&left), self.ranges.get(&right)) {
            (Some(range), None) => Some((*range, self.constant(right)?)),
            (None, Some(range)) => Some((*range, self.constant(left)?)),
            _ => None,
        }
    }

    /// The value of a scalar that needs no input.
    fn constant(&self, outlet: Outlet) -> Option<f32> {
        let value = (self.context.evaluate)(self.graph, outlet).ok()?;
        match value.as_slice::<f32>() {
            Ok(&[scalar]) => Some(scalar),
            _ => None,
        }
    }
}
