//! Which layers can pass lines on to the next one.

use std::collections::BTreeSet;

use super::Step;
use super::absorb::readers;

/// Marks each layer whose output only the next step reads, line by line, and that is not `kept`.
pub(super) fn mark(steps: &mut [Step], kept: &BTreeSet<usize>) {
    let readers = readers(steps);
    let passes_on = |pair: &[Step]| -> Option<bool> {
        let [step, next] = pair else { return None };
        let layer = step.line_layer()?;
        layer.line_type()?;
        next.line_layer()?.line_type()?;
        let &[Some(output)] = step.outputs.as_slice() else { return None };
        let read = next.inputs.first().copied().flatten()?;
        let alone = !kept.contains(&output) && readers.get(&output) == Some(&1);
        Some(read == output && alone && !layer.accumulates())
    };
    let marks: Vec<bool> = steps.windows(2).map(|pair| passes_on(pair) == Some(true)).collect();
    for (step, mark) in steps.iter_mut().zip(marks) {
        step.passes_lines_on = mark;
    }
}
