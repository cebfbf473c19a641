//! Patches of either element type times a packed matrix, so that a convolution's loops are
//! written once.

use super::packed_i8::SumsOf;
use super::padded::PaddedEpilogue;
use super::{PackedF32, PackedI8};
use crate::sum_epilogue::Plain;

/// How the patches of a convolution are made and multiplied.
pub(crate) trait Product: Copy + Send + Sync {
    /// Elements of the activation.
    type Input: Copy + Sync;
    /// Elements of a patch.
    type Operand: Copy + Send;
    /// Elements of the output.
    type Sum: Copy + Default + Send;
    /// The filter.
    type Packed: Sync;

    /// An activation as the element of a patch.
    fn operand(self, x: Self::Input) -> Self::Operand;

    /// What stands for the padding.
    fn padding(self) -> Self::Operand;

    /// Elements from one patch to the next.
    fn stride(packed: &Self::Packed) -> usize;

    /// One patch for each row of `sums`.
    fn multiply_rows(self, packed: &Self::Packed, patches: &[Self::Operand], sums: &mut [Self::Sum]);
}

/// Floats, with what follows the sum.
#[derive(Clone, Copy)]
pub(crate) struct F32Product<'a>(pub(crate) &'a PaddedEpilogue<'a>);

impl Product for F32Product<'_> {
    type Input = f32;
    type Operand = f32;
    type Sum = f32;
    type Packed = PackedF32;

    #[inline(always)]
    fn operand(self, x: f32) -> f32 {
        x
    }

    #[inline(always)]
    fn padding(self) -> f32 {
        0.0
    }

    fn stride(packed: &PackedF32) -> usize {
        packed.k()
    }

    fn multiply_rows(self, packed: &PackedF32, patches: &[f32], sums: &mut [f32]) {
        packed.multiply_rows(patches, self.0, sums);
    }
}

/// int8 with its zero offset.
#[derive(Clone, Copy)]
pub(crate) struct I8Product {
    pub(crate) zero_offset: i16,
}

impl Product for I8Product {
    type Input = i8;
    type Operand = i8;
    type Sum = i32;
    type Packed = PackedI8;

    #[inline(always)]
    fn operand(self, x: i8) -> i8 {
        x
    }

    #[inline(always)]
    fn padding(self) -> i8 {
        // `lengths::zero_offset` has made it of an int8.
        self.zero_offset as i8
    }

    fn stride(packed: &PackedI8) -> usize {
        packed.stride()
    }

    fn multiply_rows(self, packed: &PackedI8, patches: &[i8], sums: &mut [i32]) {
        let plain = SumsOf { zero_offset: self.zero_offset, bias: None, result: Plain };
        packed.multiply_rows((patches, packed.stride()), &plain, &mut Vec::new(), sums);
    }
}
