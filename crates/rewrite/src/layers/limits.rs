//! Extents beyond which ATC runs a layer in float16 or refuses it.

use std::fmt;

use amct_graph::views::WindowAttrs;
use amct_graph::{Graph, Outlet};

use super::QuantizableLayer;
use crate::insert::sizes;
use crate::rollback_rule;

/// The largest stride ATC takes.
const MAX_STRIDE: usize = 63;
/// The largest kernel extent of a convolution.
const MAX_KERNEL: usize = 511;
/// The largest area of a pooling window, unless both extents are small.
const MAX_POOL_AREA: usize = 255;
/// Both extents below this make any area of a pooling window acceptable.
const SMALL_POOL: usize = 20;

/// A layer whose extents ATC does not like; it is quantized all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerWarning {
    /// Name of the layer.
    pub layer: String,
    /// What is the matter with it.
    pub problem: String,
}

impl fmt::Display for LayerWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layer '{}': {}", self.layer, self.problem)
    }
}

pub(super) fn check(
    graph: &Graph,
    layer: &QuantizableLayer,
    shapes: &dyn Fn(Outlet) -> Option<Vec<usize>>,
) -> Option<LayerWarning> {
    let rolled_back = || Some(rollback_rule::of_layer(graph, layer, shapes)?.in_words());
    let too_large = || {
        let window = WindowAttrs::of(graph.node(layer.node)).ok().filter(|_| layer.kind.is_2d_window())?;
        let kernel = layer.weights.as_ref()?.shape.iter().take(2).max().copied();
        convolution_problem(&window, kernel.unwrap_or(1))
    };
    let problem = too_large().or_else(rolled_back).or_else(|| sizes_problem(graph, layer));
    problem.map(|problem| LayerWarning { layer: layer.name.clone(), problem })
}

/// What ATC has against the output size of a transposed convolution: it merges the layer only where the
/// size is a constant once it has folded what it can.
fn sizes_problem(graph: &Graph, layer: &QuantizableLayer) -> Option<String> {
    let source = sizes::computed(graph, layer.kind, layer.node)?;
    Some(format!(
        "its output size comes from {source}; ATC runs it in int8 only if that is a constant at fixed input \
         shapes"
    ))
}

/// What ATC has against a pooling window, shape aside: it then runs it in float16.
pub(crate) fn pool_problem(window: &WindowAttrs) -> Option<String> {
    let (height, width) = window.kernel;
    let (down, right) = window.strides;
    if down.max(right) > MAX_STRIDE {
        return Some(format!("stride {} is more than the {MAX_STRIDE} that ATC takes", down.max(right)));
    }
    let is_small = height < SMALL_POOL && width < SMALL_POOL;
    (!is_small && height.saturating_mul(width) > MAX_POOL_AREA).then(|| {
        format!("a window of {height}x{width} is more than the {MAX_POOL_AREA} elements that ATC takes")
    })
}

/// What ATC has against a convolution's strides and kernel.
pub(crate) fn convolution_problem(window: &WindowAttrs, kernel: usize) -> Option<String> {
    let stride = window.strides.0.max(window.strides.1);
    if stride > MAX_STRIDE {
        return Some(format!("stride {stride} is more than the {MAX_STRIDE} that ATC takes"));
    }
    (kernel > MAX_KERNEL)
        .then(|| format!("a kernel of {kernel} is more than the {MAX_KERNEL} that ATC takes"))
}
