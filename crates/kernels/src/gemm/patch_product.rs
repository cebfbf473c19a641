//! Patches of either element type times a packed matrix, so that a convolution's loops are
//! written once.

use super::lhs::Lhs;
use super::packed_i8::I8Accumulation;
use super::padded::PaddedEpilogue;
use super::{PackedF32, PackedI8};
use crate::i32_epilogue::KeepI32;

/// How the patches of a convolution are made and multiplied.
pub(crate) trait PatchProduct: Copy + Send + Sync {
    /// Elements of activation and patch.
    type Element: Copy + Send + Sync;
    /// Elements of the output.
    type Output: Copy + Default + Send;
    /// The filter.
    type Packed: Sync;

    /// What stands for the padding.
    fn padding(self) -> Self::Element;

    /// Elements from one patch to the next.
    fn stride(packed: &Self::Packed) -> usize;

    /// One patch for each row of `output`.
    fn multiply_rows(self, packed: &Self::Packed, patches: &[Self::Element], output: &mut [Self::Output]);
}

/// Floats, with what follows the sum.
#[derive(Clone, Copy)]
pub(crate) struct F32Patches<'a>(pub(crate) &'a PaddedEpilogue<'a>);

impl PatchProduct for F32Patches<'_> {
    type Element = f32;
    type Output = f32;
    type Packed = PackedF32;

    #[inline(always)]
    fn padding(self) -> f32 {
        0.0
    }

    fn stride(packed: &PackedF32) -> usize {
        packed.k()
    }

    fn multiply_rows(self, packed: &PackedF32, patches: &[f32], output: &mut [f32]) {
        packed.multiply_rows(patches, self.0, output);
    }
}

/// int8 with its zero offset.
#[derive(Clone, Copy)]
pub(crate) struct I8Patches {
    pub(crate) zero_offset: i16,
}

impl PatchProduct for I8Patches {
    type Element = i8;
    type Output = i32;
    type Packed = PackedI8;

    #[inline(always)]
    fn padding(self) -> i8 {
        // `lengths::zero_offset` has made it of an int8.
        self.zero_offset as i8
    }

    fn stride(packed: &PackedI8) -> usize {
        packed.stride()
    }

    fn multiply_rows(self, packed: &PackedI8, patches: &[i8], output: &mut [i32]) {
        let plain = I8Accumulation { zero_offset: self.zero_offset, bias: None, stage: KeepI32 };
        let patches = Lhs::rows(patches, packed.stride());
        packed.multiply_rows(patches, &plain, &mut Vec::new(), output);
    }
}
