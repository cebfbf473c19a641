//! Runs a plan: feeds in, steps one after the other, observers, outputs.

use std::sync::Arc;

use amct_graph::Outlet;
use amct_tensor::{Internal, internal};

use crate::operator::Inputs;
use crate::plan::{Feed, Step};
use crate::{Feeds, OpError, Plan, RunError, Value};

mod bands;
mod per_image;

/// What a run does with an observed value; an error, of the caller's own type, ends the run.
pub(crate) type Observer<'a, E> = dyn FnMut(Outlet, &Value) -> Result<(), E> + 'a;

/// The observer of a run that shows nothing.
pub(crate) fn unseen(_: Outlet, _: &Value) -> Result<(), RunError> {
    Ok(())
}

/// What was done at once.
pub(crate) struct Advance {
    /// Steps that have been run.
    pub(crate) steps: usize,
    /// Multiply-adds of their sums of products.
    pub(crate) multiply_adds: usize,
}

/// The values of a run, by slot.
pub(crate) type Frame = Vec<Option<Value>>;

impl Plan {
    /// Runs the plan. `feeds` gives a value for each input by name; the result has one value per
    /// output asked for at [`Plan::compile`].
    ///
    /// Several images in the first axis of the inputs run one by one, as many at a time as there
    /// are threads, as far as the operators keep them apart. That is quicker, and the results are
    /// the same.
    ///
    /// # Errors
    /// [`RunError`] naming the node or input.
    pub fn run(&self, feeds: &Feeds) -> Result<Vec<Value>, RunError> {
        in_pool(|| {
            if !self.observed.is_empty() {
                return self.run_observed(feeds, &mut unseen);
            }
            let feeds = self.checked(feeds)?;
            match per_image::run(self, &feeds) {
                Some(results) => Ok(results),
                None => self.run_from(0, self.frame(feeds)?, &mut unseen),
            }
        })
    }

    /// Runs the plan and shows each observed outlet's value to `observer` once it is computed, in
    /// the order of computation. The observer's errors are the caller's, and come back as they are.
    ///
    /// # Errors
    /// [`RunError`] naming the node or input, or what the observer returns.
    pub fn run_observed<E: From<RunError>>(
        &self,
        feeds: &Feeds,
        observer: &mut Observer<'_, E>,
    ) -> Result<Vec<Value>, E> {
        let feeds = self.checked(feeds)?;
        let mut frame = vec![None; self.slots];
        let constants = self.constants.iter().map(|(slot, value)| (*slot, value.clone()));
        for (slot, value) in constants.chain(feeds) {
            self.store(&mut frame, slot, value, observer)?;
        }
        self.run_from(0, frame, observer)
    }

    /// The values for the inputs, by slot.
    pub(crate) fn checked(&self, feeds: &Feeds) -> Result<Vec<(usize, Value)>, RunError> {
        let slots = self.feeds.iter().map(|feed| {
            let value = feeds.get(&feed.name).ok_or_else(|| RunError::MissingFeed(feed.name.clone()))?;
            feed.check(value)?;
            Ok((feed.slot, value.clone()))
        });
        slots.collect()
    }

    /// A frame with these values and the constants.
    pub(crate) fn frame(&self, values: impl IntoIterator<Item = (usize, Value)>) -> Result<Frame, Internal> {
        let mut frame = vec![None; self.slots];
        let constants = self.constants.iter().map(|(slot, value)| (*slot, value.clone()));
        for (slot, value) in constants.chain(values) {
            *place(&mut frame, slot)? = Some(value);
        }
        Ok(frame)
    }

    /// Runs the steps from `first` on and gives the outputs.
    pub(crate) fn run_from<E: From<RunError>>(
        &self,
        first: usize,
        mut frame: Frame,
        observer: &mut Observer<'_, E>,
    ) -> Result<Vec<Value>, E> {
        let mut next = first;
        while next < self.steps.len() {
            next += self.advance(next, self.steps.len(), &mut frame, observer)?.steps;
        }
        let outputs = self.outputs.iter().map(|&slot| {
            let value = frame.get(slot).cloned().flatten();
            value.ok_or_else(|| internal!("nothing is in output slot {slot}"))
        });
        Ok(outputs.collect::<Result<_, _>>().map_err(RunError::from)?)
    }

    /// Runs step `index`, and those behind it, up to `limit`, that are computed together with it.
    pub(crate) fn advance<E: From<RunError>>(
        &self,
        index: usize,
        limit: usize,
        frame: &mut Frame,
        observer: &mut Observer<'_, E>,
    ) -> Result<Advance, E> {
        if let Some(together) = self.run_bands(index..limit, frame, observer)? {
            return Ok(together);
        }
        let step = self.steps.get(index);
        let step = step.ok_or_else(|| RunError::from(internal!("step {index} of {}", self.steps.len())))?;
        self.run_step(step, frame, observer)?;
        let output = step.outputs.first().copied().flatten().and_then(|slot| frame.get(slot)?.as_ref());
        let elements = output.map_or(0, |output| output.shape().iter().product());
        Ok(Advance { steps: 1, multiply_adds: elements.saturating_mul(step.depth()) })
    }

