use amct_graph::Outlet;

use crate::operator::Inputs;
use crate::plan::{Feed, Step};
use crate::{OpError, Plan, RunError, Value};

/// What a run does with an observed value; an error ends the run.
type Observer<'a> = dyn FnMut(Outlet, &Value) -> Result<(), RunError> + 'a;

impl Plan {
    /// Runs the plan. `feeds` gives a value for each input by name; the result has one value per
    /// output asked for at [`Plan::compile`].
    ///
    /// # Errors
    /// [`RunError`] naming the node or input.
    pub fn run(&self, feeds: &[(&str, Value)]) -> Result<Vec<Value>, RunError> {
        self.run_observed(feeds, &mut |_, _| Ok(()))
    }

    /// Runs the plan and shows each observed outlet's value to `observer` once it is computed, in
    /// the order of computation.
    ///
    /// # Errors
    /// [`RunError`] naming the node or input, or what the observer returns.
    pub fn run_observed(
        &self,
        feeds: &[(&str, Value)],
        observer: &mut Observer<'_>,
    ) -> Result<Vec<Value>, RunError> {
        let mut values: Vec<Option<Value>> = vec![None; self.slots];
        for (slot, value) in &self.constants {
            self.store(&mut values, *slot, value.clone(), observer)?;
        }
        for feed in &self.feeds {
            let given = feeds.iter().find(|(name, _)| *name == feed.name);
            let (_, value) = given.ok_or_else(|| RunError::MissingFeed(feed.name.clone()))?;
            feed.check(value)?;
            self.store(&mut values, feed.slot, value.clone(), observer)?;
        }
        for step in &self.steps {
            self.run_step(step, &mut values, observer)?;
        }
        self.outputs
            .iter()
            .map(|&slot| {
                let value = values.get(slot).cloned().flatten();
                value.ok_or_else(|| RunError::MissingOutput(format!("output slot {slot}")))
            })
            .collect()
    }

    fn run_step(
        &self,
        step: &Step,
        values: &mut [Option<Value>],
        observer: &mut Observer<'_>,
    ) -> Result<(), RunError> {
        let mut inputs = Vec::with_capacity(step.inputs.len());
        for (position, slot) in step.inputs.iter().enumerate() {
            let Some(slot) = *slot else {
                inputs.push(None);
                continue;
            };
            let later = step.inputs.iter().skip(position + 1).any(|&other| other == Some(slot));
            let place = values.get_mut(slot);
            // The last reader takes the value, so that it may be changed in place.
            let value = if step.releases.contains(&slot) && !later {
                place.and_then(Option::take)
            } else {
                place.and_then(|place| place.clone())
            };
            inputs.push(Some(value.ok_or_else(|| RunError::MissingOutput(step.node.clone()))?));
        }
        let shapes: Vec<Vec<usize>> =
            inputs.iter().flatten().map(|value: &Value| value.shape().to_vec()).collect();
        let outputs = step.operator.run(Inputs::new(inputs)).map_err(|error| step.failed(shapes, error))?;
        let mut outputs = outputs.into_iter();
        for (index, slot) in step.outputs.iter().enumerate() {
            let value = outputs.next();
            if let Some(slot) = *slot {
                let value = value.ok_or_else(|| RunError::MissingOutput(format!("{}:{index}", step.node)))?;
                self.store(values, slot, value, observer)?;
            }
        }
        for &slot in &step.releases {
            if let Some(place) = values.get_mut(slot) {
                *place = None;
            }
        }
        Ok(())
    }

    fn store(
        &self,
        values: &mut [Option<Value>],
        slot: usize,
        value: Value,
        observer: &mut Observer<'_>,
    ) -> Result<(), RunError> {
        for &outlet in self.observed.get(&slot).into_iter().flatten() {
            observer(outlet, &value)?;
        }
        if let Some(place) = values.get_mut(slot) {
            *place = Some(value);
        }
        Ok(())
    }
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
