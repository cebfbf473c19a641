//! Where nodes ask to be placed: the entries `loc:@NAME` of the attribute `_class`.
//!
//! A place says on which device a node runs, not what it computes. TensorFlow refuses a graph where a
//! node that is named so is missing.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use crate::{AttrValue, Graph, Node};

const CLASS: &str = "_class";
const PREFIX: &[u8] = b"loc:@";

impl Node {
    /// The attribute `_class` without the places at nodes that are gone, if there is anything else in it.
    pub fn class_without(&self, is_gone: &dyn Fn(&str) -> bool) -> Option<AttrValue> {
        let value = self.attrs.get(CLASS)?;
        let AttrValue::List(list) = value else { return Some(value.clone()) };
        let mut left = list.clone();
        left.s.retain(|entry| !place(entry).is_some_and(is_gone));
        (left.s.len() == list.s.len() || !left.s.is_empty()).then_some(AttrValue::List(left))
    }
}

impl Graph {
    /// Lets nobody ask for a place at the nodes of these names. A list that is left empty goes too.
    pub(crate) fn forget_places(&mut self, gone: &BTreeSet<String>) {
        if gone.is_empty() {
            return;
        }
        let is_gone = |name: &str| gone.contains(name);
        let asks = |entry: &Bytes| place(entry).is_some_and(is_gone);
        for slot in self.slots.iter_mut().flatten() {
            let has_gone =
                |value: &AttrValue| matches!(value, AttrValue::List(list) if list.s.iter().any(asks));
            if !slot.attrs.get(CLASS).is_some_and(has_gone) {
                continue;
            }
            let left = slot.class_without(&is_gone);
            let attrs = &mut Arc::make_mut(slot).attrs;
            match left {
                Some(value) => attrs.insert(CLASS.to_owned(), value),
                None => attrs.remove(CLASS),
            };
        }
    }
}

fn place(entry: &[u8]) -> Option<&str> {
    std::str::from_utf8(entry.strip_prefix(PREFIX)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GraphMeta, ListAttr, NewNode, Patch};

    fn places(names: &[&str]) -> AttrValue {
        let s = names.iter().map(|name| Bytes::from(format!("loc:@{name}"))).collect();
        AttrValue::List(ListAttr { s, ..ListAttr::default() })
    }

    fn placed(name: &str, at: &[&str]) -> Node {
        let mut node = Node { name: name.into(), op: "Op".into(), ..Node::default() };
        node.attrs.insert(CLASS.into(), places(at));
        node
    }

    #[test]
    fn a_removed_node_is_no_place_unless_another_takes_its_name() {
        let nodes =
            [("w", &["w"][..]), ("v", &[]), ("both", &["w", "v"]), ("one", &["v"]), ("far", &["out"])];
        let nodes = nodes.into_iter().map(|(name, at)| (placed(name, at), Vec::new()));
        let mut graph = Graph::from_named(nodes, GraphMeta::default()).unwrap();
        let mut patch = Patch::new();
        ["w", "v"].iter().for_each(|name| patch.remove(graph.find(name).unwrap()));
        patch.add(NewNode::new("w", "Identity", []));
        graph.apply(&patch).unwrap();
        let class = |name: &str| graph.node(graph.find(name).unwrap()).attrs.get(CLASS).cloned();
        assert_eq!(class("both"), Some(places(&["w"])));
        assert_eq!(class("one"), None);
        // A place that the file itself does not have is the file's own affair.
        assert_eq!(class("far"), Some(places(&["out"])));
    }
}
