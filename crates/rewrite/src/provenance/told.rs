//! What passes tell of the nodes that they make or change, and what all of them together say of a graph: the
//! contents of `_quant.json`.

use std::collections::BTreeMap;

use amct_graph::{Graph, GraphError};

/// A node of the last graph and the nodes of the first one that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeOrigin {
    /// Name in the last graph.
    pub name: String,
    /// Its op.
    pub op: String,
    /// Names in the first graph. A node nobody touched has its own name; the nodes of a
    /// quantized or folded layer and all that was inserted for it have the whole group:
    /// layer, `BiasAdd`, batch norm, as far as there were such.
    pub original: Vec<String>,
    /// The original node whose output 0 equals this node's output: set for the node that ends a
    /// quantized layer (`AscendDequant`) or a folded one that is not quantized (`BiasAdd`).
    pub output_of: Option<String>,
}

/// What a node of the graph after a pass stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// For nodes of the graph before it.
    For {
        /// Their names.
        nodes: Vec<String>,
        /// The one of them whose output 0 is the node's own.
        output_of: Option<String>,
    },
    /// For what this node stands for in the end: it was made for that one.
    Beside(String),
    /// For the original node of its name, and for no other.
    Itself,
}

/// What one pass tells, by the names of the graph after it. A node that it does not name is what it was.
pub type Told = BTreeMap<String, Standing>;

/// What the passes say together of every node of the last graph, in topological order.
///
/// # Errors
/// [`GraphError::Cycle`].
pub fn compose(graph: &Graph, passes: &[&Told]) -> Result<Vec<NodeOrigin>, GraphError> {
    let of = |name: &str| originals(passes, name);
    let origin = |id| {
        let node = graph.node(id);
        let original = match beside(passes, &node.name) {
            Some(other) if graph.find(other).is_some() => of(other),
            Some(other) => vec![other.to_owned()],
            None => of(&node.name),
        };
        let told = passes.iter().any(|pass| pass.contains_key(&node.name));
        let output_of = if told { output(passes, &node.name) } else { None };
        NodeOrigin { name: node.name.clone(), op: node.op.clone(), original, output_of }
    };
    Ok(graph.topological_order()?.into_iter().map(origin).collect())
}

/// The node that one was made for.
fn beside<'t>(passes: &[&'t Told], name: &str) -> Option<&'t str> {
    match passes.iter().rev().find_map(|pass| pass.get(name))? {
        Standing::Beside(other) => Some(other),
        Standing::For { .. } | Standing::Itself => None,
    }
}

/// The nodes of the first graph that a node stands for, each once.
fn originals(passes: &[&Told], name: &str) -> Vec<String> {
    let own = || vec![name.to_owned()];
    let Some((last, earlier)) = passes.split_last() else { return own() };
    match last.get(name) {
        None => originals(earlier, name),
        Some(Standing::Itself) => own(),
        Some(Standing::Beside(other)) => originals(earlier, other),
        Some(Standing::For { nodes, .. }) => {
            let mut all: Vec<String> = Vec::new();
            for original in nodes.iter().flat_map(|node| originals(earlier, node)) {
                if !all.contains(&original) {
                    all.push(original);
                }
            }
            all
        }
    }
}

/// The node of the first graph whose output 0 a node's is; its own name, if no pass tells of it.
fn output(passes: &[&Told], name: &str) -> Option<String> {
    let Some((last, earlier)) = passes.split_last() else { return Some(name.to_owned()) };
    match last.get(name) {
        None => output(earlier, name),
        Some(Standing::Itself | Standing::Beside(_)) => None,
        Some(Standing::For { output_of, .. }) => output(earlier, output_of.as_ref()?),
    }
}

#[cfg(test)]
mod tests {
    use amct_graph::{GraphMeta, Node};

    use super::*;

    fn stands_for(nodes: &[&str], output_of: Option<&str>) -> Standing {
        let nodes = nodes.iter().map(|&name| name.to_owned()).collect();
        Standing::For { nodes, output_of: output_of.map(str::to_owned) }
    }

    fn told<const N: usize>(rows: [(&str, Standing); N]) -> Told {
        rows.map(|(name, standing)| (name.to_owned(), standing)).into()
    }

    #[test]
    fn a_later_pass_is_put_behind_an_earlier_one() {
        let node = |name: &str| (Node { name: name.into(), op: "Op".into(), ..Node::default() }, Vec::new());
        let names = ["x", "mul", "conv", "bias_add", "dequant", "out"];
        let graph = Graph::from_named(names.map(node), GraphMeta::default()).unwrap();
        let group = ["conv", "norm"];
        let fold = told([
            ("conv", stands_for(&group, None)),
            ("bias_add", stands_for(&group, Some("norm"))),
            ("out", stands_for(&["front", "out"], Some("out"))),
        ]);
        let balance = told([("mul", Standing::Beside("conv".into()))]);
        let layer = ["conv", "bias_add"];
        let insert = told([
            ("conv", stands_for(&layer, None)),
            ("bias_add", stands_for(&layer, None)),
            ("dequant", stands_for(&layer, Some("bias_add"))),
            ("out", Standing::Itself),
        ]);
        let all = compose(&graph, &[&fold, &balance, &insert]).unwrap();
        let of = |name: &str| all.iter().find(|node| node.name == name).unwrap();
        for name in ["mul", "conv", "bias_add", "dequant"] {
            assert_eq!(of(name).original, group, "{name}");
        }
        assert_eq!(of("dequant").output_of.as_deref(), Some("norm"));
        assert_eq!(of("bias_add").output_of, None);
        assert_eq!((of("out").original.as_slice(), &of("out").output_of), (&["out".to_owned()][..], &None));
        assert_eq!(of("x").original, ["x"]);
        // What is not quantized is as folding left it.
        let folded = compose(&graph, &[&fold]).unwrap();
        let end = folded.iter().find(|node| node.name == "bias_add").unwrap();
        assert_eq!(end.output_of.as_deref(), Some("norm"));
    }
}
