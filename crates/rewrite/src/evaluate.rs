//! Values of the small constant expressions that frozen graphs keep in front of biases and batch
//! norms: arithmetic on float vectors, reshaped or not.

use amct_graph::{Graph, Node, NodeId, Outlet, op};
use amct_tensor::{DType, Tensor};

/// How deep expressions may be. The deepest that freezing leaves, a batch norm's shift, has five
/// operators; every one reads at most two others, so this bounds the work too.
const MAX_DEPTH: usize = 8;

/// Ops that a constant expression is made of.
pub(crate) fn is_constant_op(op: &str) -> bool {
    matches!(
        op,
        op::CONST
            | op::RSQRT
            | op::NEG
            | op::ADD
            | op::ADD_V2
            | op::SUB
            | op::MUL
            | op::RESHAPE
            | op::SQUEEZE
    )
}

/// The float value of an outlet that depends on constants alone; `None` if it does not, or is of
/// another type, or is more than such an expression.
pub(crate) fn evaluate(graph: &Graph, outlet: Outlet) -> Option<Tensor> {
    at_depth(graph, outlet, MAX_DEPTH)
}

/// The node behind an outlet, identities apart; `None` for an output other than the first.
pub(crate) fn source(graph: &Graph, outlet: Outlet) -> Option<(NodeId, &Node)> {
    let source = graph.source(outlet);
    let node = graph.get(source.node).filter(|_| source.slot == 0)?;
    Some((source.node, node))
}

fn at_depth(graph: &Graph, outlet: Outlet, depth: usize) -> Option<Tensor> {
    let (id, node) = source(graph, outlet)?;
    if node.op == op::CONST {
        let literal = node.attributes().tensor("value").ok()?;
        let is_float = literal.element_type() == Some(DType::F32);
        return if is_float { graph.decode_const(id).ok() } else { None };
    }
    let depth = depth.checked_sub(1)?;
    let operand = |input: usize| at_depth(graph, *node.inputs.get(input)?, depth);
    match node.op.as_str() {
        op::NEG => map(&operand(0)?, |x| -x),
        op::RSQRT => map(&operand(0)?, |x| 1.0 / x.sqrt()),
        op::ADD | op::ADD_V2 => zip(&operand(0)?, &operand(1)?, |a, b| a + b),
        op::SUB => zip(&operand(0)?, &operand(1)?, |a, b| a - b),
        op::MUL => zip(&operand(0)?, &operand(1)?, |a, b| a * b),
        op::RESHAPE => {
            let wanted = graph.constant(*node.inputs.get(1)?).ok()??.to_i64_vec().ok()?;
            let value = operand(0)?;
            let shape = resolve(&wanted, value.len())?;
            value.reshaped(shape).ok()
        }
        op::SQUEEZE => squeeze(node, operand(0)?),
        _ => None,
    }
}

fn map(value: &Tensor, f: impl Fn(f32) -> f32) -> Option<Tensor> {
    let data = value.as_slice::<f32>().ok()?.iter().map(|&x| f(x)).collect();
    Tensor::from_vec(value.shape(), data).ok()
}

/// Element by element for equal shapes, or with one side a single value of no higher rank.
fn zip(a: &Tensor, b: &Tensor, f: impl Fn(f32, f32) -> f32) -> Option<Tensor> {
    let (left, right) = (a.as_slice::<f32>().ok()?, b.as_slice::<f32>().ok()?);
    let (shape, data): (_, Vec<f32>) = match (left, right) {
        _ if a.shape() == b.shape() => (a.shape(), left.iter().zip(right).map(|(&x, &y)| f(x, y)).collect()),
        (&[x], _) if a.rank() <= b.rank() => (b.shape(), right.iter().map(|&y| f(x, y)).collect()),
        (_, &[y]) if b.rank() <= a.rank() => (a.shape(), left.iter().map(|&x| f(x, y)).collect()),
        _ => return None,
    };
    Tensor::from_vec(shape, data).ok()
}

/// A shape with at most one -1, for `len` elements.
fn resolve(wanted: &[i64], len: usize) -> Option<Vec<usize>> {
    let known: usize = wanted
        .iter()
        .filter(|&&dim| dim != -1)
        .try_fold(1_usize, |product, &dim| product.checked_mul(usize::try_from(dim).ok()?))?;
    let free = len.checked_div(known)?;
    wanted.iter().map(|&dim| if dim == -1 { Some(free) } else { usize::try_from(dim).ok() }).collect()
}

fn squeeze(node: &Node, value: Tensor) -> Option<Tensor> {
    let axes = node.attributes().ints("squeeze_dims").ok()?;
    let axes = if axes.is_empty() { node.attributes().ints("axis").ok()? } else { axes };
    let rank = i64::try_from(value.rank()).ok()?;
    let axes: Vec<i64> = axes.iter().map(|&axis| if axis < 0 { axis + rank } else { axis }).collect();
    let mut shape = Vec::new();
    for (axis, &dim) in (0_i64..).zip(value.shape()) {
        let listed = axes.contains(&axis);
        if listed && dim != 1 {
            return None;
        }
        if !(listed || (axes.is_empty() && dim == 1)) {
            shape.push(dim);
        }
    }
    value.reshaped(shape).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Net;

    #[test]
    fn expressions_of_constants_have_values() {
        let graph = Net::with_input(&[1, 2])
            .constant("v", &[2], vec![4.0_f32, 16.0])
            .constant("one", &[], vec![1.0_f32])
            .constant("shape", &[4], vec![1_i32, 1, 1, -1])
            .float("root", "Rsqrt", &["v"])
            .float("minus", "Neg", &["root"])
            .float("sum", "AddV2", &["one", "minus"])
            .float("wide", "Reshape", &["sum", "shape"])
            .float("read", "Identity", &["wide"])
            .float("flat", "Squeeze", &["read"])
            .float("fed", "Mul", &["flat", "x"])
            .build();
        let value = |name: &str| evaluate(&graph, graph.outlet(name).unwrap());
        let flat = value("flat").unwrap();
        assert_eq!((flat.shape(), flat.as_slice::<f32>().unwrap()), (&[2][..], &[0.5_f32, 0.75][..]));
        assert_eq!(value("read").unwrap().shape(), [1, 1, 1, 2]);
        assert_eq!(value("fed"), None);
        assert_eq!(value("shape"), None);
    }

    #[test]
    fn an_endless_expression_has_no_value() {
        let mut net = Net::with_input(&[1]).constant("n0", &[1], vec![1.0_f32]);
        for i in 0..40 {
            let (from, name) = (format!("n{i}"), format!("n{}", i + 1));
            net = net.float(&name, "Add", &[&from, &from]);
        }
        let graph = net.build();
        assert_eq!(evaluate(&graph, graph.outlet("n40").unwrap()), None);
        assert!(evaluate(&graph, graph.outlet("n3").unwrap()).is_some());
    }
}
