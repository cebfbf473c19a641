//! The search of shift bits: one more run over the batches, on the float outputs of the layers.

use amct_artifacts::record::RecordEntry;
use amct_calibration::shift::ShiftVersion;
use amct_calibration::shift_bits::{self, LayerOutput};
use amct_calibration::{Batches, Progress, probe_shapes};
use amct_graph::{Graph, Outlet};
use amct_rewrite::QuantizableLayer;
use amct_tensor::internal;
use amct_tensor::quantization::DeqScale;

use crate::pipeline::Prepared;
use crate::{Error, signature};

/// One more run over the batches, for shift bits.
pub(super) struct Search<'a> {
    pub(super) prepared: &'a Prepared,
    /// The graph that the activations were calibrated on.
    pub(super) graph: &'a Graph,
    pub(super) version: ShiftVersion,
    pub(super) batches: &'a dyn Batches,
    pub(super) batch_num: usize,
    pub(super) progress: &'a (dyn Fn(Progress) + Sync),
}

impl Search<'_> {
    /// Records the shift bits of the layers with weights in their entries.
    pub(super) fn fill<'e>(
        &self,
        layers: impl Iterator<Item = (&'e QuantizableLayer, &'e mut RecordEntry)>,
    ) -> Result<(), Error> {
        let layers: Vec<_> = layers.filter(|(layer, _)| layer.weights.is_some()).collect();
        if layers.is_empty() {
            return Ok(());
        }
        let ends: Vec<Outlet> = layers.iter().map(|(layer, _)| layer.end().into()).collect();
        let outlets = signature::outlets(self.graph, &self.prepared.outputs)?;
        let shapes = probe_shapes(self.graph, &outlets, &ends, self.batches)?;
        let mut outputs = Vec::new();
        let mut filled = Vec::new();
        for (layer, entry) in layers {
            let scale_d =
                entry.scale_d.ok_or_else(|| internal!("layer '{}' has no scale_d yet", layer.name))?;
            let outlet = Outlet::from(layer.end());
            outputs.push(LayerOutput {
                outlet,
                layer: layer.name.clone(),
                scales: entry.scale_w.iter().map(|&scale_w| DeqScale::new(scale_d, scale_w).scale).collect(),
                channels_first: layer.channel_axis(self.graph, 4) == 1,
                shape: shapes.get(&outlet).cloned().unwrap_or_default(),
            });
            filled.push(entry);
        }
        let found = shift_bits::search(
            self.graph,
            &outputs,
            self.version,
            self.batches,
            self.batch_num,
            self.progress,
        )?;
        for (entry, shift_bit) in filled.into_iter().zip(found) {
            entry.shift_bit = shift_bit;
        }
        Ok(())
    }
}
