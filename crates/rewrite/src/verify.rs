//! Whether a graph is what Huawei's ATC accepts as quantized by AMCT.
//!
//! [`RULES`] is the checklist of `docs/sources/atc.md` section 6.1 under its own numbers, [`ADVICE`] that
//! of section 6.2 there, one small function per rule. That names are unique and inputs exist is already sure
//! once there is a [`Graph`]. Rule 26 (a `Relu6` may stay) asks for nothing; that a `Relu` may take its place only
//! where all readers clip at 6 is part of rule 7. A rule that needs to know the float graph is
//! checked only if one is given.

mod advice;
mod attributes;
mod constants;
mod context;
mod dequant;
mod file;
mod groups;
mod names;
mod original;
mod patterns;
mod rules;
#[cfg(test)]
mod tests;
mod weights;

use std::fmt;

use amct_graph::Graph;

pub use rules::{ADVICE, RULES, Rule};

use context::{Context, Findings};

use crate::provenance::Counterparts;

/// How binding a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// ATC, or TensorFlow with AMCT's kernels, refuses the graph or computes something else.
    Must,
    /// Accepted, but other tools expect it differently, or ATC falls back to float16.
    Should,
    /// In order, but worth knowing: the layer may not run in int8, or gain nothing by it.
    Note,
}

/// One place where a graph breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// Number of the rule in [`RULES`].
    pub rule: u8,
    /// Its title.
    pub title: &'static str,
    /// What the rule protects.
    pub protects: &'static str,
    /// The node, empty if it concerns the whole file.
    pub node: String,
    /// What was found.
    pub found: String,
    /// What is accepted.
    pub expected: String,
    /// How binding it is.
    pub severity: Severity,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.node.is_empty() { "the file" } else { &self.node };
        let Violation { rule, title, protects, found, expected, .. } = self;
        write!(f, "rule {rule} ({title}): {place}: found {found}, expected {expected}; {protects}")
    }
}

/// Checks a graph against every rule, in the order of the rules; empty if it keeps them all.
///
/// `original` is the float graph it was made of, before or after folding; without it the rules on
/// what must stay the same (5 to 7, part of 2 and 10) are not checked. `outputs` are the requested
/// outputs as `name` or `name:slot`. What became of the original is inferred; [`verify_beside`] takes what is known.
pub fn verify(graph: &Graph, original: Option<&Graph>, outputs: &[String]) -> Vec<Violation> {
    let original = original.map(|original| Counterparts::infer(graph, original, outputs));
    check(&RULES, &Context::new(graph, original, outputs))
}

/// Checks a graph as [`verify`] does, beside its original.
pub fn verify_beside(graph: &Graph, original: Counterparts<'_>, outputs: &[String]) -> Vec<Violation> {
    check(&RULES, &Context::new(graph, Some(original), outputs))
}

pub use crate::rollback_rule::Shapes;

/// What is worth knowing of a quantized graph that keeps the rules, in the order of [`ADVICE`]. `shapes` are
/// those of [`deciding_outlets`](crate::rollback_rule::deciding_outlets), as far as they are known.
pub fn advise(graph: &Graph, shapes: Shapes) -> Vec<Violation> {
    check(&ADVICE, &Context { shapes, ..Context::new(graph, None, &[]) })
}

fn check(rules: &[Rule], context: &Context<'_>) -> Vec<Violation> {
    let mut findings = Findings::default();
    for rule in rules {
        findings.start(rule);
        if let Some(check) = rule.check {
            check(context, &mut findings);
        }
    }
    findings.violations
}
