//! The kinds of layer that can be quantized: the ops of each, where it has data, weights and bias, and
//! how its weights are laid out. Everybody who asks what a layer is asks here.

use amct_tensor::DataFormat;

use crate::views::WindowAttrs;
use crate::{AttrValue, Node, op};

/// The kinds of layer that can be quantized.
///
/// # Conv3D
/// AMCT's manual is at odds with itself on whether a `Conv3D` may have one weight scale per channel
/// (`docs/sources/amct.md` section 7). Here it has one scale: the page about records leaves it out, and the
/// kernels of `AscendWeightQuant` and `AscendDequant` tell channels apart only in values of rank 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LayerKind {
    /// `Conv2D`, weights HWIO, dilated or not.
    Conv2d,
    /// `DepthwiseConv2dNative`, weights HWCM.
    DepthwiseConv2d,
    /// `Conv2DBackpropInput` without dilation: weights \[H, W, Cout, Cin\], data at input 2.
    ConvTranspose2d,
    /// `Conv3D` without dilation along depth, weights DHWIO.
    Conv3d,
    /// `MatMul` without transposition, weights \[K, N\].
    MatMul,
    /// `BatchMatMul` or `BatchMatMulV2` without transposition, whose second operand is a constant
    /// matrix \[K, N\].
    BatchMatMul,
    /// `AvgPool`: only its activation is quantized.
    AvgPool,
}

impl LayerKind {
    /// The ops of all kinds.
    const OPS: [(&'static str, Self); 8] = [
        (op::CONV2D, Self::Conv2d),
        (op::DEPTHWISE_CONV2D_NATIVE, Self::DepthwiseConv2d),
        (op::CONV2D_BACKPROP_INPUT, Self::ConvTranspose2d),
        (op::CONV3D, Self::Conv3d),
        (op::MAT_MUL, Self::MatMul),
        (op::BATCH_MAT_MUL, Self::BatchMatMul),
        (op::BATCH_MAT_MUL_V2, Self::BatchMatMul),
        (op::AVG_POOL, Self::AvgPool),
    ];

    /// The kind of an op, if it is one of them.
    pub fn of_op(op: &str) -> Option<Self> {
        Self::OPS.iter().find(|(name, _)| *name == op).map(|(_, kind)| *kind)
    }

    /// The ops that something can be folded into: those with weights.
    pub fn foldable_ops() -> Vec<&'static str> {
        let with_weights = Self::OPS.iter().filter(|(_, kind)| kind.weight_input().is_some());
        with_weights.map(|(op, _)| *op).collect()
    }

