//! Several layers in one pass over an image, a band of lines at a time, so that the large tensors
//! between them stay in the cache. Each line is computed by the same kernel as ever, to the same bits.

mod layers;
mod task;

use std::ops::Range;

use amct_kernels::{sequentially, threads};
use amct_tensor::{Tensor, TensorError, internal};
use rayon::prelude::*;

use super::{Advance, Frame, Observer};
use crate::lines::{LineType, Lines, LinesMut};
use crate::memory::{Kept, Memory};
use crate::plan::Step;
use crate::{OpError, Plan, RunError, Value};
use layers::Layers;
use task::Task;

impl Plan {
    /// Runs the first ones of some steps, two at least, if they pass large tensors on to each other.
    pub(super) fn run_bands<E: From<RunError>>(
        &self,
        steps: Range<usize>,
        frame: &mut Frame,
        observer: &mut Observer<'_, E>,
    ) -> Result<Option<Advance>, E> {
        let all = self.steps.len();
        let missing = |what: &str| RunError::from(internal!("no {what} among {all} steps"));
        let steps = self.steps.get(steps).ok_or_else(|| missing("range"))?;
        let Some((layers, input)) = large_layers(steps, frame) else { return Ok(None) };
        let steps = steps.get(..layers.len()).ok_or_else(|| missing("layers"))?;
        let last = steps.last().ok_or_else(|| missing("last layer"))?;
        let addend = match last.inputs.last().copied().flatten().filter(|_| layers.accumulates()) {
            None => None,
            Some(slot) => match frame.get(slot).and_then(Option::as_ref) {
                Some(Value::Plain(addend)) if *addend.shape() == layers.output_shape() => {
                    Some(addend.clone())
                }
                _ => return Ok(None),
            },
        };
        let output = run(&layers, &input, addend.as_ref(), &self.memory).map_err(|failed| {
            let step = steps.get(failed.layer).unwrap_or(last);
            step.failed(vec![input.shape().to_vec()], failed.error)
        })?;
        drop((input, addend));
        if let Some(slot) = last.outputs.first().copied().flatten() {
            self.store(frame, slot, output, observer)?;
        }
        for step in steps {
            self.release(step, frame)?;
        }
        Ok(Some(Advance { steps: steps.len(), multiply_adds: layers.multiply_adds() }))
    }
}

/// The first of some steps, as far as what lies between them is large, and the input.
fn large_layers<'a>(steps: &'a [Step], frame: &Frame) -> Option<(Layers<'a>, Value)> {
    let first = steps.first().filter(|step| step.passes_lines_on)?;
    let input = frame.get(first.inputs.first().copied().flatten()?)?.as_ref()?;
    Some((Layers::large(steps, input)?, input.clone()))
}

/// An error, and which of the layers had it.
struct Failed {
    layer: usize,
    error: OpError,
}

/// An error of a tensor from outside, which the first layer is told.
impl From<TensorError> for Failed {
    fn from(error: TensorError) -> Self {
        Self { layer: 0, error: error.into() }
    }
}

fn run(
    layers: &Layers<'_>,
    input: &Value,
    addend: Option<&Tensor>,
    memory: &Memory,
) -> Result<Value, Failed> {
    let lines = match input {
        Value::Plain(tensor) => Lines::F32(tensor.as_slice()?),
        Value::Quantized { q, zero_offset } => Lines::I8 { q: q.as_slice()?, zero_offset: *zero_offset },
    };
    let shape = layers.output_shape();
    match layers.line_type() {
        LineType::F32 => {
            let addend = addend.map(Tensor::as_slice::<f32>).transpose()?;
            let output = fill::<f32>(layers, lines, addend, memory)?;
            Ok(Tensor::from_vec(shape, output)?.into())
        }
        LineType::I8 { zero_offset } => {
            let output = fill::<i8>(layers, lines, None, memory)?;
            Ok(Value::Quantized { q: Tensor::from_vec(shape, output)?, zero_offset })
        }
    }
}

/// Makes the output, each thread a run of its lines.
fn fill<T: Kept + Send + Sync>(
    layers: &Layers<'_>,
    input: Lines<'_>,
    addend: Option<&[T]>,
    memory: &Memory,
) -> Result<Vec<T>, Failed>
where
    for<'l> LinesMut<'l>: From<&'l mut [T]>,
{
    let line = layers.output_line();
    let mut output = memory.take::<T>(layers.output_shape().iter().product());
    let threads = threads();
    let share = layers.output_lines().div_ceil(threads).max(1);
    let one = |index: usize, output: &mut [T]| -> Result<(), Failed> {
        let first = index * share;
        let mut task = Task::new(layers, input, first, memory);
        let mut done = 0;
        while let Some(count) = task.next_band(output.len() / line - done) {
            let range = done * line..(done + count) * line;
            let outside = || Failed { layer: 0, error: internal!("no lines {range:?} of a band").into() };
            let band = output.get_mut(range.clone()).ok_or_else(outside)?;
            if let Some(addend) = addend {
                let addend = addend.get(first * line..).and_then(|addend| addend.get(range.clone()));
                band.copy_from_slice(addend.ok_or_else(outside)?);
            }
            task.run(count, band.into())?;
            done += count;
        }
        task.finish();
        Ok(())
    };
    if threads == 1 {
        one(0, &mut output)?;
    } else {
        let parts = output.par_chunks_mut(share * line).enumerate();
        parts.try_for_each(|(index, output)| sequentially(|| one(index, output)))?;
    }
    Ok(output)
}
