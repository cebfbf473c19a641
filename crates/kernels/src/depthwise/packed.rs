//! A depthwise filter of int8, reordered into words for the instruction set that will read it.

use super::DepthwiseShape;
use crate::gemm::WordShape;
use crate::{Isa, KernelError, lengths};

/// Channels that vectors may read behind the last one.
const PADDING: usize = 64;

/// A depthwise filter of int8, reordered into words for the kernel that will read it.
///
/// The rows of the window are taken in groups of as many as a word has values. For each block of
/// channels, each group and each column of the window there is one word per channel.
#[derive(Clone, Debug)]
pub struct PackedDepthwiseI8 {
    isa: Isa,
    /// Height and width of the window, channels, multiplier.
    window: [usize; 4],
    /// As it was given, in HWCM order.
    values: Vec<i8>,
    words: Vec<i32>,
    /// The same below a row of zeros, if that takes no more groups: for the next line of output,
    /// over the words of this one.
    shifted: Vec<i32>,
    /// Rows per word.
    group: usize,
    /// Channels of a block.
    block: usize,
    /// The sum of each output channel's weights, then padding.
    sums: Vec<i32>,
    limit: i64,
}

impl PackedDepthwiseI8 {
    /// Packs a filter of height x width x channels x multiplier values.
    ///
    /// # Errors
    /// [`KernelError::Length`] or [`KernelError::Overflow`] if `filter` is not of that size,
    /// [`KernelError::Depth`] if it has so many taps that a sum might not fit an i32.
    pub fn new(window: [usize; 4], filter: &[i8]) -> Result<Self, KernelError> {
        Self::for_isa(Isa::best(), window, filter)
    }

    /// [`PackedDepthwiseI8::new`] for a given instruction set.
    ///
    /// # Errors
    /// As [`PackedDepthwiseI8::new`].
    pub fn for_isa(isa: Isa, window: [usize; 4], filter: &[i8]) -> Result<Self, KernelError> {
        let [height, width, channels, multiplier] = window;
        lengths::expect("filter", filter.len(), lengths::product("filter", &window)?)?;
        lengths::expect_depth_i8(height.saturating_mul(width))?;
        let (shape, block) = (WordShape::of(isa), isa.vectors().block);
        let out_channels = channels * multiplier;
        let mut sums = vec![0; out_channels + PADDING];
        let mut magnitudes = vec![0_i64; out_channels];
        for row in filter.chunks_exact(out_channels.max(1)) {
            for ((&value, sum), magnitude) in row.iter().zip(&mut sums).zip(&mut magnitudes) {
                *sum += i32::from(value);
                *magnitude += i64::from(value).abs();
            }
        }
        let (mut words, mut shifted) = (Vec::new(), Vec::new());
        if multiplier == 1 {
            let groups = height.div_ceil(shape.group);
            let blocks = channels.div_ceil(block);
            let len = lengths::product("filter", &[blocks, groups, width, block])?;
            let pack = |above: usize| {
                let mut words = vec![0; len];
                for (index, &value) in filter.iter().enumerate() {
                    let (tap, channel) = (index / channels, index % channels);
                    let (row, kw) = (tap / width + above, tap % width);
                    let at = (channel / block * groups + row / shape.group) * width + kw;
                    words[at * block + channel % block] |= shape.part(value, row % shape.group);
                }
                words
            };
            words = pack(0);
            if !height.is_multiple_of(shape.group) {
                shifted = pack(1);
            }
        }
        let limit = 255 * magnitudes.into_iter().max().unwrap_or(0);
        let values = filter.to_vec();
        Ok(Self { isa, window, values, words, shifted, group: shape.group, block, sums, limit })
    }

    /// Channels of the output.
    pub fn out_channels(&self) -> usize {
        self.window[2] * self.window[3]
    }

    /// No sum of products with activations of any zero offset is larger in magnitude.
    pub fn limit(&self) -> i64 {
        self.limit
    }

    pub(super) fn expect_shape(&self, shape: &DepthwiseShape) -> Result<(), KernelError> {
        let window = [shape.height.kernel, shape.width.kernel, shape.channels, shape.multiplier];
        if window == self.window { Ok(()) } else { Err(KernelError::Window) }
    }

    pub(super) fn isa(&self) -> Isa {
        self.isa
    }

    pub(super) fn values(&self) -> &[i8] {
        &self.values
    }

    /// Groups of rows of the window.
    pub(super) fn groups(&self) -> usize {
        self.window[0].div_ceil(self.group)
    }

    /// Whether the filter shifted by a row takes no more groups.
    pub(super) fn can_shift(&self) -> bool {
        !self.shifted.is_empty()
    }

    /// The words of the block that starts at `channel`: by group, column and channel; those of the
    /// filter below a row of zeros if `shifted`, which [`can_shift`](Self::can_shift) must allow.
    pub(super) fn block(&self, channel: usize, shifted: bool) -> &[i32] {
        let len = self.groups() * self.window[1] * self.block;
        let words = if shifted { &self.shifted } else { &self.words };
        &words[channel / self.block * len..][..len]
    }

    pub(super) fn sums(&self) -> &[i32] {
        &self.sums
    }
}
