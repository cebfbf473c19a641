//! The library of functions that a file may bring besides its nodes.
//!
//! ATC asks for a file with the functions as soon as a node calls one, and does not look at a library that
//! nobody calls. So the latter is not written: it would only be read by nobody. One that is called stays,
//! for TensorFlow, and [`verify`](crate::verify()) names the nodes that call it.

use amct_graph::{AttrValue, FuncAttr, Graph, GraphError, Node, Patch};

/// Leaves out a library that no node calls.
///
/// # Errors
/// None that a consistent graph can cause.
pub fn drop_uncalled_library(graph: &mut Graph) -> Result<(), GraphError> {
    if graph.meta().functions.is_empty() || graph.nodes().any(|(_, node)| called(graph, node).is_some()) {
        return Ok(());
    }
    log::info!(target: "library", "{} functions that no node calls are left out", graph.meta().functions.len());
    let mut patch = Patch::new();
    patch.drop_library();
    graph.apply(&patch).map(|_| ())
}

/// A function that a node calls: by its op, or in an attribute, as `PartitionedCall`, `If` and `While` do.
pub(crate) fn called<'a>(graph: &'a Graph, node: &'a Node) -> Option<&'a str> {
    let by_op = graph.meta().functions.iter().find(|name| **name == node.op).map(String::as_str);
    by_op.or_else(|| {
        node.attrs.values().find_map(|value| functions(value).first().map(|func| func.name.as_str()))
    })
}

fn functions(value: &AttrValue) -> &[FuncAttr] {
    match value {
        AttrValue::Func(func) => std::slice::from_ref(func),
        AttrValue::List(list) => &list.funcs,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use amct_graph::{GraphMeta, ListAttr};
    use bytes::Bytes;

    use super::*;

    /// One node beside a library of `f` and `g`; what is left of the library, and what the node calls.
    fn library_of(op: &str, attr: AttrValue) -> (usize, Option<String>) {
        let mut node = Node { name: "n".into(), op: op.into(), ..Node::default() };
        node.attrs.insert("a".into(), attr);
        let meta = GraphMeta {
            library: Some(Bytes::from_static(b"functions")),
            functions: vec!["f".into(), "g".into()],
            ..GraphMeta::default()
        };
        let mut graph = Graph::from_named([(node, Vec::new())], meta).unwrap();
        drop_uncalled_library(&mut graph).unwrap();
        assert_eq!(graph.meta().library.is_some(), !graph.meta().functions.is_empty());
        let id = graph.find("n").unwrap();
        (graph.meta().functions.len(), called(&graph, graph.node(id)).map(str::to_owned))
    }

    #[test]
    fn a_library_stays_only_if_a_node_calls_it() {
        let g = || FuncAttr { name: "g".into(), ..FuncAttr::default() };
        let branches = AttrValue::List(ListAttr { funcs: vec![g()], ..ListAttr::default() });
        assert_eq!(library_of("Relu", AttrValue::string("f")), (0, None));
        assert_eq!(library_of("f", AttrValue::Unset), (2, Some("f".to_owned())));
        assert_eq!(library_of("PartitionedCall", AttrValue::Func(g())), (2, Some("g".to_owned())));
        assert_eq!(library_of("Case", branches), (2, Some("g".to_owned())));
    }
}
