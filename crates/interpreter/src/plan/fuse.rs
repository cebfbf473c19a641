//! Takes a bias and an activation into the convolution before them.

use std::collections::{BTreeMap, BTreeSet};

use super::Step;
use crate::operator::Following;

/// Merges every step into the one before it that is willing, where nobody else reads what lies
/// between and it is not `kept`.
pub(super) fn fuse(steps: Vec<Step>, kept: &BTreeSet<usize>) -> Vec<Step> {
    let mut readers: BTreeMap<usize, usize> = BTreeMap::new();
    for slot in steps.iter().flat_map(|step| step.inputs.iter().copied().flatten()) {
        *readers.entry(slot).or_default() += 1;
    }
    let sole_reader = |slot: &usize| !kept.contains(slot) && readers.get(slot) == Some(&1);
    let mut fused: Vec<Step> = Vec::with_capacity(steps.len());
    let mut maker: BTreeMap<usize, usize> = BTreeMap::new();
    for step in steps {
        let earlier = candidate(&step).filter(|(slot, _)| sole_reader(slot)).and_then(|(slot, following)| {
            let index = *maker.get(&slot)?;
            let earlier = fused.get_mut(index)?;
            let willing = earlier.outputs.len() == 1 && earlier.operator.absorb(&following);
            willing.then_some((index, earlier))
        });
        if let Some((index, earlier)) = earlier {
            earlier.outputs = step.outputs;
            maker.extend(earlier.outputs.iter().flatten().map(|&slot| (slot, index)));
            continue;
        }
        maker.extend(step.outputs.iter().flatten().map(|&slot| (slot, fused.len())));
        fused.push(step);
    }
    fused
}

/// The one input of a step that could be computed by the step before it. What else it reads it
/// holds itself, so it may run earlier than its place.
fn candidate(step: &Step) -> Option<(usize, Following)> {
    let mut inputs = step.inputs.iter().copied().flatten();
    match (inputs.next(), inputs.next()) {
        (Some(slot), None) => Some((slot, step.operator.as_following()?)),
        _ => None,
    }
}
