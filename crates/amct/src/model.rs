//! A graph made ready to run: float, or quantized in integer arithmetic.

use std::num::NonZeroUsize;

use amct_calibration::tidied;
use amct_graph::Graph;
#[doc(inline)]
pub use amct_interpreter::{
    Arithmetic, Device, Feeds, OpError, PlanError, RunError, StepTime, UnsupportedOp, Value,
};
use amct_interpreter::{Plan, PlanOptions};
use amct_tensor::Tensor;

use crate::{Error, signature};

/// A model that can be run any number of times, also from several threads at once.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use amct::data::read_npy;
/// use amct::model::{Arithmetic, Model};
///
/// let graph = amct::graphdef::load("tests/golden/graphs/mobilenet_v1.pb".as_ref())?;
/// let model = Model::new(&graph, &[], Arithmetic::Integer)?;
/// assert_eq!(model.inputs(), ["input"]);
/// let outputs = model.run([("input", read_npy("tests/golden/graphs/mobilenet_v1.input.npy")?)])?;
/// assert_eq!(outputs.len(), model.outputs().len());
/// # Ok(())
/// # }
/// ```
pub struct Model {
    plan: Plan,
    outputs: Vec<String>,
}

/// How a model is run.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ModelOptions {
    /// Whose arithmetic the quantized layers run in.
    pub arithmetic: Arithmetic,
    /// Inputs that will be given though they have a default (`PlaceholderWithDefault`); the others keep theirs.
    pub fed: Vec<String>,
}

impl ModelOptions {
    /// The same, where these inputs will be given though they have a default.
    #[must_use]
    pub fn with_fed(mut self, names: &[String]) -> Self {
        self.fed = names.to_vec();
        self
    }
}

impl From<Arithmetic> for ModelOptions {
    fn from(arithmetic: Arithmetic) -> Self {
        Self { arithmetic, ..Self::default() }
    }
}

impl Model {
    /// Makes a graph ready to compute `outputs` (its only leaf if there are none given). The options may be an
    /// [`Arithmetic`] alone.
    ///
    /// # Errors
    /// Unknown outputs, unsupported operators or attributes.
    pub fn new(graph: &Graph, outputs: &[String], options: impl Into<ModelOptions>) -> Result<Self, Error> {
        let ModelOptions { arithmetic, fed } = options.into();
        let outputs = signature::outputs(graph, outputs)?;
        let outlets = signature::outlets(graph, &outputs)?;
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
    pub fn run(&self, feeds: impl Into<Feeds>) -> Result<Vec<Tensor>, Error> {
        let values = self.plan.run(&feeds.into())?;
        values.into_iter().map(|value| Ok(value.simulated()?)).collect()
    }

    /// Runs the model `runs` times, after once to warm up, and tells for each step the time of its
    /// quickest run, in the order in which they run.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn profile(&self, feeds: impl Into<Feeds>, runs: NonZeroUsize) -> Result<Vec<StepTime>, Error> {
        let feeds = feeds.into();
        self.plan.run_profiled(&feeds)?;
        let (_, mut best) = self.plan.run_profiled(&feeds)?;
        for _ in 1..runs.get() {
            let (_, times) = self.plan.run_profiled(&feeds)?;
            best.iter_mut().zip(times).for_each(|(best, step)| best.time = best.time.min(step.time));
        }
        Ok(best)
    }
}