    /// The ops that ATC merges as the bias of a quantized layer of this kind; the first is the one to
    /// write.
    pub fn bias_ops(self) -> &'static [&'static str] {
        match self {
            Self::AvgPool => &[],
            Self::BatchMatMul => &[op::ADD, op::ADD_V2],
            _ => &[op::BIAS_ADD],
        }
    }

    /// Whether it may have one weight scale per output channel.
    pub fn may_be_channel_wise(self) -> bool {
        matches!(self, Self::Conv2d | Self::DepthwiseConv2d | Self::ConvTranspose2d)
    }

    /// Which input holds the data.
    pub fn data_input(self) -> usize {
        if self == Self::ConvTranspose2d { 2 } else { 0 }
    }

    /// Which input holds the weights.
    pub fn weight_input(self) -> Option<usize> {
        (self != Self::AvgPool).then_some(1)
    }

    /// The number of inputs.
    pub fn input_count(self) -> usize {
        match self {
            Self::AvgPool => 1,
            Self::ConvTranspose2d => 3,
            _ => 2,
        }
    }

    /// Whether the op slides a two-dimensional window over rank 4 maps.
    pub fn is_2d_window(self) -> bool {
        !matches!(self, Self::Conv3d | Self::MatMul | Self::BatchMatMul)
    }

    /// Rank of the weights; 0 without weights.
    pub fn weight_rank(self) -> usize {
        match self {
            Self::Conv2d | Self::DepthwiseConv2d | Self::ConvTranspose2d => 4,
            Self::Conv3d => 5,
            Self::MatMul | Self::BatchMatMul => 2,
            Self::AvgPool => 0,
        }
    }

    /// Input channels that weights of that shape see; `None` without weights, or for another rank.
    pub fn input_channels(self, weights: &[usize]) -> Option<usize> {
        if weights.len() != self.weight_rank() {
            return None;
        }
        match (self, weights) {
            (Self::ConvTranspose2d, &[.., cin]) => Some(cin),
            (Self::Conv2d | Self::DepthwiseConv2d | Self::Conv3d, &[.., cin, _]) => Some(cin),
            (Self::MatMul | Self::BatchMatMul, &[rows, _]) => Some(rows),
            _ => None,
        }
    }

    /// Whether work is counted by the elements of the data, each of which meets the whole filter, and not by those
    /// of the output.
    pub fn counts_data(self) -> bool {
        self == Self::ConvTranspose2d
    }

    /// Multiply-adds for each element that is [counted](Self::counts_data), with weights of that shape; `None`
    /// without weights, or for a shape that has too few axes. `is_transposed` tells of a matrix \[N, K\].
    pub fn multiply_adds(self, weights: &[usize], is_transposed: bool) -> Option<u64> {
        let product =
            |dims: &[usize]| dims.iter().fold(1_u64, |product, &dim| product.saturating_mul(dim as u64));
        match self {
            Self::AvgPool => None,
            Self::DepthwiseConv2d => weights.get(..2).map(product),
            // [height, width, out, in]: a data element of one channel meets all but that channel.
            Self::ConvTranspose2d => weights.get(..3).map(product),
            Self::Conv2d | Self::Conv3d => weights.split_last().map(|(_, taps)| product(taps)),
            Self::MatMul => weights.get(usize::from(is_transposed)).map(|&rows| rows as u64),
            Self::BatchMatMul => {
                let rows = weights.len().checked_sub(if is_transposed { 1 } else { 2 })?;
                weights.get(rows).map(|&rows| rows as u64)
            }
        }
    }

    /// How weights of that shape are laid out; `None` for a shape of another rank, and without weights.
    /// `is_transposed` tells of a matrix \[N, K\].
    pub fn layout(self, weights: &[usize], is_transposed: bool) -> Option<ChannelLayout> {
        if weights.len() != self.weight_rank() {
            return None;
        }
        let (channels, run) = match (self, weights) {
            (Self::DepthwiseConv2d, &[_, _, c, m]) => (c.checked_mul(m)?, 1),
            (Self::ConvTranspose2d, &[_, _, cout, cin]) => (cout, cin),
            (Self::MatMul | Self::BatchMatMul, &[columns, rows]) if is_transposed => (columns, rows),
            (_, &[.., cout]) => (cout, 1),
            _ => return None,
        };
        Some(ChannelLayout { channels, run })
    }

    /// Output channels of weights of that shape, and how many weights side by side belong to one; `None`
    /// for a shape of another rank. Of an untransposed matrix.
    pub fn channels(self, weights: &[usize]) -> Option<(usize, usize)> {
        self.layout(weights, false).map(|layout| (layout.channels, layout.run))
    }

    /// The axis of the channels in the data of `node`, a layer of this kind, which have that rank.
    pub fn channel_axis(self, node: &Node, rank: usize) -> usize {
        let is_second = match self {
            Self::MatMul | Self::BatchMatMul => false,
            Self::Conv3d => node.attrs.get("data_format") == Some(&AttrValue::string("NCDHW")),
            _ => WindowAttrs::of(node).is_ok_and(|window| window.format == DataFormat::Nchw),
        };
        if is_second { 1 } else { rank.saturating_sub(1) }
    }

    /// Whether a node, a layer of this kind, reads a matrix \[N, K\].
    pub fn is_transposed(self, node: &Node) -> bool {
        let attr = match self {
            Self::MatMul => "transpose_b",
            Self::BatchMatMul => "adj_y",
            _ => return false,
        };
        node.attributes().bool_or(attr, false).unwrap_or(false)
    }
}

