//! Takes what surrounds a layer into it: padding before it; bias, batch normalization,
//! dequantization, activation, quantization or a sum behind it.

use std::collections::{BTreeMap, BTreeSet};

use amct_tensor::{Internal, internal};

use super::Step;
use crate::fusible::Absorbable;

/// A step that pads: its index, the slot that it reads, and by how much along each axis.
type Padding = (usize, usize, Vec<(usize, usize)>);

/// Takes the constant padding before a layer into it, where nobody else reads what lies between
/// and it is not `kept`.
pub(super) fn padding(mut steps: Vec<Step>, kept: &BTreeSet<usize>) -> Vec<Step> {
    let readers = readers(&steps);
    let mut pads: BTreeMap<usize, Padding> = BTreeMap::new();
    let mut merged: BTreeSet<usize> = BTreeSet::new();
    for (index, step) in steps.iter_mut().enumerate() {
        let source = step.inputs.first().copied().flatten();
        if let (Some(Absorbable::Padding(pads_by)), Some(source), Some(Some(output))) =
            (step.operator.absorbable(), source, step.outputs.first().copied())
            && !kept.contains(&output)
            && readers.get(&output) == Some(&1)
        {
            pads.insert(output, (index, source, pads_by));
        } else if let Some((pad, input, by)) = source.and_then(|source| pads.get(&source))
            && step.operator.as_fusible_mut().is_some_and(|layer| layer.absorb_padding(by))
        {
            // Its first input is `source`, so there is one.
            if let Some(first) = step.inputs.first_mut() {
                *first = Some(*input);
            }
            merged.insert(*pad);
        }
    }
    let kept = steps.into_iter().enumerate().filter(|(index, _)| !merged.contains(index));
    kept.map(|(_, step)| step).collect()
}

pub(super) fn readers(steps: &[Step]) -> BTreeMap<usize, usize> {
    let mut readers = BTreeMap::new();
    for slot in steps.iter().flat_map(|step| step.inputs.iter().copied().flatten()) {
        *readers.entry(slot).or_default() += 1;
    }
    readers
}

/// Merges every step into the one before it that is willing, where nobody else reads what lies
/// between and it is not `kept`.
pub(super) fn following(steps: Vec<Step>, kept: &BTreeSet<usize>) -> Result<Vec<Step>, Internal> {
    let readers = readers(&steps);
    let sole_reader = |slot: &usize| !kept.contains(slot) && readers.get(slot) == Some(&1);
    let mut merged: Vec<Step> = Vec::with_capacity(steps.len());
    let mut maker: BTreeMap<usize, usize> = BTreeMap::new();
    for mut step in steps {
        let earlier = candidates(&step).into_iter().find_map(|(slot, other)| {
            let index = *maker.get(&slot).filter(|_| sole_reader(&slot))?;
            // What else the step reads must be there when the earlier one runs. What no step makes is there from
            // the start: it is fed, or constant.
            if other.is_some_and(|other| maker.get(&other).is_some_and(|&other| other >= index)) {
                return None;
            }
            let Some(Absorbable::Step(next)) = step.operator.absorbable() else { return None };
            let earlier = merged.get_mut(index).filter(|earlier| earlier.outputs.len() == 1)?;
            let is_taken = earlier.operator.as_fusible_mut()?.absorb(&next);
            is_taken.then_some((index, other))
        });
        let Some((index, other)) = earlier else {
            maker.extend(step.outputs.iter().flatten().map(|&slot| (slot, merged.len())));
            merged.push(step);
            continue;
        };
        maker.extend(step.outputs.iter().flatten().map(|&slot| (slot, index)));
        let earlier = merged.get_mut(index);
        let earlier = earlier.ok_or_else(|| internal!("no step {index} before '{}'", step.node))?;
        earlier.absorbed.push(step.op);
        earlier.outputs = std::mem::take(&mut step.outputs);
        earlier.inputs.extend(other.map(Some));
    }
    Ok(merged)
}

/// The inputs that could be computed by this very step, each with the other one if there is one.
/// What else the step reads it holds itself, so it may run earlier than its place.
fn candidates(step: &Step) -> Vec<(usize, Option<usize>)> {
    match *step.inputs.iter().copied().flatten().collect::<Vec<_>>().as_slice() {
        [slot] => vec![(slot, None)],
        [left, right] if left != right => vec![(left, Some(right)), (right, Some(left))],
        _ => Vec::new(),
    }
}
