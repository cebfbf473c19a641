//! Several images, one by one.
//!
//! One image after the other keeps its tensors in the caches, and a thread for each image needs no
//! division of small layers. The first image finds out how far the images can be kept apart; the
//! others follow; then the plan goes on with all of them in one tensor.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::{Frame, unseen};
use crate::ops::array::concat::joined;
use crate::plan::Step;
use crate::{Plan, RunError, Value};

/// Runs the plan with every feed cut along its first axis. `None` if there is nothing to gain, or
/// if it does not work out; then the plan must be run as a whole.
pub(super) fn run(plan: &Plan, feeds: &[(usize, Value)]) -> Option<Vec<Value>> {
    let count = count(feeds)?;
    let mut limit = plan.steps.len();
    let (steps, first) = loop {
        match pilot(plan, feeds, limit) {
            (0, _) => return None,
            (steps, Ok(live)) => break (steps, live),
            (steps, Err(_)) => limit = steps,
        }
    };
    let others: Vec<Vec<(usize, Value)>> = (1..count)
        .into_par_iter()
        .map(|image| follow(plan, feeds, image, steps, &first))
        .collect::<Option<_>>()?;
    let stacked = first.iter().enumerate().map(|(index, (slot, value))| {
        let rest = others.iter().map(|live| live.get(index).map(|(_, value)| value.clone()));
        let all: Option<Vec<Value>> = std::iter::once(Some(value.clone())).chain(rest).collect();
        Some((*slot, joined(all?, 0).ok()?))
    });
    let stacked: Vec<(usize, Value)> = stacked.collect::<Option<_>>()?;
    plan.run_from(steps, plan.frame(stacked).ok()?, &mut unseen).ok()
}

/// The number of images, if all feeds have the same and there are several.
fn count(feeds: &[(usize, Value)]) -> Option<usize> {
    let (_, first) = feeds.first()?;
    let count = *first.shape().first().filter(|&&count| count > 1)?;
    let same = |value: &Value| value.shape().len() > 1 && value.shape().first() == Some(&count);
    feeds.iter().all(|(_, value)| same(value)).then_some(count)
}

/// The feeds of one image.
fn cut(feeds: &[(usize, Value)], image: usize) -> Option<Vec<(usize, Value)>> {
    let cut = |value: &Value| match value {
        Value::Plain(tensor) => Some(tensor.row(image).ok()?.into()),
        Value::Quantized { .. } => None,
    };
    feeds.iter().map(|(slot, value)| Some((*slot, cut(value)?))).collect()
}

type Live = Vec<(usize, Value)>;

/// Runs the first image up to the first step that does not keep images apart, at most `limit`
/// steps. Gives the number of steps and the values that are live then, or the number of steps to
/// which to limit another try.
fn pilot(plan: &Plan, feeds: &[(usize, Value)], limit: usize) -> (usize, Result<Live, RunError>) {
    let Some(image) = cut(feeds, 0) else { return (0, Ok(Vec::new())) };
    let mut batched: BTreeSet<usize> = image.iter().map(|(slot, _)| *slot).collect();
    let mut frame = match plan.frame(image) {
        Ok(frame) => frame,
        Err(error) => return (0, Err(error.into())),
    };
    let mut done = 0;
    for step in plan.steps.iter().take(limit) {
        if !keeps_apart(step, &frame, &batched) {
            break;
        }
        if let Err(error) = plan.run_step(step, &mut frame, &mut unseen) {
            return (done, Err(error));
        }
        let output = step.outputs.first().copied().flatten();
        let one = |slot: usize| frame.get(slot)?.as_ref()?.shape().first().copied();
        match output {
            Some(slot) if one(slot) == Some(1) => {
                batched.insert(slot);
            }
            Some(_) => return (done, Err(RunError::MissingOutput(step.node.clone()))),
            None => {}
        }
        done += 1;
    }
    let live = frame.into_iter().enumerate().filter(|(slot, _)| batched.contains(slot));
    (done, Ok(live.filter_map(|(slot, value)| Some((slot, value?))).collect()))
}

/// Whether a step computes each image from that image alone.
fn keeps_apart(step: &Step, frame: &Frame, batched: &BTreeSet<usize>) -> bool {
    let flag = |slot: &Option<usize>| slot.is_some_and(|slot| batched.contains(&slot));
    let flags: Vec<bool> = step.inputs.iter().map(flag).collect();
    let inputs: Vec<Option<Value>> =
        step.inputs.iter().map(|slot| slot.and_then(|slot| frame.get(slot)?.clone())).collect();
    // A second output might be something else than one row per image.
    flags.contains(&true) && step.outputs.len() == 1 && step.operator.is_per_image(&inputs, &flags)
}

/// Runs another image through the steps of the first; its values must have the same shapes.
fn follow(plan: &Plan, feeds: &[(usize, Value)], image: usize, steps: usize, first: &Live) -> Option<Live> {
    let mut frame = plan.frame(cut(feeds, image)?).ok()?;
    amct_kernels::sequentially(|| {
        let mut next = 0;
        while next < steps {
            next += plan.advance(next, steps, &mut frame, &mut unseen).ok()?.steps;
        }
        Some(())
    })?;
    first
        .iter()
        .map(|(slot, expected)| {
            let value = frame.get_mut(*slot)?.take()?;
            (value.shape() == expected.shape()).then_some((*slot, value))
        })
        .collect()
}
