//! TensorFlow's arithmetic on one number, and the choice of a Rust type for an element type.
//!
//! Every type that is added here is compiled into each operator with arithmetic. Narrow ones come as wide ones.

use amct_tensor::Element;

/// A number that arithmetic operators work on. Integers wrap, as TensorFlow's do.
pub(in crate::ops) trait Number: Element + Copy + PartialOrd {
    /// The value every other is at least (`-inf` for floats): the start of a maximum.
    const LOWEST: Self;
    /// The value every other is at most.
    const HIGHEST: Self;
    /// Whether division by zero is an error rather than a value.
    const INTEGER: bool;
    const ZERO: Self;
    const ONE: Self;

    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// Integers are cut off towards zero.
    fn div(self, other: Self) -> Self;
    /// The quotient rounded down.
    fn floor_div(self, other: Self) -> Self;
    /// The remainder with the sign of the divisor.
    fn floor_mod(self, other: Self) -> Self;
    /// NaN wins on either side.
    fn max(self, other: Self) -> Self;
    /// NaN wins on either side.
    fn min(self, other: Self) -> Self;
    /// A negative exponent of an integer must have been refused before.
    fn pow(self, exponent: Self) -> Self;
    /// The quotient; 0 if the divisor is.
    #[inline(always)]
    fn div_no_nan(self, other: Self) -> Self {
        if other == Self::ZERO { Self::ZERO } else { self.div(other) }
    }
    #[inline(always)]
    fn squared_difference(self, other: Self) -> Self {
        let difference = self.sub(other);
        difference.mul(difference)
    }
    /// -1, 0 or 1; NaN stays.
    fn sign(self) -> Self;
    fn neg(self) -> Self;
    fn abs(self) -> Self;
    /// `u64` wraps.
    fn from_i64(value: i64) -> Self;
}

macro_rules! floats {
    ($($float:ident),+) => {$(
        impl Number for $float {
            const LOWEST: Self = $float::NEG_INFINITY;
            const HIGHEST: Self = $float::INFINITY;
            const INTEGER: bool = false;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                self + other
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                self - other
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                self * other
            }
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                self / other
            }
            #[inline(always)]
            fn floor_div(self, other: Self) -> Self {
                (self / other).floor()
            }
            fn floor_mod(self, other: Self) -> Self {
                let rest = self % other;
                if rest != 0.0 && (rest < 0.0) != (other < 0.0) { rest + other } else { rest }
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                if self > other || self.is_nan() { self } else { other }
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                if self < other || self.is_nan() { self } else { other }
            }
            fn pow(self, exponent: Self) -> Self {
                // Through f64: for f32 the one rounding left is the last.
                f64::from(self).powf(f64::from(exponent)) as $float
            }
            #[inline(always)]
            fn sign(self) -> Self {
                if self > 0.0 {
                    1.0
                } else if self < 0.0 {
                    -1.0
                } else {
                    self
                }
            }
            #[inline(always)]
            fn neg(self) -> Self {
                -self
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $float::abs(self)
            }
            fn from_i64(value: i64) -> Self {
                value as $float
            }
        }
    )+};
}

macro_rules! integers {
    ($($integer:ident: $signum:expr, $abs:expr, $floor:expr);+ $(;)?) => {$(
        impl Number for $integer {
            const LOWEST: Self = $integer::MIN;
            const HIGHEST: Self = $integer::MAX;
            const INTEGER: bool = true;
            const ZERO: Self = 0;
            const ONE: Self = 1;

            fn add(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            fn sub(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            fn mul(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
            fn div(self, other: Self) -> Self {
                if other == 0 { 0 } else { self.wrapping_div(other) }
            }
            fn floor_div(self, other: Self) -> Self {
                let floor: fn($integer, $integer) -> bool = $floor;
                let quotient = self.div(other);
                if other != 0 && floor(self.wrapping_rem(other), other) {
                    quotient.wrapping_sub(1)
                } else {
                    quotient
                }
            }
            fn floor_mod(self, other: Self) -> Self {
                self.wrapping_sub(self.floor_div(other).wrapping_mul(other))
            }
            fn max(self, other: Self) -> Self {
                Ord::max(self, other)
            }
            fn min(self, other: Self) -> Self {
                Ord::min(self, other)
            }
            fn pow(self, exponent: Self) -> Self {
                // Square and multiply; the low bits of the exponent first.
                let (mut power, mut base, mut left) = (1, self, exponent);
                while left > 0 {
                    if left & 1 == 1 {
                        power = $integer::wrapping_mul(power, base);
                    }
                    base = base.wrapping_mul(base);
                    left >>= 1;
                }
                power
            }
            fn sign(self) -> Self {
                let signum: fn($integer) -> $integer = $signum;
                signum(self)
            }
            fn neg(self) -> Self {
                self.wrapping_neg()
            }
            fn abs(self) -> Self {
                let abs: fn($integer) -> $integer = $abs;
                abs(self)
            }
            fn from_i64(value: i64) -> Self {
                value as $integer
            }
        }
    )+};
}

floats!(f32, f64);
integers! {
    i64: i64::signum, i64::wrapping_abs, |rest, by| rest != 0 && (rest < 0) != (by < 0);
    u64: |x| Ord::min(x, 1), |x| x, |_, _| false;
}

/// Evaluates `$body` with `$T` as the Rust type of a type that is computed in (see [`wide`](super::wide)); an error
/// for other types.
macro_rules! with_number {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            amct_tensor::DType::F32 => {
                type $T = f32;
                $body
            }
            amct_tensor::DType::F64 => {
                type $T = f64;
                $body
            }
            amct_tensor::DType::I64 => {
                type $T = i64;
                $body
            }
            amct_tensor::DType::U64 => {
                type $T = u64;
                $body
            }
            other => Err($crate::ops::support::number::not_a_number(other)),
        }
    };
}
pub(in crate::ops) use with_number;

/// The error for a type without arithmetic.
pub(in crate::ops) fn not_a_number(dtype: amct_tensor::DType) -> crate::OpError {
    crate::OpError::Unsupported(format!("it does not work on {dtype}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integer_division_goes_down_and_wraps_at_the_end_of_the_range() {
        assert_eq!([7, -7, 7, -7].map(|x: i64| x.floor_div(3)), [2, -3, 2, -3]);
        assert_eq!(((-7_i64).floor_mod(3), 7_i64.floor_mod(-3)), (2, -2));
        assert_eq!((i64::MIN.floor_div(-1), i64::MIN.floor_mod(-1)), (i64::MIN, 0));
        assert_eq!((200_u64.floor_div(7), 200_u64.floor_mod(7)), (28, 4));
    }

    #[test]
    fn integer_powers_wrap() {
        assert_eq!((3_i64.pow(4), 0_i64.pow(0), Number::pow(-2_i64, 3)), (81, 1, -8));
        assert_eq!(Number::pow(2_i64, 64), 0);
    }
}
