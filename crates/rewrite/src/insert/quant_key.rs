//! What makes two `AscendQuant`s the same, so that one serves both.

use amct_graph::{Outlet, Source};
use amct_tensor::quantization::ActivationParams;

use super::origin::Owner;

/// What tells one `AscendQuant` from another: what it reads, the bits of scale_d, and offset_d.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct QuantKey {
    pub(super) outlet: Outlet,
    scale: u32,
    offset: i32,
}

impl QuantKey {
    pub(super) fn new(outlet: Outlet, params: ActivationParams) -> Self {
        Self { outlet, scale: params.scale.to_bits(), offset: params.offset }
    }

    pub(super) fn params(&self) -> ActivationParams {
        ActivationParams { scale: f32::from_bits(self.scale), offset: self.offset }
    }
}

/// An `AscendQuant` and the one it was added for first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quant {
    pub(super) source: Source,
    pub(super) owner: Owner,
}
