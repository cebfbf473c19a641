//! What can be folded into the layer before it: values times and plus constants.

use amct_graph::op::is_batch_norm;
use amct_graph::{Graph, Node, NodeId, Outlet, op};
use amct_tensor::Tensor;

use super::FoldSkip;
use crate::evaluate::{evaluate, source};

/// A node, or a few, that scale and shift a value by constants.
#[derive(Debug)]
pub(super) struct Step {
    /// The node that gives the result.
    pub(super) end: NodeId,
    /// The nodes between the value and `end`.
    pub(super) inner: Vec<NodeId>,
    /// The value.
    pub(super) data: Outlet,
    pub(super) kind: StepKind,
    /// Where the constants come from.
    pub(super) constants: Vec<NodeId>,
    pub(super) params: Params,
}

/// The kinds of step, in the order in which they are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StepKind {
    /// `FusedBatchNorm`, `V2`, `V3`.
    Fused,
    /// A batch norm of `Rsqrt`, `Mul`, `Sub` and `Add`.
    SmallOps,
    /// A product and a sum with constants: a batch norm whose constants were folded.
    Linear,
    /// A product with a constant.
    Scale,
    /// A sum with a constant.
    Shift,
}

impl StepKind {
    pub(super) fn is_norm(self) -> bool {
        matches!(self, StepKind::Fused | StepKind::SmallOps)
    }
}

/// The constants as the graph has them; their shapes are checked when the layer is known.
#[derive(Debug)]
pub(super) enum Params {
    /// Read from the inputs of a `FusedBatchNorm`.
    Fused,
    Norm {
        gamma: Option<Tensor>,
        beta: Option<Tensor>,
        mean: Tensor,
        variance: Tensor,
        epsilon: f32,
    },
    Linear {
        scale: Option<Tensor>,
        shift: Option<Tensor>,
    },
}

/// The steps that end at a node, the best reading first; an error for one that never can be folded.
pub(super) fn at(graph: &Graph, id: NodeId) -> Result<Vec<Step>, FoldSkip> {
    let node = graph.node(id);
    match node.op.as_str() {
        op if is_batch_norm(op) => fused(graph, id).map(|step| vec![step]),
        op::ADD | op::ADD_V2 | op::SUB => {
            Ok([sum(graph, id), single(graph, id)].into_iter().flatten().collect())
        }
        op::MUL => Ok(single(graph, id).into_iter().collect()),
        _ => Ok(Vec::new()),
    }
}

fn fused(graph: &Graph, id: NodeId) -> Result<Step, FoldSkip> {
    let node = graph.node(id);
    // TensorFlow's default of is_training is true.
    if node.attributes().bool_or("is_training", true)? {
        return Err(FoldSkip::Training);
    }
    let Some((&data, constants)) = node.inputs.split_first() else {
        return Err(FoldSkip::NotAfterConvolution { found: "nothing".to_owned() });
    };
    let constants = constants.iter().map(|outlet| outlet.node).collect();
    Ok(Step { end: id, inner: Vec::new(), data, kind: StepKind::Fused, constants, params: Params::Fused })
}

/// Which operand is constant: the other one, and the constant with its outlet.
fn one_constant(graph: &Graph, node: &Node, ordered: bool) -> Option<(Outlet, Outlet, Tensor)> {
    let &[a, b] = node.inputs.as_slice() else { return None };
    match (evaluate(graph, a), evaluate(graph, b)) {
        (None, Some(value)) => Some((a, b, value)),
        (Some(value), None) if !ordered => Some((b, a, value)),
        _ => None,
    }
}

/// A sum or product of a value and a constant.
fn single(graph: &Graph, id: NodeId) -> Option<Step> {
    let node = graph.node(id);
    let (data, constant, value) = one_constant(graph, node, node.op == op::SUB)?;
    let (kind, params) = match node.op.as_str() {
        op::MUL => (StepKind::Scale, Params::Linear { scale: Some(value), shift: None }),
        _ => (StepKind::Shift, Params::Linear { scale: None, shift: Some(signed(node, value)?) }),
    };
    Some(Step { end: id, inner: Vec::new(), data, kind, constants: vec![constant.node], params })
}

