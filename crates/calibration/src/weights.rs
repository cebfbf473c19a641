//! ARQ on the layers of a graph.

use amct_graph::{AttrValue, Graph, NewNode, Patch, TensorLiteral, op, type_code};
use amct_rewrite::QuantizableLayer;
use amct_rewrite::layers::LayerWeights;
use amct_tensor::{DType, Tensor, internal};
use rayon::prelude::*;

use crate::CalibrationError;
use crate::arq::{self, ArqError, ChannelLayout, Division};

/// A layer's weight scales: one per output channel, one for all, or none without weights.
///
/// # Errors
/// [`CalibrationError::Weights`] for a NaN, [`CalibrationError::Graph`] if the constant cannot be read.
pub fn calibrate(
    graph: &Graph,
    layer: &QuantizableLayer,
    channel_wise: bool,
    num_bits: u32,
) -> Result<Vec<f32>, CalibrationError> {
    let Some(weights) = &layer.weights else { return Ok(Vec::new()) };
    let layout = if channel_wise { channels(weights) } else { ChannelLayout::per_tensor() };
    let tensor = read(graph, layer, weights)?;
    arq::calibrate(values(&tensor, layer)?, layout, num_bits).map_err(|error| failed(layer, error))
}

/// A layer's int8 weights under given scales, in the layout of the float ones.
///
/// # Errors
/// [`CalibrationError::Weights`] if the number of scales does not fit the layer.
pub fn quantize(
    graph: &Graph,
    layer: &QuantizableLayer,
    scale_w: &[f32],
) -> Result<Vec<i8>, CalibrationError> {
    let Some(weights) = &layer.weights else { return Ok(Vec::new()) };
    let tensor = read(graph, layer, weights)?;
    arq::quantize(values(&tensor, layer)?, scale_w, layout(weights, scale_w), Division::default())
        .map_err(|error| failed(layer, error))
}

/// The graph with each layer's weights replaced by what their int8 values stand for. Activations
/// are calibrated on this graph. A constant that several layers read is replaced for each alone.
///
/// # Errors
/// As [`quantize`].
pub fn fake_quantized(
    graph: &Graph,
    layers: &[(&QuantizableLayer, &[f32])],
) -> Result<Graph, CalibrationError> {
    // Collected before the first error is looked for, so that it is that of the first layer.
    let literals: Vec<_> =
        layers.par_iter().map(|(layer, scale_w)| fake_weights(graph, layer, scale_w)).collect();
    let mut patch = Patch::new();
    for (&(layer, _), literal) in layers.iter().zip(literals) {
        let Some(literal) = literal? else { continue };
        let constant = patch.add(
            NewNode::new(format!("{}/fake_quantized_weight", layer.name), op::CONST, [])
                .attr("dtype", AttrValue::Type(type_code(DType::F32)))
                .attr("value", AttrValue::tensor(literal)),
        );
        let input = layer.kind.weight_input();
        let input =
            input.ok_or_else(|| internal!("layer '{}' has weights and no input for them", layer.name))?;
        patch.set_input(layer.node, input, constant);
    }
    let mut fake = graph.clone();
    fake.apply(&patch)?;
    Ok(fake)
}

/// What a layer's int8 weights stand for, as a constant.
fn fake_weights(
    graph: &Graph,
    layer: &QuantizableLayer,
    scale_w: &[f32],
) -> Result<Option<TensorLiteral>, CalibrationError> {
    let Some(weights) = &layer.weights else { return Ok(None) };
    let integers = quantize(graph, layer, scale_w)?;
    let fake = arq::fake_quantize(&integers, scale_w, layout(weights, scale_w))
        .map_err(|error| failed(layer, error))?;
    let tensor = Tensor::from_vec(weights.shape.as_slice(), fake)
        .map_err(|error| CalibrationError::Tensor { layer: layer.name.clone(), error })?;
    Ok(Some(TensorLiteral::encode(&tensor)))
}

fn channels(weights: &LayerWeights) -> ChannelLayout {
    ChannelLayout::with_runs(weights.channels, weights.run)
}

fn layout(weights: &LayerWeights, scale_w: &[f32]) -> ChannelLayout {
    if scale_w.len() == 1 { ChannelLayout::per_tensor() } else { channels(weights) }
}

fn read(graph: &Graph, layer: &QuantizableLayer, weights: &LayerWeights) -> Result<Tensor, CalibrationError> {
    let tensor = graph.decode_const(weights.constant)?;
    log::debug!(target: "weight_quant", "layer '{}': weights {:?}", layer.name, tensor.shape());
    Ok(tensor)
}

fn values<'t>(tensor: &'t Tensor, layer: &QuantizableLayer) -> Result<&'t [f32], CalibrationError> {
    tensor.as_slice().map_err(|error| CalibrationError::Tensor { layer: layer.name.clone(), error })
}

fn failed(layer: &QuantizableLayer, error: ArqError) -> CalibrationError {
    CalibrationError::Weights { layer: layer.name.clone(), error }
}
