//! The story of a graph: every pass that it goes through, in order.
//!
//! The passes differ in what they have to know, so each is a function of its own; what they have in common is that
//! they change a graph by patches, report node by node, and tell what becomes of nodes and values
//! ([`provenance`](crate::provenance)).

/// A pass, as ARCHITECTURE.md lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassInfo {
    /// Its function, or its name among the [`tidy::passes`](crate::tidy::passes()).
    pub name: &'static str,
    /// What it does.
    pub does: &'static str,
    /// Whether its change belongs into the file that is written.
    pub is_written: bool,
    /// In which form it tells what became of the graph it was given.
    pub tells: Tells,
}

/// The form in which a pass tells what became of the graph it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tells {
    /// [`Moves`](crate::provenance::Moves) of values, for whoever computes the graph.
    Moves,
    /// What nodes stand for, as [`Told`](crate::provenance::Told), for `_quant.json`.
    Origins,
    /// Nothing: every value keeps its name.
    Nothing,
}

/// All passes, in the order in which a graph goes through them. (Scanning for layers and verifying change nothing;
/// taking fake quantization out makes the float graph that this begins with.)
pub const PASSES: [PassInfo; 6] = [
    PassInfo {
        name: "decide_conditionals",
        does: "`Switch` and `Merge` with a constant predicate; what lies on a dead branch is never looked at, however \
               exotic",
        is_written: false,
        tells: Tells::Moves,
    },
    PassInfo {
        name: "drop_inert_dropouts",
        does: "the constant mask in the place of a dropout that drops nothing, so that no random number is drawn",
        is_written: false,
        tells: Tells::Moves,
    },
    PassInfo {
        name: "fold",
        does: "batch norm, factors and summands into layers",
        is_written: true,
        tells: Tells::Origins,
    },
    PassInfo {
        name: "balance",
        does: "a part of the differences between channels from data into weights",
        is_written: true,
        tells: Tells::Origins,
    },
    PassInfo { name: "insert_quantization", does: "AMCT's ops", is_written: true, tells: Tells::Origins },
    PassInfo {
        name: "roll_back",
        does: "layers that ATC gives back to float",
        is_written: false,
        tells: Tells::Nothing,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_story_begins_with_the_tidying_passes() {
        let tidying = crate::tidy::passes().map(|pass| (pass.name(), pass.is_written(), Tells::Moves));
        let listed = PASSES.iter().map(|pass| (pass.name, pass.is_written, pass.tells));
        let listed: Vec<_> = listed.filter(|pass| pass.2 == Tells::Moves).collect();
        assert_eq!(listed, tidying);
        assert!(PASSES.iter().zip(tidying).all(|(pass, (name, ..))| pass.name == name));
    }
}
