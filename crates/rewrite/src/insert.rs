//! Writing quantization into a graph.
//!
//! One convolution becomes
//! ```text
//! x -> AscendQuant -> [Pad] -> Conv2D -> [BiasAdd] -> AscendDequant -> the old readers
//!      weight, offset_w -> AscendWeightQuant ^   ^- Cast <- bias       ^- deq_scale
//! ```
//! where every edge stays float for TensorFlow (ATC changes the types itself), only the constants
//! are integer: weights and their offset int8, the bias int32 behind a `Cast`, the dequantization
//! words uint64. A pooling has no weights, a matrix product or `Conv3D` one scale. A transposed
//! convolution reads the `AscendQuant` at its input 2, and has a constant `input_sizes` of its own. The
//! bias of a `BatchMatMul` becomes an `Add`, which is what ATC merges there. A group convolution whose parts agree on
//! the activation has one `AscendQuant` before its `Split` and one `AscendDequant`, named after
//! its first part, behind its concatenation; else each part is quantized for itself.
//!
//! A value that is read as a float may be quantized too, to move fewer bytes: an input of a
//! `MaxPool` or `Add` that the user named, or a `MaxPool` beside quantized readers of a `Relu`. It
//! then reads `x -> AscendQuant -> AscendAntiQuant`. A `Relu6` whose readers all clip at 6 by
//! themselves becomes a `Relu`, which ATC merges into the layer before it.
//!
//! Source: `docs/sources/atc.md` sections 1, 3, 4 and 5, `docs/sources/amct.md` section 8.

mod activation;
mod anti_quant;
mod bias;
mod builder;
mod check;
mod dequant;
mod origin;
mod places;
mod pools;
mod quant_key;
mod relu6;
pub(crate) mod sizes;
#[cfg(test)]
mod tests;
mod weights;

use amct_graph::{Graph, NodeId};
use amct_tensor::quantization::ActivationParams;

use crate::RewriteError;
use crate::layers::QuantizableLayer;
use crate::outputs::Outputs;
use crate::provenance::Told;
use crate::sweep::remove_dead_constants;

pub use anti_quant::TENSOR_OPS;
pub(crate) use relu6::{all_readers_clip, clips_at_six};

/// The pass's name in logs.
pub const PASS: &str = "insert_quantization";

/// The numbers that quantize one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerQuantization {
    /// The layer, from a scan of the graph that is quantized.
    pub layer: QuantizableLayer,
    /// scale_d and offset_d of the layer's input.
    pub activation: ActivationParams,
    /// scale_w: one value, or for a convolution one per output channel; none for a pooling.
    pub scale_w: Vec<f32>,
    /// The int8 weights in the layout of the float ones; none for a pooling.
    pub weights: Vec<i8>,
    /// The shift N of each dequantization word, 0 to 16: as many as `scale_w`, or none for no shift.
    pub shift_bits: Vec<u8>,
    /// Whether the dequantization scales keep their upper 19 bits only, as `FORCE_FP16_QUANT` asks.
    pub truncate_deq_scale: bool,
}

/// An input of a node without weights that is quantized, and turned to floats again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TensorQuantization {
    /// The node, of one of the [`TENSOR_OPS`].
    pub node: NodeId,
    /// Which of its inputs.
    pub input: usize,
    /// scale_d and offset_d of the value.
    pub activation: ActivationParams,
}

/// What [`insert_quantization`] has to know besides the layers.
#[derive(Clone, Debug, Default)]
pub struct InsertOptions {
    /// The requested outputs as `name` or `name:slot`; they stay addressable and float.
    pub outputs: Vec<String>,
    /// Whether to write `dst_type = "INT8"` on `AscendQuant` and `AscendWeightQuant`. ATC takes
    /// both forms; the TensorFlow 1.15 era adapter refuses the attribute, so it is off by default.
    pub write_dst_type: bool,
    /// Inputs that are quantized by themselves.
    pub tensors: Vec<TensorQuantization>,
    /// Whether a `MaxPool` beside quantized readers of a `Relu` still reads the float value.
    pub keep_float_pools: bool,
    /// Whether every `Relu6` stays one.
    pub keep_relu6: bool,
}

/// What [`insert_quantization`] did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InsertReport {
    /// Names of the layers quantized, in the order given.
    pub layers: Vec<String>,
    /// What the nodes of the quantized layers, and those that were added, stand for.
    pub told: Told,
    /// Requested outputs whose node was renamed, as (output, new name of the node inside).
    pub renamed: Vec<(String, String)>,
    /// `MaxPool`s that read a quantized value because their neighbours do.
    pub pools: Vec<String>,
    /// `Relu6`s that became `Relu`s.
    pub relus: Vec<String>,
}

/// Quantizes the layers given, all in one change of the graph.
///
/// Layers that read one outlet with the same scale (bit for bit) and offset share an
/// `AscendQuant`. It stands before a `Pad` that ATC can merge into the layer, behind any other. If a layer's end is a requested output, its
/// node gets `_quantized` appended to its name and an `Identity` of the old name hands on the
/// dequantized value. Float constants that nobody reads any more are removed.
///
/// None of the options' changes but `tensors` and the poolings changes a number; these two round
/// what their nodes read.
///
/// # Errors
/// [`RewriteError`] for numbers that do not fit their layer, a bias beyond int32, a layer of
/// another graph, a tensor that cannot be quantized, an unknown output. The graph is then
/// unchanged.
pub fn insert_quantization(
    graph: &mut Graph,
    layers: &[LayerQuantization],
    options: &InsertOptions,
) -> Result<InsertReport, RewriteError> {
    let outputs = Outputs::resolve(graph, &options.outputs)?;
    check::all(graph, layers, &outputs)?;
    check::tensors(graph, &options.tensors)?;
    let mut builder = builder::Builder::new(graph, layers, options);
    for index in 0..layers.len() {
        builder.add_dequant(index, &outputs)?;
        builder.add_weights(index)?;
        builder.add_bias(index)?;
        builder.add_sizes(index)?;
    }
    // Last, because the input of one layer may be the dequantized end of another.
    builder.add_activations();
    builder.add_tensors()?;
    if !options.keep_float_pools {
        builder.add_pools(&outputs)?;
    }
    if !options.keep_relu6 {
        builder.replace_relu6(&outputs);
    }

    let (places, builder::Built { patch, owners, replaced, renamed, pools, relus }) = builder.finish();
    let mut next = graph.clone();
    let ids = next.apply(&patch)?;
    remove_dead_constants(&mut next, replaced, &outputs)?;
    let told = origin::told(graph, &next, (layers, &places), &ids, &owners)?;
    *graph = next;

    for quantization in layers {
        let ActivationParams { scale, offset } = quantization.activation;
        let name = &quantization.layer.name;
        log::debug!(target: PASS, "layer '{name}' quantized with scale_d {scale}, offset_d {offset}");
    }
    let layers: Vec<String> = layers.iter().map(|quantization| quantization.layer.name.clone()).collect();
    log::info!(target: PASS, "{} layers quantized", layers.len());
    Ok(InsertReport { layers, told, renamed, pools, relus })
}
