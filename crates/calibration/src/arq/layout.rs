//! Which channel each weight belongs to, for every layout of weights there is.

use super::ArqError;

/// Which channel a weight belongs to, by its flat row-major index: `index / run % channels`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelLayout {
    channels: usize,
    run: usize,
}

impl ChannelLayout {
    /// One channel for all: a scale per tensor.
    pub fn per_tensor() -> Self {
        Self::innermost(1)
    }

    /// The channels vary fastest: HWIO filters with `channels` = O, depthwise HWCM filters with
    /// `channels` = C * M, and matrices with `channels` = columns.
    pub fn innermost(channels: usize) -> Self {
        Self { channels, run: 1 }
    }

    /// `run` weights that lie side by side belong to one channel, the next `run` to the next.
    pub fn with_runs(channels: usize, run: usize) -> Self {
        Self { channels, run }
    }

    /// The channels are an axis of the shape: 2 for the H, W, Cout, Cin filter of a transposed
    /// convolution, 0 for a Cout-first filter.
    ///
    /// # Errors
    /// [`ArqError::Axis`] if the shape has no such axis, [`ArqError::Empty`] if a dimension is 0
    /// or their product does not fit.
    pub fn axis(shape: &[usize], axis: usize) -> Result<Self, ArqError> {
        let Some((&channels, inner)) = shape.get(axis..).and_then(<[usize]>::split_first) else {
            return Err(ArqError::Axis { axis, rank: shape.len() });
        };
        let run = inner.iter().try_fold(1usize, |run, &dim| run.checked_mul(dim)).unwrap_or(0);
        if channels == 0 || run == 0 { Err(ArqError::Empty) } else { Ok(Self { channels, run }) }
    }

    /// The number of channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Checks that `weights` values fill all channels alike.
    pub(super) fn check(&self, weights: usize) -> Result<(), ArqError> {
        let Self { channels, run } = *self;
        let period = channels.saturating_mul(run);
        if weights == 0 || period == 0 {
            return Err(ArqError::Empty);
        }
        if weights.is_multiple_of(period) { Ok(()) } else { Err(ArqError::Layout { weights, channels, run }) }
    }

    /// Calls `f` with the channel and the values of each run, in order of the values.
    pub(super) fn for_each_run<'w, T>(&self, weights: &'w [T], mut f: impl FnMut(usize, &'w [T])) {
        let channels = (0..self.channels).cycle();
        for (run, channel) in weights.chunks(self.run.max(1)).zip(channels) {
            f(channel, run);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels_of(layout: ChannelLayout, weights: usize) -> Vec<usize> {
        let values = vec![0; weights];
        let mut channels = Vec::new();
        layout.for_each_run(&values, |channel, run| channels.extend(run.iter().map(|_| channel)));
        channels
    }

    #[test]
    fn every_layout_names_the_channel_of_every_weight() {
        assert_eq!(channels_of(ChannelLayout::per_tensor(), 3), [0, 0, 0]);
        assert_eq!(channels_of(ChannelLayout::innermost(3), 6), [0, 1, 2, 0, 1, 2]);
        let transposed = ChannelLayout::axis(&[1, 2, 3, 2], 2).unwrap();
        assert_eq!(channels_of(transposed, 12), [0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]);
        let cout_first = ChannelLayout::axis(&[2, 3], 0).unwrap();
        assert_eq!(channels_of(cout_first, 6), [0, 0, 0, 1, 1, 1]);
    }

    #[test]
    fn impossible_layouts_are_refused() {
        assert_eq!(ChannelLayout::axis(&[2, 3], 2), Err(ArqError::Axis { axis: 2, rank: 2 }));
        assert_eq!(ChannelLayout::axis(&[2, 0], 0), Err(ArqError::Empty));
        assert_eq!(ChannelLayout::axis(&[2, usize::MAX, 2], 0), Err(ArqError::Empty));
        assert_eq!(ChannelLayout::innermost(0).check(4), Err(ArqError::Empty));
        assert_eq!(ChannelLayout::innermost(4).check(0), Err(ArqError::Empty));
        let found = ChannelLayout::innermost(4).check(10);
        assert_eq!(found, Err(ArqError::Layout { weights: 10, channels: 4, run: 1 }));
    }
}
