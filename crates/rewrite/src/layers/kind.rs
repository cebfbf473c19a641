//! The kinds of layer that can be quantized, and where each has what.

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
    /// The kind of an op, if it is one of them.
    pub fn of_op(op: &str) -> Option<Self> {
        match op {
            "Conv2D" => Some(Self::Conv2d),
            "DepthwiseConv2dNative" => Some(Self::DepthwiseConv2d),
            "Conv2DBackpropInput" => Some(Self::ConvTranspose2d),
            "Conv3D" => Some(Self::Conv3d),
            "MatMul" => Some(Self::MatMul),
            "BatchMatMul" | "BatchMatMulV2" => Some(Self::BatchMatMul),
            "AvgPool" => Some(Self::AvgPool),
            _ => None,
        }
    }

    /// The ops that ATC merges as the bias of a quantized layer of this kind; the first is the one to
    /// write.
    pub fn bias_ops(self) -> &'static [&'static str] {
        match self {
            Self::AvgPool => &[],
            Self::BatchMatMul => &["Add", "AddV2"],
            _ => &["BiasAdd"],
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

    /// Output channels of weights of that shape, and how many weights side by side belong to one
    /// (see [`LayerWeights::run`](super::LayerWeights::run)); `None` for a shape of another rank.
    pub fn channels(self, weights: &[usize]) -> Option<(usize, usize)> {
        if weights.len() != self.weight_rank() {
            return None;
        }
        match (self, weights) {
            (Self::DepthwiseConv2d, &[_, _, c, m]) => Some((c.checked_mul(m)?, 1)),
            (Self::ConvTranspose2d, &[_, _, cout, cin]) => Some((cout, cin)),
            (_, &[.., cout]) => Some((cout, 1)),
            _ => None,
        }
    }
}
