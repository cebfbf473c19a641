//! Matrix product of a row-major left side and a right side packed once.
//!
//! f32: element (r, c) is `acc = fma(a[r][i], b[i][c], acc)` for i = 0..k from 0.0, then the
//! epilogue. int8: the exact sum of `(a[r][i] - zero_offset) * b[i][c]` in i32, then what the
//! [`I32Epilogue`] says.

mod bytes;
mod driver;
mod lhs;
mod micro_f32;
mod micro_i8;
mod packed_f32;
mod packed_i8;
mod padded;
mod panels;
mod patch_product;
pub mod reference;
#[cfg(test)]
mod tests;
mod tile;
mod words;

pub(crate) use lhs::{Lhs, Segments};
pub use packed_f32::PackedF32;
pub(crate) use packed_i8::I8Accumulation;
pub use packed_i8::PackedI8;
pub(crate) use padded::PaddedEpilogue;
pub(crate) use patch_product::{F32Patches, I8Patches, PatchProduct};
pub(crate) use words::WordShape;

use crate::i32_epilogue::{I8Kernel, OutputStage};
use crate::{Epilogue, I32Epilogue, KernelError, OutputSlice, lengths};

/// Rows of patches made at a time, a multiple of a tile's. Small enough that they stay in the L1 or
/// L2 cache while every panel of the right side passes by.
pub(crate) const ROW_BLOCK: usize = 28;

/// `c = epilogue(a * b)` with `a` of `m` x k and `c` of `m` x n elements.
///
/// # Errors
/// [`KernelError::Length`] or [`KernelError::Overflow`] if a slice does not fit its shape.
pub fn gemm_f32(
    m: usize,
    a: &[f32],
    b: &PackedF32,
    epilogue: Epilogue<'_>,
    c: &mut [f32],
) -> Result<(), KernelError> {
    let (k, n) = (b.k(), b.n());
    lengths::expect("a", a.len(), lengths::product("a", &[m, k])?)?;
    lengths::expect("c", c.len(), lengths::product("c", &[m, n])?)?;
    b.multiply_parallel(a, &PaddedEpilogue::new(epilogue, n)?, c)
}

/// `c = epilogue((a - zero_offset) * b)`, the sums exact, with `a` of `m` x k and `c` of `m` x n elements.
///
/// # Errors
/// [`KernelError::Length`] or [`KernelError::Overflow`] if a slice does not fit its shape,
/// [`KernelError::ZeroOffset`] if the offset is not an int8, [`KernelError::Output`] if `c` is not of the
/// type that `epilogue` leads to.
pub fn gemm_i8(
    m: usize,
    a: &[i8],
    zero_offset: i32,
    b: &PackedI8,
    epilogue: &I32Epilogue,
    c: OutputSlice<'_>,
) -> Result<(), KernelError> {
    let (k, n) = (b.k(), b.n());
    lengths::expect("a", a.len(), lengths::product("a", &[m, k])?)?;
    lengths::expect("c", c.len(), lengths::product("c", &[m, n])?)?;
    let zero_offset = lengths::zero_offset(zero_offset)?;
    epilogue.run(n, c, GemmI8 { a, b, zero_offset })
}

struct GemmI8<'a> {
    a: &'a [i8],
    b: &'a PackedI8,
    zero_offset: i16,
}

impl I8Kernel for GemmI8<'_> {
    fn run<O: OutputStage>(self, bias: &[i32], stage: O, output: &mut [O::Out]) -> Result<(), KernelError> {
        let accumulation = I8Accumulation { zero_offset: self.zero_offset, bias: Some(bias), stage };
        self.b.multiply_parallel(Lhs::rows(self.a, self.b.k()), &accumulation, output)
    }
}
