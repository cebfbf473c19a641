//! What was folded into one layer, by the names of the original nodes.

use crate::provenance::{Standing, Told};

/// A layer that something was folded into, by the names of its nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldedGroup {
    /// The layer, which keeps its name.
    pub layer: String,
    /// The `BiasAdd` behind it, if there now is one.
    pub bias_add: Option<String>,
    /// The original nodes of the group in order: batch norm in front, layer, `BiasAdd` if there was
    /// one, what was folded from behind.
    pub original: Vec<String>,
    /// What was folded from behind a node that stays.
    pub through: Option<Through>,
}

/// A node that stays between a layer and what was folded into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Through {
    /// `BatchToSpaceND`, `Reshape` or a concatenation.
    pub node: String,
    /// The original nodes behind it that were folded, in order; its output is now that of the last.
    pub folded: Vec<String>,
}

impl FoldedGroup {
    /// The node that now ends the layer.
    pub fn end(&self) -> &str {
        self.bias_add.as_deref().unwrap_or(&self.layer)
    }

    /// The original node whose output the layer's end now gives; `None` if there is none, since
    /// something was folded from behind another node.
    pub fn last(&self) -> Option<&str> {
        if self.through.is_some() { None } else { self.original.last().map(String::as_str) }
    }

    /// What its nodes stand for.
    pub(super) fn told(&self) -> Told {
        let stands_for = |nodes: Vec<String>, output_of: Option<&str>| Standing::For {
            nodes,
            output_of: output_of.map(str::to_owned),
        };
        let mut told = Told::new();
        told.insert(self.layer.clone(), stands_for(self.original.clone(), None));
        told.insert(self.end().to_owned(), stands_for(self.original.clone(), self.last()));
        if let Some(Through { node, folded }) = &self.through {
            let own = [node].into_iter().chain(folded).cloned().collect();
            told.insert(node.clone(), stands_for(own, folded.last().map(String::as_str)));
        }
        told
    }

    /// Takes in what a later round folded into the same layer.
    pub(super) fn append(&mut self, later: Self) {
        // The layer, and a BiasAdd that was original or made by an earlier round, are known.
        let known = 1 + usize::from(self.bias_add.is_some() && self.bias_add == later.bias_add);
        let fresh = later.original.into_iter().skip(known);
        self.original.extend(fresh);
        self.bias_add = later.bias_add;
        match (&mut self.through, later.through) {
            (Some(through), Some(later)) => through.folded.extend(later.folded),
            (through, later) => *through = through.take().or(later),
        }
    }

    /// Takes in a batch norm that was folded from in front of the layer, and where its bias now is.
    pub(super) fn prepend(&mut self, norm: Vec<String>, bias_add: Option<String>) {
        self.original.splice(0..0, norm);
        self.bias_add = bias_add;
    }
}
