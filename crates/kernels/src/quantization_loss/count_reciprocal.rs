/// A divisor whose quotients a multiplication and a fused one give exactly as IEEE division does.
///
/// After Brisebarre, Muller and Raina, *Accelerating correctly rounded floating-point division when
/// the divisor is known in advance*: `high` is the f32 nearest to 1/n, `low` the f32 nearest to
/// what is missing. Scale n so that 1/n lies in [1/2, 1) and the numerator a so that it lies in
/// [1, 2). Before its last rounding `fma(a, high, a * low)` then misses a/n by less than 2^-47: at
/// most 2 * 2^-50 from the rounding of `low` and 2^-49 from that of `a * low`, and a little for
/// 1/n being an f64. For n = m * 2^k with m odd, a/n and a midpoint between two f32 are different
/// fractions over 2^25 * m, hence at least 2^-25/m apart. With m below [`ODD_LIMIT`] that is twice
/// the miss, so the last rounding goes the way of the true quotient.
///
/// Numerators must be 0.0 or at least [`MIN_NUMERATOR`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CountReciprocal {
    pub(super) high: f32,
    pub(super) low: f32,
}

/// Bound of the odd part of the divisor.
const ODD_LIMIT: u32 = 1 << 21;

/// Bound of the divisor. With it and [`MIN_NUMERATOR`] quotients are at least 2^-102, and their
/// distance from a midpoint is at least 2^-147; should `a * low` be subnormal, its rounding error
/// of 2^-150 is far below.
const LIMIT: f32 = (1u32 << 28) as f32;

/// The smallest numerator other than 0.0.
pub(super) const MIN_NUMERATOR: f32 = 1.0 / (1u128 << 74) as f32;

impl CountReciprocal {
    /// The reciprocal of a positive integer, if it is one for which the proof holds.
    pub(super) fn new(count: f32) -> Option<Self> {
        if !(1.0..=LIMIT).contains(&count) || count.fract() != 0.0 {
            return None;
        }
        let integer = count as u32;
        if integer >> integer.trailing_zeros() >= ODD_LIMIT {
            return None;
        }
        let exact = 1.0 / f64::from(count);
        let high = exact as f32;
        Some(Self { high, low: (exact - f64::from(high)) as f32 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_exact(numerator: f32, count: f32, reciprocal: CountReciprocal) {
        let quotient = numerator.mul_add(reciprocal.high, numerator * reciprocal.low);
        assert_eq!(quotient.to_bits(), (numerator / count).to_bits(), "{numerator:e} / {count}");
    }

    #[test]
    fn quotients_are_those_of_division() {
        let odd_parts = [1u32, 3, 7, 49, 147, 255, 1029, 65_537, 999_999, ODD_LIMIT - 3, ODD_LIMIT - 1];
        for (i, odd) in odd_parts.into_iter().enumerate() {
            for count in [odd, odd << (i % 7)].map(|count| count as f32) {
                let reciprocal = CountReciprocal::new(count).unwrap();
                // A stride without a small factor walks through mantissas of every shape.
                for mantissa in (0..1 << 23).step_by(97) {
                    for exponent in [53u32, 54, 100, 127, 190] {
                        assert_exact(f32::from_bits(exponent << 23 | mantissa), count, reciprocal);
                    }
                }
            }
        }
    }

    #[test]
    fn numerators_next_to_a_midpoint_are_rounded_as_by_division() {
        for odd in [49u32, 147, 1_605_633, ODD_LIMIT - 1] {
            let count = odd as f32;
            let reciprocal = CountReciprocal::new(count).unwrap();
            for quotient in (1 << 23..1 << 24).step_by(1013) {
                let midpoint = (f64::from(quotient) + 0.5) * f64::from(odd);
                let nearest = midpoint as f32;
                for numerator in [nearest.next_down(), nearest, nearest.next_up()] {
                    assert_exact(numerator, count, reciprocal);
                }
            }
        }
    }

    #[test]
    fn the_smallest_numerators_and_largest_divisors_are_exact() {
        let odd = ODD_LIMIT - 1;
        for count in [LIMIT, (odd << 7) as f32, (147u32 << 20) as f32, 1.0] {
            let reciprocal = CountReciprocal::new(count).unwrap();
            for step in 0..200_000 {
                assert_exact(f32::from_bits(MIN_NUMERATOR.to_bits() + step * 41), count, reciprocal);
            }
            assert_exact(0.0, count, reciprocal);
        }
    }

    #[test]
    fn divisors_without_a_proof_are_refused() {
        for count in [0.0, -1.0, 0.5, 1.5, f32::NAN, f32::INFINITY, 2_097_153.0, 16_777_215.0, 5e8] {
            assert_eq!(CountReciprocal::new(count), None, "{count}");
        }
    }
}
