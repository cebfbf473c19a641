//! Lets a graph run as ATC compiled it.

use std::collections::{BTreeMap, BTreeSet};

use amct_graph::{Graph, Outlet, QuantizedLayer, quantized_layers};
use amct_rewrite::roll_back;

use super::{Compiled, CompiledError};

impl Compiled {
    /// Gives the layers of a quantized graph that ATC runs in float back to float, after a
    /// [`check`](Self::check). Layers that share a quantized activation have the same values anyway.
    ///
    /// # Errors
    /// Those of [`check`](Self::check); [`CompiledError::RollBack`] if a layer's constants do not fit
    /// each other.
    pub fn apply(&self, graph: &mut Graph, outputs: &[Outlet]) -> Result<(), CompiledError> {
        self.check(graph, outputs)?;
        for layer in self.rolled_back() {
            log::info!(target: "compiled", "layer '{}' runs in {}, not in int8", layer.name, layer.data_type);
        }
        let dequants: BTreeSet<_> =
            self.rolled_back().filter_map(|layer| graph.find(&layer.dequant)).collect();
        roll_back(graph, &dequants, outputs).map_err(CompiledError::RollBack)
    }

    /// Checks that this is the compiled form of a quantized graph: it has the quantized layers that the
    /// graph's outputs need, and no others than the graph has, and where layers share a quantized
    /// activation they quantize alike in the graph.
    ///
    /// # Errors
    /// [`CompiledError::NotInModel`], [`CompiledError::NotCompiled`], [`CompiledError::NotShared`].
    pub fn check(&self, graph: &Graph, outputs: &[Outlet]) -> Result<(), CompiledError> {
        let layers = quantized_layers(graph);
        let dequant_name = |layer: &QuantizedLayer| graph.node(layer.dequant).name.clone();
        let in_model: BTreeSet<String> = layers.iter().map(dequant_name).collect();
        let compiled: BTreeSet<&str> = self.layers.iter().map(|layer| layer.dequant.as_str()).collect();
        let strangers = self.layers.iter().filter(|layer| !in_model.contains(&layer.dequant));
        let strangers: Vec<String> = strangers.map(|layer| layer.name.clone()).collect();
        if !strangers.is_empty() {
            return Err(CompiledError::NotInModel(strangers));
        }
        let roots: Vec<_> = outputs.iter().map(|outlet| outlet.node).collect();
        let needed = graph.needed_by(&roots).map_err(|error| CompiledError::RollBack(error.into()))?;
        let needed: BTreeSet<_> = needed.into_iter().collect();
        let missing = layers
            .iter()
            .filter(|layer| needed.contains(&layer.node) && !compiled.contains(dequant_name(layer).as_str()));
        let missing: Vec<String> = missing.map(|layer| layer.name.clone()).collect();
        if !missing.is_empty() {
            return Err(CompiledError::NotCompiled(missing));
        }
        self.check_shared(graph, &layers)
    }

    /// Layers that read one quantized activation in the compiled model must quantize alike in the graph.
    fn check_shared(&self, graph: &Graph, layers: &[QuantizedLayer]) -> Result<(), CompiledError> {
        let mut first_of: BTreeMap<&str, &QuantizedLayer> = BTreeMap::new();
        for compiled in &self.layers {
            let Some(quant) = &compiled.quant else { continue };
            let of_name = |layer: &&QuantizedLayer| graph.node(layer.dequant).name == compiled.dequant;
            let Some(layer) = layers.iter().find(of_name) else { continue };
            let first = *first_of.entry(quant.as_str()).or_insert(layer);
            if !quantize_alike(graph, first, layer) {
                return Err(CompiledError::NotShared {
                    quant: quant.clone(),
                    first: first.name.clone(),
                    other: layer.name.clone(),
                });
            }
        }
        Ok(())
    }
}

/// Whether the `AscendQuant`s of two layers have equal factors and read the same.
fn quantize_alike(graph: &Graph, first: &QuantizedLayer, other: &QuantizedLayer) -> bool {
    let (first, other) = (graph.node(first.quant), graph.node(other.quant));
    let same = |name: &str| first.attrs.get(name) == other.attrs.get(name);
    first.inputs == other.inputs && same("scale") && same("offset")
}
