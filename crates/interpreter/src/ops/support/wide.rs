//! Narrow integers, computed as int64 and cut off again.
//!
//! That is what wrapping arithmetic of their own width gives: sums and products have the same low bits, quotients,
//! extremes and comparisons the same value. Only the smallest quotient, of the lowest number by -1, does not fit, and
//! is cut off to what it wraps to. Half precision has the same in [`half`](super::half).

use amct_tensor::{DType, Tensor, TensorError};

use crate::OpError;
use crate::ops::elementwise::cast::cast;

/// The tensor as int64 if it is of narrower integers, otherwise as it is.
///
/// # Errors
/// None for any tensor.
pub(in crate::ops) fn widened(tensor: Tensor) -> Result<Tensor, OpError> {
    match bounds(tensor.dtype()) {
        Some(_) => cast(tensor, DType::I64),
        None => Ok(tensor),
    }
}

/// The lowest and highest value of integers that are computed as int64; `None` for other types.
pub(in crate::ops) fn bounds(dtype: DType) -> Option<(i64, i64)> {
    match dtype {
        DType::I8 => Some((i8::MIN.into(), i8::MAX.into())),
        DType::I16 => Some((i16::MIN.into(), i16::MAX.into())),
        DType::I32 => Some((i32::MIN.into(), i32::MAX.into())),
        DType::U8 => Some((u8::MIN.into(), u8::MAX.into())),
        DType::U16 => Some((u16::MIN.into(), u16::MAX.into())),
        DType::U32 => Some((u32::MIN.into(), u32::MAX.into())),
        _ => None,
    }
}

/// Two operands of one type, [`widened`].
///
/// # Errors
/// [`TensorError::DType`] for two types.
pub(in crate::ops) fn both(left: Tensor, right: Tensor) -> Result<(Tensor, Tensor), OpError> {
    if left.dtype() != right.dtype() {
        return Err(TensorError::DType { expected: left.dtype(), found: right.dtype() }.into());
    }
    Ok((widened(left)?, widened(right)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::support::number::Number;

    /// All pairs of int8, by their own wrapping arithmetic and by way of int64.
    #[test]
    fn arithmetic_on_int8_wraps_as_its_own_does() {
        let wide = |function: fn(i64, i64) -> i64, a: i8, b: i8| function(a.into(), b.into()) as i8;
        for a in i8::MIN..=i8::MAX {
            for b in i8::MIN..=i8::MAX {
                assert_eq!(wide(Number::add, a, b), a.wrapping_add(b));
                assert_eq!(wide(Number::sub, a, b), a.wrapping_sub(b));
                assert_eq!(wide(Number::mul, a, b), a.wrapping_mul(b));
                let difference = a.wrapping_sub(b);
                assert_eq!(wide(Number::squared_difference, a, b), difference.wrapping_mul(difference));
                if b != 0 {
                    assert_eq!(wide(Number::div, a, b), a.wrapping_div(b));
                    let floor = a.wrapping_div(b) - i8::from(a.wrapping_rem(b) != 0 && (a < 0) != (b < 0));
                    assert_eq!(wide(Number::floor_div, a, b), floor);
                    assert_eq!(wide(Number::floor_mod, a, b), a.wrapping_sub(floor.wrapping_mul(b)));
                }
                if b >= 0 {
                    assert_eq!(wide(Number::pow, a, b), a.wrapping_pow(b.unsigned_abs().into()));
                }
            }
        }
        let unary = |function: fn(i64) -> i64, a: i8| function(a.into()) as i8;
        assert_eq!((unary(Number::neg, i8::MIN), unary(Number::abs, i8::MIN)), (i8::MIN, i8::MIN));
    }

    #[test]
    fn arithmetic_on_uint8_wraps_as_its_own_does() {
        let wide = |function: fn(i64, i64) -> i64, a: u8, b: u8| function(a.into(), b.into()) as u8;
        for a in u8::MIN..=u8::MAX {
            for b in u8::MIN..=u8::MAX {
                assert_eq!(wide(Number::sub, a, b), a.wrapping_sub(b));
                assert_eq!(wide(Number::mul, a, b), a.wrapping_mul(b));
                let difference = a.wrapping_sub(b);
                assert_eq!(wide(Number::squared_difference, a, b), difference.wrapping_mul(difference));
                assert_eq!(wide(Number::pow, a, b), a.wrapping_pow(b.into()));
                if b != 0 {
                    assert_eq!(
                        (wide(Number::floor_div, a, b), wide(Number::floor_mod, a, b)),
                        (a / b, a % b)
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_widened_is_what_has_bounds() {
        for dtype in DType::ALL {
            let wide = widened(Tensor::zeros(dtype, [2]).unwrap()).unwrap().dtype();
            assert_eq!(wide, if bounds(dtype).is_some() { DType::I64 } else { dtype });
        }
    }
}