/// Where the weights of each output channel are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelLayout {
    /// Output channels; of a depthwise convolution C * M.
    pub channels: usize,
    /// How many weights side by side belong to one channel: 1 unless a filter or matrix is transposed.
    pub run: usize,
}

impl ChannelLayout {
    /// The channel of the weight of that flat index; 0 if there is none.
    pub fn channel(self, index: usize) -> usize {
        index.checked_div(self.run).and_then(|run| run.checked_rem(self.channels)).unwrap_or(0)
    }

    /// The sum of each channel's weights.
    pub fn sums(self, weights: &[i8]) -> Vec<i64> {
        let mut sums = vec![0; self.channels];
        for (index, &weight) in weights.iter().enumerate() {
            if let Some(sum) = sums.get_mut(self.channel(index)) {
                *sum += i64::from(weight);
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_summed_by_channel() {
        let of = |kind: LayerKind, shape: &[usize], is_transposed| {
            let weights: Vec<i8> = (1..=shape.iter().product::<usize>() as i8).collect();
            kind.layout(shape, is_transposed).unwrap().sums(&weights)
        };
        // [[1, 2], [3, 4], [5, 6]]: columns 9 and 12; rows 3, 7 and 11.
        assert_eq!(of(LayerKind::MatMul, &[3, 2], false), [9, 12]);
        assert_eq!(of(LayerKind::MatMul, &[3, 2], true), [3, 7, 11]);
        assert_eq!(of(LayerKind::BatchMatMul, &[3, 2], true), [3, 7, 11]);
        assert_eq!(of(LayerKind::Conv2d, &[1, 1, 3, 2], false), [9, 12]);
        assert_eq!(of(LayerKind::ConvTranspose2d, &[1, 1, 3, 2], false), [3, 7, 11]);
        // Two taps of three channels with two results each.
        assert_eq!(of(LayerKind::DepthwiseConv2d, &[2, 1, 3, 2], false), [8, 10, 12, 14, 16, 18]);
        assert_eq!(LayerKind::Conv2d.layout(&[3, 2], false), None);
        assert_eq!(LayerKind::Conv2d.layout(&[0, 0, 0, 0], false).unwrap().channel(3), 0);
    }

    #[test]
    fn work_is_counted_by_kind() {
        let of = |kind: LayerKind, shape: &[usize], is_transposed| kind.multiply_adds(shape, is_transposed);
        assert_eq!(of(LayerKind::Conv2d, &[3, 2, 5, 7], false), Some(30));
        assert_eq!(of(LayerKind::Conv3d, &[2, 3, 2, 5, 7], false), Some(60));
        assert_eq!(of(LayerKind::DepthwiseConv2d, &[3, 2, 5, 7], false), Some(6));
        assert_eq!(of(LayerKind::ConvTranspose2d, &[3, 2, 5, 7], false), Some(30));
        assert_eq!(of(LayerKind::MatMul, &[5, 7], false), Some(5));
        assert_eq!(of(LayerKind::MatMul, &[5, 7], true), Some(7));
        assert_eq!(of(LayerKind::BatchMatMul, &[2, 5, 7], false), Some(5));
        assert_eq!(of(LayerKind::BatchMatMul, &[2, 5, 7], true), Some(7));
        assert_eq!(of(LayerKind::BatchMatMul, &[5], false), None);
        assert_eq!(of(LayerKind::AvgPool, &[], false), None);
    }

    #[test]
    fn every_op_with_weights_says_where_they_are() {
        for op in
            ["Conv2D", "DepthwiseConv2dNative", "Conv2DBackpropInput", "Conv3D", "MatMul", "BatchMatMul"]
        {
            let kind = LayerKind::of_op(op).unwrap();
            assert_eq!(kind.weight_input(), Some(1), "{op}");
            assert!(kind.data_input() < kind.input_count(), "{op}");
        }
    }
}
