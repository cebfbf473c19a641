//! When each value can be dropped.

use std::collections::BTreeSet;

use super::Step;

/// Notes at each step the slots that nobody needs after it. Outputs of the plan stay.
pub(super) fn mark_releases(steps: &mut [Step], outputs: &[usize]) {
    let mut needed: BTreeSet<usize> = outputs.iter().copied().collect();
    for step in steps.iter_mut().rev() {
        let touched: BTreeSet<usize> = step.inputs.iter().chain(&step.outputs).copied().flatten().collect();
        step.releases = touched.into_iter().filter(|&slot| needed.insert(slot)).collect();
    }
}