/// `x * s + t` or `x * s - t`, read as a batch norm if the constants show that they are one.
fn sum(graph: &Graph, id: NodeId) -> Option<Step> {
    let node = graph.node(id);
    let (product, shift, shift_value) = one_constant(graph, node, node.op == op::SUB)?;
    let mul = graph.get(product.node).filter(|mul| mul.op == op::MUL && product.slot == 0)?;
    let (data, scale, scale_value) = one_constant(graph, mul, false)?;
    let norm = if node.op == op::SUB { None } else { norm(graph, scale, shift) };
    let kind = if norm.is_some() { StepKind::SmallOps } else { StepKind::Linear };
    let params = match norm {
        Some(norm) => norm,
        None => Params::Linear { scale: Some(scale_value), shift: Some(signed(node, shift_value)?) },
    };
    let constants = vec![scale.node, shift.node];
    Some(Step { end: id, inner: vec![product.node], data, kind, constants, params })
}

/// The constant that is added; a `Sub` adds the negative.
fn signed(node: &Node, value: Tensor) -> Option<Tensor> {
    if node.op != op::SUB {
        return Some(value);
    }
    let negative = value.as_slice::<f32>().ok()?.iter().map(|x| -x).collect();
    Tensor::from_vec(value.shape(), negative).ok()
}

/// The parameters of a batch norm whose scale is `rsqrt(variance + epsilon) [* gamma]` and whose
/// shift is `beta - mean * scale`, or `-mean * scale` without a beta.
fn norm(graph: &Graph, scale: Outlet, shift: Outlet) -> Option<Params> {
    let (scale_id, node) = source(graph, scale)?;
    let (root, gamma) = match node.op.as_str() {
        op::RSQRT => (node, None),
        op::MUL => {
            let (root, gamma) =
                either(node, |outlet| source(graph, outlet).filter(|(_, n)| n.op == op::RSQRT))?;
            (root.1, Some(evaluate(graph, gamma)?))
        }
        _ => return None,
    };
    let (_, sum) = source(graph, *root.inputs.first()?)?;
    if !matches!(sum.op.as_str(), op::ADD | op::ADD_V2) {
        return None;
    }
    let &[a, b] = sum.inputs.as_slice() else { return None };
    let (a, b) = (evaluate(graph, a)?, evaluate(graph, b)?);
    // Addition commutes, so with one channel it does not matter which is which.
    let (variance, epsilon) = if b.len() == 1 { (a, b) } else { (b, a) };
    let &[epsilon] = epsilon.as_slice::<f32>().ok()? else { return None };

    let times_scale = |outlet: Outlet| {
        let (_, product) = source(graph, outlet).filter(|(_, product)| product.op == op::MUL)?;
        let is_scale = |outlet| source(graph, outlet).filter(|(id, _)| *id == scale_id);
        either(product, is_scale).map(|(_, other)| other)
    };
    let negated = |outlet: Outlet| {
        let (_, node) = source(graph, outlet).filter(|(_, node)| node.op == op::NEG)?;
        node.inputs.first().copied()
    };
    let (_, node) = source(graph, shift)?;
    let (beta, mean) = match (node.op.as_str(), node.inputs.as_slice()) {
        (op::SUB, &[beta, product]) => (Some(evaluate(graph, beta)?), times_scale(product)?),
        (op::MUL, _) => (None, negated(times_scale(shift)?)?),
        (op::NEG, &[product]) => (None, times_scale(product)?),
        _ => return None,
    };
    Some(Params::Norm { gamma, beta, mean: evaluate(graph, mean)?, variance, epsilon })
}

/// The operand of a binary node that `wanted` accepts, and the other one.
fn either<T>(node: &Node, wanted: impl Fn(Outlet) -> Option<T>) -> Option<(T, Outlet)> {
    let &[a, b] = node.inputs.as_slice() else { return None };
    wanted(a).map(|found| (found, b)).or_else(|| wanted(b).map(|found| (found, a)))
}
