use amct_artifacts::record::RecordEntry;
use amct_calibration::shift::ShiftVersion;
use amct_calibration::shift_bits::{self, LayerOutput};
use amct_calibration::{Batches, Progress, probe_shapes};
use amct_graph::{Graph, Outlet};
use amct_tensor::quantization::DeqScale;

use super::Enabled;
use crate::pipeline::Prepared;
use crate::{Error, interface};

/// One more run over the batches, for shift bits.
pub(super) struct Search<'a> {
    pub(super) prepared: &'a Prepared,
    /// The graph that the activations were calibrated on.
    pub(super) graph: &'a Graph,
    pub(super) version: ShiftVersion,
    pub(super) batches: &'a Batches<'a>,
    pub(super) batch_num: usize,
    pub(super) progress: &'a (dyn Fn(Progress) + Sync),
}

impl Search<'_> {
    /// Records the shift bits of every layer with weights; `entries` are those of `enabled`.
    pub(super) fn fill(&self, enabled: &[Enabled<'_>], entries: &mut [RecordEntry]) -> Result<(), Error> {
        let layers = || enabled.iter().map(|(layer, _)| *layer);
        let ends: Vec<Outlet> =
            layers().filter(|layer| layer.weights.is_some()).map(|layer| layer.end().into()).collect();
        let outlets = interface::outlets(self.graph, &self.prepared.outputs)?;
        let shapes = probe_shapes(self.graph, &outlets, &ends, self.batches)?;
        let mut outputs = Vec::new();
        let mut filled = Vec::new();
        for (layer, entry) in layers().zip(entries).filter(|(layer, _)| layer.weights.is_some()) {
            let Some(scale_d) = entry.scale_d else { continue };
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
