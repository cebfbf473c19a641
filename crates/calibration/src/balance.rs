//! What DMQ has to know of layers: the largest magnitudes of their data and weights by channel.

use amct_graph::{Graph, Outlet};
use amct_rewrite::QuantizableLayer;
use amct_tensor::{Tensor, internal};

use crate::dmq::add_magnitudes;
use crate::observation::{Observation, Spot, floats};
use crate::{Batches, CalibrationError, Phase, Progress};

/// An activation whose channels are measured.
#[derive(Clone, Debug)]
pub struct ChannelActivation {
    /// Where it is in the graph.
    pub outlet: Outlet,
    /// Name of the layer that reads it, for messages.
    pub layer: String,
    /// The number of its channels.
    pub channels: usize,
    /// Whether the channels are axis 1, else they are the last axis.
    pub channels_first: bool,
}

/// The largest magnitude of every channel of every activation, over all batches, in the order of
/// `activations`. A NaN is not counted.
///
/// # Errors
/// [`CalibrationError`], for instance a value with another number of channels.
pub fn activation_maxima(
    graph: &Graph,
    activations: &[ChannelActivation],
    batches: &dyn Batches,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<Vec<f32>>, CalibrationError> {
    let spots = activations
        .iter()
        .map(|activation| Spot { outlet: activation.outlet, layers: vec![activation.layer.clone()] })
        .collect();
    let observation = Observation::new(graph, &[], spots, batches, progress)?;
    let states = || Ok(activations.iter().map(Maxima::new).collect());
    let found = observation.gather(Phase::Balance, states, |maxima, _, tensor| maxima.add(tensor))?;
    let mut total: Vec<Maxima<'_>> = activations.iter().map(Maxima::new).collect();
    for maxima in found {
        total.iter_mut().zip(maxima).for_each(|(sum, maxima)| sum.merge(maxima));
    }
    total.into_iter().map(Maxima::finish).collect()
}

/// The largest magnitude of a layer's weights for every input channel, `channels` being how many the
/// layer's own data has. A NaN is not counted.
///
/// # Errors
/// [`CalibrationError::Channels`] if the weights do not fit such data, [`CalibrationError::Graph`] if
/// the constant cannot be read.
pub fn weight_maxima(
    graph: &Graph,
    layer: &QuantizableLayer,
    channels: usize,
) -> Result<Vec<f32>, CalibrationError> {
    let shape = || layer.weights.as_ref().map_or_else(Vec::new, |weights| weights.shape.clone());
    let unfit =
        || CalibrationError::Channels { layer: layer.name.clone(), expected: channels, found: shape() };
    let inputs = layer.input_channels(channels).ok_or_else(unfit)?;
    let weights = layer.weights.as_ref().ok_or_else(unfit)?;
    let tensor = graph.decode_const(weights.constant)?;
    let values = tensor
        .as_slice::<f32>()
        .map_err(|error| CalibrationError::Tensor { layer: layer.name.clone(), error })?;
    let mut maxima = vec![0.0_f32; channels];
    for (index, w) in values.iter().enumerate() {
        let max = maxima.get_mut(inputs.of_weight(index));
        let max = max.ok_or_else(|| internal!("weight {index} of layer '{}' has no channel", layer.name))?;
        if w.abs() > *max {
            *max = w.abs();
        }
    }
    Ok(maxima)
}

struct Maxima<'a> {
    activation: &'a ChannelActivation,
    values: Vec<f32>,
    /// The shape of a value that does not have the channels.
    unfit: Option<Vec<usize>>,
}

impl<'a> Maxima<'a> {
    fn new(activation: &'a ChannelActivation) -> Self {
        Self { activation, values: vec![0.0; activation.channels], unfit: None }
    }

    fn add(&mut self, tensor: &Tensor) {
        let shape = tensor.shape();
        let axis = if self.activation.channels_first { 1 } else { shape.len().saturating_sub(1) };
        match shape.split_at_checked(axis) {
            Some((_, [channels, behind @ ..])) if *channels == self.values.len() => {
                add_magnitudes(&mut self.values, behind.iter().product(), floats(tensor));
            }
            _ => self.unfit = Some(shape.to_vec()),
        }
    }

    fn merge(&mut self, other: Self) {
        for (max, other) in self.values.iter_mut().zip(other.values) {
            *max = max.max(other);
        }
        self.unfit = self.unfit.take().or(other.unfit);
    }

    fn finish(self) -> Result<Vec<f32>, CalibrationError> {
        match self.unfit {
            None => Ok(self.values),
            Some(found) => Err(CalibrationError::Channels {
                layer: self.activation.layer.clone(),
                expected: self.activation.channels,
                found,
            }),
        }
    }
}
