//! A graph made ready to run: float, or quantized in integer arithmetic.

use std::num::NonZeroUsize;

use amct_calibration::tidied;
use amct_graph::Graph;
use amct_interpreter::{Arithmetic, Plan, PlanOptions, StepTime, Value};
use amct_tensor::Tensor;

use crate::{Error, interface};

/// A model that can be run any number of times.
pub struct Model {
    plan: Plan,
    outputs: Vec<String>,
}

impl Model {
    /// Makes a graph ready to compute `outputs` (its only leaf if there are none given).
    ///
    /// # Errors
    /// Unknown outputs, unsupported operators or attributes.
    pub fn new(graph: &Graph, outputs: &[String], arithmetic: Arithmetic) -> Result<Self, Error> {
        Self::fed(graph, outputs, arithmetic, &[])
    }

    /// As [`new`](Self::new), where the inputs named in `fed` will be given also if they have a
    /// default (`PlaceholderWithDefault`); the others keep theirs.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn fed(
        graph: &Graph,
        outputs: &[String],
        arithmetic: Arithmetic,
        fed: &[String],
    ) -> Result<Self, Error> {
        let outputs = interface::outputs(graph, outputs)?;
        let outlets = interface::outlets(graph, &outputs)?;
        let fed = fed.iter().filter_map(|name| graph.find(name)).collect();
        let plan = tidied::plan(graph, &outlets, &PlanOptions { arithmetic, fed, ..PlanOptions::default() })?;
        Ok(Self { plan, outputs })
    }

    /// Names of the outputs, in the order of [`run`](Self::run)'s results.
    pub fn outputs(&self) -> &[String] {
        &self.outputs
    }

    /// Names of the inputs to feed.
    pub fn inputs(&self) -> Vec<&str> {
        self.plan.feeds().iter().map(|feed| feed.name.as_str()).collect()
    }

    /// The `AscendQuant`s that a chip computes from the sums of the layer before, by name.
    pub fn requantized(&self) -> &[String] {
        self.plan.requantized()
    }

    /// Runs the model. An integer activation inside a quantized layer comes out as the float
    /// simulation has it.
    ///
    /// # Errors
    /// A missing or ill-shaped input, or an operator that fails; the node is named.
    pub fn run(&self, feeds: &[(&str, Tensor)]) -> Result<Vec<Tensor>, Error> {
        let feeds: Vec<(&str, Value)> =
            feeds.iter().map(|(name, tensor)| (*name, Value::Plain(tensor.clone()))).collect();
        let values = self.plan.run(&feeds)?;
        values.into_iter().map(|value| Ok(value.simulated()?)).collect()
    }

    /// Runs the model `runs` times, after once to warm up, and tells for each step the time of its
    /// quickest run, in the order in which they run.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn profile(&self, feeds: &[(&str, Tensor)], runs: NonZeroUsize) -> Result<Vec<StepTime>, Error> {
        let feeds: Vec<(&str, Value)> =
            feeds.iter().map(|(name, tensor)| (*name, Value::Plain(tensor.clone()))).collect();
        self.plan.run_profiled(&feeds)?;
        let (_, mut best) = self.plan.run_profiled(&feeds)?;
        for _ in 1..runs.get() {
            let (_, times) = self.plan.run_profiled(&feeds)?;
            best.iter_mut().zip(times).for_each(|(best, step)| best.time = best.time.min(step.time));
        }
        Ok(best)
    }
}
