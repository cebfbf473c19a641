//! Where a run spends its time.

use std::time::{Duration, Instant};

use crate::{Plan, RunError, Value};

/// One step of a plan and the time it took in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Shape of its first output.
    pub shape: Vec<usize>,
}

impl Plan {
    /// Runs the plan as a whole and tells the time of every step.
    ///
    /// # Errors
    /// As [`Plan::run`].
    pub fn run_profiled(&self, feeds: &[(&str, Value)]) -> Result<(Vec<Value>, Vec<StepTime>), RunError> {
        crate::run::in_pool(|| {
            let mut frame = self.frame(self.checked(feeds)?);
            let mut times = Vec::with_capacity(self.steps.len());
            for step in &self.steps {
                let start = Instant::now();
                self.run_step(step, &mut frame, &mut |_, _| Ok(()))?;
                let time = start.elapsed();
                let output = step.outputs.first().copied().flatten();
                let output = output.and_then(|slot| frame.get(slot)?.as_ref());
                let shape = output.map_or(Vec::new(), |output| output.shape().to_vec());
                times.push(StepTime {
                    node: step.node.clone(),
                    op: step.op.clone(),
                    absorbed: step.absorbed.clone(),
                    time,
                    multiply_adds: shape.iter().product::<usize>().saturating_mul(step.operator.depth())
                        as u64,
                    shape,
                });
            }
            Ok((self.run_from(self.steps.len(), frame, &mut |_, _| Ok(()))?, times))
        })
    }
}