    pub(crate) fn run_step<E: From<RunError>>(
        &self,
        step: &Step,
        values: &mut [Option<Value>],
        observer: &mut Observer<'_, E>,
    ) -> Result<(), E> {
        let mut outputs = self.compute(step, values)?.into_iter();
        for (index, slot) in step.outputs.iter().enumerate() {
            let value = outputs.next();
            if let Some(slot) = *slot {
                let value = value.ok_or_else(|| RunError::MissingOutput(format!("{}:{index}", step.node)))?;
                self.store(values, slot, value, observer)?;
            }
        }
        Ok(self.release(step, values)?)
    }

    /// The outputs of a step.
    fn compute(&self, step: &Step, values: &mut [Option<Value>]) -> Result<Vec<Value>, RunError> {
        let mut inputs = Vec::with_capacity(step.inputs.len());
        for (position, slot) in step.inputs.iter().enumerate() {
            let Some(slot) = *slot else {
                inputs.push(None);
                continue;
            };
            let later = step.inputs.iter().skip(position + 1).any(|&other| other == Some(slot));
            let place = place(values, slot)?;
            // The last reader takes the value, so that it may be changed in place.
            let value = if step.releases.contains(&slot) && !later { place.take() } else { place.clone() };
            let value =
                value.ok_or_else(|| internal!("'{}' reads slot {slot}, which is empty", step.node))?;
            inputs.push(Some(value));
        }
        let shapes: Vec<Vec<usize>> =
            inputs.iter().flatten().map(|value: &Value| value.shape().to_vec()).collect();
        step.operator
            .run(Inputs::with_memory(inputs, Arc::clone(&self.memory)))
            .map_err(|error| step.failed(shapes, error))
    }

    /// Takes the buffers of what nobody reads after a step.
    fn release(&self, step: &Step, values: &mut [Option<Value>]) -> Result<(), RunError> {
        for &slot in &step.releases {
            // Empty if the step took the value itself.
            if let Some(value) = place(values, slot)?.take() {
                self.memory.give_value(value);
            }
        }
        Ok(())
    }

    fn store<E: From<RunError>>(
        &self,
        values: &mut [Option<Value>],
        slot: usize,
        value: Value,
        observer: &mut Observer<'_, E>,
    ) -> Result<(), E> {
        for &outlet in self.observed.get(&slot).into_iter().flatten() {
            observer(outlet, &value)?;
        }
        *place(values, slot).map_err(RunError::from)? = Some(value);
        Ok(())
    }
}

/// Where the value of a slot is.
fn place(values: &mut [Option<Value>], slot: usize) -> Result<&mut Option<Value>, Internal> {
    let slots = values.len();
    values.get_mut(slot).ok_or_else(|| internal!("slot {slot} of {slots}"))
}

/// Runs `work` on a thread of the pool, so that what it hands to other threads need not be waited
/// for in sleep.
pub(crate) fn in_pool<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if rayon::current_thread_index().is_some() || rayon::current_num_threads() == 1 {
        return work();
    }
    rayon::join(work, || ()).0
}

impl Step {
    fn failed(&self, inputs: Vec<Vec<usize>>, error: OpError) -> RunError {
        RunError::Op { node: self.node.clone(), op: self.op.clone(), inputs, error: Box::new(error) }
    }
}

impl Feed {
    /// The dimensions that the graph fixes, `None` for free ones.
    pub fn sizes(&self) -> Option<Vec<Option<usize>>> {
        // TensorFlow 1 wrote an empty shape for "unknown" as well as for a scalar.
        self.shape.as_ref().filter(|shape| !shape.dims.is_empty()).and_then(|shape| shape.sizes())
    }

    fn check(&self, value: &Value) -> Result<(), RunError> {
        let bad =
            |expected: String, found: String| RunError::BadFeed { name: self.name.clone(), expected, found };
        if let (Some(expected), Value::Plain(tensor)) = (self.dtype, value)
            && tensor.dtype() != expected
        {
            return Err(bad(expected.to_string(), tensor.dtype().to_string()));
        }
        let Some(sizes) = self.sizes() else { return Ok(()) };
        let found = value.shape();
        let fits = sizes.len() == found.len()
            && sizes.iter().zip(found).all(|(size, &dim)| size.is_none_or(|size| size == dim));
        if fits {
            return Ok(());
        }
        let sizes: Vec<String> =
            sizes.iter().map(|size| size.map_or("?".to_owned(), |size| size.to_string())).collect();
        Err(bad(format!("shape [{}]", sizes.join(", ")), format!("shape {found:?}")))
    }
}
