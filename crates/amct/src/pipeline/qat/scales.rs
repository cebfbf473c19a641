//! Symmetric int8 scales for weights that training has put on a grid.
//!
//! Ascend's int8 weights have no offset. A grid with a step for zero fits if no weight lies more
//! than 128 steps below zero or 127 above: then the trained step is the scale, and the int8 weights
//! stand for the trained ones. This holds for all narrow symmetric ranges, and wherever the weights of
//! a channel do not use the longer side of another range. A channel that does gets the scale that
//! AMCT would give its weights: TensorFlow's own quantization-aware training makes asymmetric ranges
//! unless told otherwise, so to refuse them would be to refuse most such models.

use amct_calibration::weights;
use amct_graph::Graph;
use amct_rewrite::QuantizableLayer;
use amct_rewrite::qat::{PASS, TrainedWeights};
use amct_tensor::Tensor;
use amct_tensor::quantization::{I8_MAX, I8_MIN, process_scale};

use crate::Error;

/// One scale per channel, or one for all.
///
/// # Errors
/// [`Error::Calibration`] for weights that cannot be quantized.
pub(super) fn of_weights(
    graph: &Graph,
    layer: &QuantizableLayer,
    trained: &TrainedWeights,
) -> Result<Vec<f32>, Error> {
    let fitting = fitting(graph, layer, trained)?;
    let all: Option<Vec<f32>> = fitting.iter().copied().collect();
    if let Some(scales) = all {
        // Bit for bit, since these come from one range.
        if let Some(&first) = scales.first().filter(|first| scales.iter().all(|scale| scale == *first)) {
            return Ok(vec![first]);
        }
        if layer.channel_wise {
            return Ok(scales);
        }
    }
    let name = &layer.name;
    if !layer.channel_wise {
        log::warn!(target: PASS, "layer '{name}' must have one symmetric weight scale, which its trained ranges do not give; its weights are quantized anew");
        return Ok(weights::calibrate(graph, layer, false, 8)?);
    }
    let anew = weights::calibrate(graph, layer, true, 8)?;
    let count = fitting.iter().filter(|scale| scale.is_none()).count();
    log::warn!(
        target: PASS,
        "layer '{name}': the trained ranges of {count} of {} channels are not symmetric, and their weights are quantized anew; train with symmetric ranges (narrow_range=True) to keep them as they are",
        fitting.len()
    );
    Ok(fitting.into_iter().zip(anew).map(|(trained, anew)| trained.unwrap_or(anew)).collect())
}

/// The trained scale of each channel, as folding has changed it; `None` where int8 does not have
/// its steps.
fn fitting(
    graph: &Graph,
    layer: &QuantizableLayer,
    trained: &TrainedWeights,
) -> Result<Vec<Option<f32>>, Error> {
    let Some(weights) = &layer.weights else { return Ok(Vec::new()) };
    let folded = graph.decode_const(weights.constant)?;
    let (channels, run) = (weights.channels, weights.run.max(1));
    let slices = [Some(&folded), Some(&trained.values), trained.steps.as_ref()]
        .map(|tensor| tensor.and_then(|tensor| tensor.as_slice::<f32>().ok()));
    let alike = |tensor: &Tensor| tensor.shape() == folded.shape();
    let (&[Some(folded), Some(values), Some(steps)], true) = (&slices, alike(&trained.values)) else {
        return Ok(vec![None; channels]);
    };
    if steps.len() != values.len() {
        return Ok(vec![None; channels]);
    }
    let mut found: Vec<Channel> = vec![Channel::default(); channels];
    for (index, ((&folded, &value), &step)) in folded.iter().zip(values).zip(steps).enumerate() {
        if let Some(channel) = found.get_mut(index / run % channels.max(1)) {
            channel.add(folded, value, step);
        }
    }
    let mut scales: Vec<Option<f32>> = found.iter().map(Channel::scale).collect();
    for (index, &folded) in folded.iter().enumerate() {
        if let Some(scale) = scales.get_mut(index / run % channels.max(1)) {
            *scale = scale.filter(|&scale| is_int8(folded, scale));
        }
    }
    Ok(scales)
}

/// Whether a weight is one of int8's steps, but for the rounding of f32.
fn is_int8(weight: f32, scale: f32) -> bool {
    let steps = f64::from(weight) / f64::from(scale);
    let nearest = steps.round();
    (steps - nearest).abs() < 0.01 && (f64::from(I8_MIN)..=f64::from(I8_MAX)).contains(&nearest)
}

/// The weights of one channel.
#[derive(Clone, Copy, Debug, Default)]
struct Channel {
    /// Their step, if it is one.
    step: Option<f32>,
    is_mixed: bool,
    /// The weight of the largest magnitude, as trained and as folded.
    largest: (f32, f32),
}

impl Channel {
    fn add(&mut self, folded: f32, trained: f32, step: f32) {
        self.is_mixed |= self.step.is_some_and(|known| known != step);
        self.step = Some(step);
        if trained.abs() > self.largest.0 {
            self.largest = (trained.abs(), folded.abs());
        }
    }

    /// The step times what folding has multiplied the weights with.
    fn scale(&self) -> Option<f32> {
        let step = self.step.filter(|_| !self.is_mixed)?;
        let factor = match self.largest {
            (trained, folded) if trained > 0.0 => f64::from(folded) / f64::from(trained),
            _ => 1.0,
        };
        process_scale((f64::from(step) * factor) as f32).ok()
    }
}
