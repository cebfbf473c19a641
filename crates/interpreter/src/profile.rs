//! Where a run spends its time.

use std::time::{Duration, Instant};

use amct_tensor::internal;

use crate::plan::Step;
use crate::run::unseen;
use crate::{Feeds, Plan, RunError, Value};

/// One step of a plan and the time it took in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepTime {
    /// The node, the first of those that the step computes.
    pub node: String,
    /// Its op type.
    pub op: String,
    /// Op types of the nodes behind it that it computes as well, in order.
    pub absorbed: Vec<String>,
    /// How long it took.
    pub time: Duration,
    /// Multiply-adds of its sums of products.
    pub multiply_adds: u64,
    /// Shape of its first output; of the last step's, if several were computed together.
    pub shape: Vec<usize>,
}

impl Plan {
    /// Runs the plan as a whole and tells the time of every step; layers that are computed together
    /// count as one.
    ///
    /// # Errors
    /// As [`Plan::run`].
    pub fn run_profiled(&self, feeds: &Feeds) -> Result<(Vec<Value>, Vec<StepTime>), RunError> {
        crate::run::in_pool(|| {
            let mut frame = self.frame(self.checked(feeds)?)?;
            let mut times = Vec::with_capacity(self.steps.len());
            let mut next = 0;
            while let Some(first) = self.steps.get(next) {
                let start = Instant::now();
                let done = self.advance(next, self.steps.len(), &mut frame, &mut unseen)?;
                let time = start.elapsed();
                let behind = self.steps.get(next + 1..next + done.steps).ok_or_else(|| {
                    internal!("{} steps done from step {next} of {}", done.steps, self.steps.len())
                })?;
                let output = behind.last().unwrap_or(first).outputs.first().copied().flatten();
                let output = output.and_then(|slot| frame.get(slot)?.as_ref());
                let absorbed = |step: &Step| [std::slice::from_ref(&step.op), &step.absorbed].concat();
                times.push(StepTime {
                    node: first.node.clone(),
                    op: first.op.clone(),
                    absorbed: first
                        .absorbed
                        .iter()
                        .cloned()
                        .chain(behind.iter().flat_map(absorbed))
                        .collect(),
                    time,
                    multiply_adds: done.multiply_adds as u64,
                    shape: output.map_or(Vec::new(), |output| output.shape().to_vec()),
                });
                next += done.steps;
            }
            Ok((self.run_from(self.steps.len(), frame, &mut unseen)?, times))
        })
    }
}
