//! Checks of arguments, shared by every kernel.

use amct_tensor::quantization::{I8_MAX, I8_MIN};

use crate::{Epilogue, KernelError, Norm};

/// The longest int8 sum that cannot leave i32: |q - zero_offset| <= 255 and |w| <= 128.
pub(crate) const MAX_DEPTH_I8: usize = i32::MAX as usize / (255 * 128);

/// The product of `extents`.
pub(crate) fn product(argument: &'static str, extents: &[usize]) -> Result<usize, KernelError> {
    extents
        .iter()
        .try_fold(1_usize, |product, &extent| product.checked_mul(extent))
        .ok_or(KernelError::Overflow { argument })
}

pub(crate) fn expect(argument: &'static str, found: usize, expected: usize) -> Result<(), KernelError> {
    if found == expected { Ok(()) } else { Err(KernelError::Length { argument, found, expected }) }
}

/// Checks that what an epilogue has per channel is there for all `channels`.
pub(crate) fn expect_epilogue(epilogue: &Epilogue<'_>, channels: usize) -> Result<(), KernelError> {
    if let Some(bias) = epilogue.bias {
        expect("bias", bias.len(), channels)?;
    }
    if let Some(Norm { mean, factor, offset }) = epilogue.norm {
        expect("mean", mean.len(), channels)?;
        expect("factor", factor.len(), channels)?;
        expect("offset", offset.len(), channels)?;
    }
    Ok(())
}

/// The rows of `row` elements in `len` of them.
pub(crate) fn rows(argument: &'static str, len: usize, row: usize) -> Result<usize, KernelError> {
    match len.checked_div(row) {
        None if len == 0 => Ok(0),
        Some(rows) if rows * row == len => Ok(rows),
        _ => Err(KernelError::PartialRow { argument, found: len, row }),
    }
}

pub(crate) fn expect_depth_i8(depth: usize) -> Result<(), KernelError> {
    if depth <= MAX_DEPTH_I8 { Ok(()) } else { Err(KernelError::Depth { found: depth, limit: MAX_DEPTH_I8 }) }
}

/// The offset as the i16 that centred activations are made with.
pub(crate) fn zero_offset(found: i32) -> Result<i16, KernelError> {
    if (I8_MIN..=I8_MAX).contains(&found) { Ok(found as i16) } else { Err(KernelError::ZeroOffset { found }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_depth_limit_is_the_last_exact_one() {
        let worst = |depth: usize| depth as i64 * 255 * 128;
        assert!(worst(MAX_DEPTH_I8) <= i64::from(i32::MAX));
        assert!(worst(MAX_DEPTH_I8 + 1) > i64::from(i32::MAX));
        assert!(expect_depth_i8(MAX_DEPTH_I8).is_ok());
        assert!(expect_depth_i8(MAX_DEPTH_I8 + 1).is_err());
    }

    #[test]
    fn rows_are_whole() {
        assert_eq!(rows("x", 12, 4), Ok(3));
        assert_eq!(rows("x", 0, 0), Ok(0));
        assert!(rows("x", 13, 4).is_err());
        assert!(rows("x", 1, 0).is_err());
    }

    #[test]
    fn overflow_and_offsets_are_refused() {
        assert_eq!(product("x", &[usize::MAX, 2]), Err(KernelError::Overflow { argument: "x" }));
        assert_eq!(zero_offset(-128), Ok(-128));
        assert_eq!(zero_offset(128), Err(KernelError::ZeroOffset { found: 128 }));
    }
}
