//! Shift bits of layers, from the float outputs of one more run over the batches.

use amct_graph::{Graph, Outlet};
use amct_tensor::Tensor;

use crate::observation::{Observation, Spot, floats};
use crate::shift::{ShiftSearch, ShiftVersion};
use crate::{Batches, CalibrationError, Grouping, Phase, Progress};

/// The output of a layer whose shift bits are sought.
#[derive(Clone, Debug)]
pub struct LayerOutput {
    /// The layer's end in the float graph, bias included.
    pub outlet: Outlet,
    /// Name of the layer.
    pub layer: String,
    /// scale_d * scale_w: one value, or one per channel.
    pub scales: Vec<f32>,
    /// Whether the channels are axis 1, else they are the last axis.
    pub channels_first: bool,
    /// Shape of the output for one run.
    pub shape: Vec<usize>,
}

/// The shift of every scale of every layer, in the order of `outputs`.
///
/// `graph` is the graph that the activations were calibrated on. The second version adds up errors
/// batch by batch; a batch is one of `batch_num`, see [`Grouping`]. An output without height and width
/// counts as one of a single pixel.
///
/// # Errors
/// [`CalibrationError`]; one about an output names its layer.
pub fn search(
    graph: &Graph,
    outputs: &[LayerOutput],
    version: ShiftVersion,
    batches: &dyn Batches,
    batch_num: usize,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<Vec<u32>>, CalibrationError> {
    let spots =
        outputs.iter().map(|output| Spot { outlet: output.outlet, layers: vec![output.layer.clone()] });
    let observation = Observation::new(graph, &[], spots.collect(), batches, progress)?;
    let grouping = Grouping::new(batches.len(), batch_num);
    let states = outputs.iter().map(|output| State::new(output, version)).collect();
    let states = observation.in_order(Phase::Shift, states, |state, run, tensor| {
        state.add(grouping.batch_of(run), tensor);
    })?;
    states.into_iter().map(State::finish).collect()
}

struct State<'a> {
    output: &'a LayerOutput,
    search: ShiftSearch,
    unfit: Option<Vec<usize>>,
}

impl<'a> State<'a> {
    fn new(output: &'a LayerOutput, version: ShiftVersion) -> Self {
        let broadcast = is_one_pixel(&output.shape, output.channels_first);
        Self { output, search: ShiftSearch::new(version, &output.scales, broadcast), unfit: None }
    }

    fn add(&mut self, batch: usize, tensor: &Tensor) {
        let (shape, scales) = (tensor.shape(), self.output.scales.len());
        let axis = if self.output.channels_first { 1 } else { shape.len().saturating_sub(1) };
        match shape.split_at_checked(axis) {
            Some((_, [channels, behind @ ..])) if scales == 1 || scales == *channels => {
                self.search.add(batch, behind.iter().product(), floats(tensor));
            }
            _ => self.unfit = Some(shape.to_vec()),
        }
    }

    fn finish(self) -> Result<Vec<u32>, CalibrationError> {
        let layer = self.output.layer.clone();
        match self.unfit {
            Some(found) => {
                Err(CalibrationError::Channels { layer, expected: self.output.scales.len(), found })
            }
            None => self.search.finish().map_err(|error| CalibrationError::Shift { layer, error }),
        }
    }
}

/// Whether a map has height and width 1.
fn is_one_pixel(shape: &[usize], channels_first: bool) -> bool {
    match shape {
        [_, a, b, c] => {
            let (height, width) = if channels_first { (b, c) } else { (a, b) };
            *height == 1 && *width == 1
        }
        [_, _] => true,
        _ => false,
    }
}
