//! Names for new nodes in AMCT's manner: the layer's scope, then a scope for what is inserted.

use std::collections::BTreeSet;

use amct_graph::Graph;

/// All names of a graph and those given out since.
#[derive(Debug)]
pub(crate) struct ScopeNames {
    taken: BTreeSet<String>,
}

impl ScopeNames {
    pub(crate) fn of(graph: &Graph) -> Self {
        Self { taken: graph.nodes().map(|(_, node)| node.name.clone()).collect() }
    }

    /// A scope `S/wanted` beside the node `layer` that no name uses yet, else `S/wanted_1` and so
    /// on; S is the layer's name without its last component, and nothing for a layer at top level.
    /// The scope is taken from now on.
    pub(crate) fn scope(&mut self, layer: &str, wanted: &str) -> String {
        let base = match layer_scope(layer) {
            "" => wanted.to_owned(),
            parent => format!("{parent}/{wanted}"),
        };
        let mut scope = base.clone();
        let mut number = 0_u32;
        while self.is_taken(&scope) {
            number += 1;
            scope = format!("{base}_{number}");
        }
        self.taken.insert(scope.clone());
        scope
    }

    fn is_taken(&self, scope: &str) -> bool {
        let inside = format!("{scope}/");
        self.taken.contains(scope)
            || self.taken.range(inside.clone()..).next().is_some_and(|name| name.starts_with(&inside))
    }
}

/// A node's name without its last component.
pub(crate) fn layer_scope(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(scope, _)| scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_gets_a_number_only_if_something_is_in_it() {
        let taken = ["a/act_quant/x", "a/dequant", "b/act_quantile/y"].map(str::to_owned);
        let mut names = ScopeNames { taken: taken.into() };
        assert_eq!(names.scope("a/conv", "act_quant"), "a/act_quant_1");
        assert_eq!(names.scope("a/conv", "act_quant"), "a/act_quant_2");
        assert_eq!(names.scope("a/conv", "dequant"), "a/dequant_1");
        assert_eq!(names.scope("b/conv", "act_quant"), "b/act_quant");
        assert_eq!(names.scope("conv", "act_quant"), "act_quant");
    }
}
