//! Which input channel a weight belongs to.

use amct_graph::{Graph, LayerKind};

use super::QuantizableLayer;

/// The input channels of a layer and its weights' places among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputChannels {
    /// Channels of the layer's own data input.
    count: usize,
    /// Input channels that one weight column sees: fewer than `count` in a convolution in groups.
    seen: usize,
    /// How many weights side by side belong to one input channel.
    run: usize,
    /// Output channels that share their input channels.
    outputs_per_group: usize,
}

impl InputChannels {
    /// Those of weights of that shape on data of `count` channels; `None` if the two do not fit, or
    /// the kind has no weights.
    pub(crate) fn of(kind: LayerKind, weights: &[usize], count: usize) -> Option<Self> {
        let (seen, run, groups) = match (kind, weights) {
            (LayerKind::Conv2d, &[_, _, cin, cout]) => (cin, cout, count.checked_div(cin)?),
            (LayerKind::DepthwiseConv2d, &[_, _, channels, multiplier]) => (channels, multiplier, 1),
            (LayerKind::ConvTranspose2d, &[_, _, _, cin]) => (cin, 1, 1),
            (LayerKind::Conv3d, &[_, _, _, cin, cout]) => (cin, cout, 1),
            (LayerKind::MatMul | LayerKind::BatchMatMul, &[rows, columns]) => (rows, columns, 1),
            _ => return None,
        };
        let fits =
            seen.checked_mul(groups) == Some(count) && count > 0 && run > 0 && run.is_multiple_of(groups);
        if !fits {
            return None;
        }
        Some(Self { count, seen, run, outputs_per_group: run.checked_div(groups)?.max(1) })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The channel of the weight with that flat index.
    pub fn of_weight(&self, index: usize) -> usize {
        let group = if self.seen == self.count { 0 } else { index % self.run / self.outputs_per_group };
        group * self.seen + index / self.run % self.seen
    }
}

impl QuantizableLayer {
    /// The input channels if the layer's own data has `count` of them; `None` if that does not fit its
    /// weights, and for a pooling, which has none to balance.
    pub fn input_channels(&self, count: usize) -> Option<InputChannels> {
        InputChannels::of(self.kind, &self.weights.as_ref()?.shape, count)
    }

    /// The axis of the channels in data of that rank, which is at least 2.
    pub fn channel_axis(&self, graph: &Graph, rank: usize) -> usize {
        self.kind.channel_axis(graph.node(self.node), rank)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels(kind: LayerKind, weights: &[usize], count: usize) -> Option<Vec<usize>> {
        let of = InputChannels::of(kind, weights, count)?;
        Some((0..weights.iter().product()).map(|index| of.of_weight(index)).collect())
    }

    #[test]
    fn every_kind_has_its_input_channels_elsewhere() {
        let of = |kind, weights: &[usize], count| channels(kind, weights, count).unwrap();
        assert_eq!(of(LayerKind::Conv2d, &[1, 2, 2, 3], 2), [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1]);
        assert_eq!(of(LayerKind::DepthwiseConv2d, &[1, 2, 2, 2], 2), [0, 0, 1, 1, 0, 0, 1, 1]);
        assert_eq!(of(LayerKind::ConvTranspose2d, &[1, 1, 2, 3], 3), [0, 1, 2, 0, 1, 2]);
        assert_eq!(of(LayerKind::Conv3d, &[1, 1, 1, 2, 2], 2), [0, 0, 1, 1]);
        assert_eq!(of(LayerKind::MatMul, &[3, 2], 3), [0, 0, 1, 1, 2, 2]);
    }

    #[test]
    fn outputs_of_a_convolution_in_groups_see_channels_of_their_own() {
        let of = channels(LayerKind::Conv2d, &[1, 1, 2, 4], 4).unwrap();
        assert_eq!(of, [0, 0, 2, 2, 1, 1, 3, 3]);
    }

    #[test]
    fn what_does_not_fit_has_none() {
        assert_eq!(channels(LayerKind::Conv2d, &[1, 1, 2, 4], 3), None);
        assert_eq!(channels(LayerKind::Conv2d, &[1, 1, 2, 3], 4), None);
        assert_eq!(channels(LayerKind::Conv2d, &[1, 1, 2, 3], 0), None);
        assert_eq!(channels(LayerKind::MatMul, &[3, 2], 2), None);
        assert_eq!(channels(LayerKind::AvgPool, &[], 2), None);
    }
}
