//! What one thread does of a run of layers: band after band, with the lines between layers kept.

use std::ops::Range;

use amct_tensor::internal;

use super::Failed;
use super::layers::{Layer, Layers};
use crate::OpError;
use crate::lines::{LineType, Lines, LinesMut};
use crate::memory::Memory;

/// The work of one thread: bands from its first output line on.
pub(super) struct Task<'a> {
    layers: &'a Layers<'a>,
    input: Lines<'a>,
    memory: &'a Memory,
    /// The next output line.
    next: usize,
    /// Output lines of a band.
    band: usize,
    /// What lies between the layers.
    held: Vec<Held>,
}

/// Lines between two layers.
struct Held {
    lines: Range<usize>,
    values: Values,
}

enum Values {
    F32(Vec<f32>),
    I8 { q: Vec<i8>, zero_offset: i32 },
}

impl<'a> Task<'a> {
    pub(super) fn new(layers: &'a Layers<'a>, input: Lines<'a>, first: usize, memory: &'a Memory) -> Self {
        let band = layers.band();
        let held = layers.iter().zip(layers.lines_for(band)).map(|(layer, lines)| {
            let len = lines * layer.output_line();
            let values = match layer.line_type {
                LineType::F32 => Values::F32(memory.take(len)),
                LineType::I8 { zero_offset } => Values::I8 { q: memory.take(len), zero_offset },
            };
            Held { lines: 0..0, values }
        });
        Self { layers, input, memory, next: first, band, held: held.collect() }
    }

    /// How many lines the next band has, if `left` are left to be done.
    pub(super) fn next_band(&self, left: usize) -> Option<usize> {
        let bands = left.div_ceil(self.band);
        (bands > 0).then(|| left.div_ceil(bands))
    }

    /// Writes the next `count` output lines.
    pub(super) fn run(&mut self, count: usize, output: LinesMut<'_>) -> Result<(), Failed> {
        // From the last layer to the first: which lines each has to make.
        let mut made = self.next..self.next + count;
        self.next = made.end;
        let mut work = vec![made.clone()];
        for (layer, held) in self.layers.iter().skip(1).rev().zip(self.held.iter_mut().rev()) {
            let (needed, _) = layer.window(made);
            made = held.keep(needed, layer.input_line());
            work.push(made.clone());
        }
        let mut work = self.layers.iter().zip(work.into_iter().rev());
        let mut input = (self.input, 0);
        let last = self.held.len();
        for (index, (held, (layer, made))) in self.held.iter_mut().zip(&mut work).enumerate() {
            if !made.is_empty() {
                let tail = held.tail(made.clone(), layer.output_line());
                let run = tail.and_then(|tail| run_layer(layer, made, input, tail));
                run.map_err(|error| Failed { layer: index, error })?;
            }
            input = (held.as_lines(), held.lines.start);
        }
        let run =
            work.next().ok_or_else(short).and_then(|(layer, made)| run_layer(layer, made, input, output));
        run.map_err(|error| Failed { layer: last, error })
    }

    /// Gives the buffers back.
    pub(super) fn finish(self) {
        for held in self.held {
            match held.values {
                Values::F32(values) => self.memory.give_vec(values),
                Values::I8 { q, .. } => self.memory.give_vec(q),
            }
        }
    }
}

/// Makes the output lines `made`; `input` are lines, the first of them number `from`.
fn run_layer(
    layer: &Layer<'_>,
    made: Range<usize>,
    (input, from): (Lines<'_>, usize),
    output: LinesMut<'_>,
) -> Result<(), OpError> {
    let (inputs, window) = layer.window(made);
    let line = layer.input_line();
    let start = inputs.start.checked_sub(from).ok_or_else(short)? * line;
    let range = start..start + inputs.len() * line;
    let input = match input {
        Lines::F32(values) => Lines::F32(values.get(range).ok_or_else(short)?),
        Lines::I8 { q, zero_offset } => Lines::I8 { q: q.get(range).ok_or_else(short)?, zero_offset },
    };
    layer.layer.run_lines(window, layer.image, input, output)
}

fn short() -> OpError {
    internal!("a band lacks lines").into()
}

impl Held {
    /// Keeps what is there of the lines `needed`, and tells which must be made.
    fn keep(&mut self, needed: Range<usize>, line: usize) -> Range<usize> {
        let end = self.lines.end.min(needed.end);
        if !(self.lines.start..end).contains(&needed.start) {
            self.lines = needed.start..needed.start;
            return needed;
        }
        let from = (needed.start - self.lines.start) * line..(end - self.lines.start) * line;
        if from.start > 0 {
            match &mut self.values {
                Values::F32(values) => values.copy_within(from, 0),
                Values::I8 { q, .. } => q.copy_within(from, 0),
            }
        }
        self.lines = needed.start..end;
        end..needed.end
    }

    /// The place for the lines `made`, which follow those that are there.
    fn tail(&mut self, made: Range<usize>, line: usize) -> Result<LinesMut<'_>, OpError> {
        let range = self.lines.len() * line..(self.lines.len() + made.len()) * line;
        self.lines.end = made.end;
        let tail = match &mut self.values {
            Values::F32(values) => values.get_mut(range).map(LinesMut::F32),
            Values::I8 { q, .. } => q.get_mut(range).map(LinesMut::I8),
        };
        tail.ok_or_else(short)
    }

    fn as_lines(&self) -> Lines<'_> {
        match &self.values {
            Values::F32(values) => Lines::F32(values),
            Values::I8 { q, zero_offset } => Lines::I8 { q, zero_offset: *zero_offset },
        }
    }
}
