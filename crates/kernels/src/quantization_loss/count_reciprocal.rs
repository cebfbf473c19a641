//! Division by the number of values as a multiplication and a fused one, to the bit of IEEE division.

mod critical;
#[cfg(test)]
mod tests;

/// A divisor whose quotients two multiplications give exactly as IEEE division does.
///
/// After Brisebarre, Muller and Raina, *Accelerating correctly rounded floating-point division when
/// the divisor is known in advance*: `high` is the f32 nearest to 1/n, `low` the f32 nearest to what is
/// missing, or a neighbour of it. The quotient is `fma(a, high, a * low)`.
///
/// # Proof
/// Powers of two aside, n and a are integers N and A of [2^23, 2^24), and A/N lies in (1/2, 2). A
/// quotient and a midpoint between two f32 then are r/(N * 2^24) apart, or r/(N * 2^25) below 1, where r
/// is an integer, not 0, and a multiple of 2^j if N is.
///
/// Before its last rounding the computed quotient misses A/N by less than 2.5 * 2^-47:
/// * 1.5 * 2^-48 since `low`, about 2^-48 at most, is at most one and a half units off (and 2^-53, since
///   1/n is an f64 first),
/// * 2^-48 by the rounding of `a * low`, which is about 2^-24 at most,
/// * 2^-47 if `a * low` is subnormal, where the rounding may be off by 2^-150: quotients are at least
///   2^-103, see [`least_provable`].
///
/// N is below 2^24, so the last rounding goes the way of the true quotient if |r| is 10 or more. What is
/// left are the numerators with |r| up to [`critical::LIMIT`], which is more than that: none if N is a
/// multiple of 32, some dozens else. They are found by arithmetic modulo N and tried, with every exponent
/// that makes a difference; where one of the smallest fails, `min_numerator` is above it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CountReciprocal {
    pub(super) high: f32,
    pub(super) low: f32,
    /// Numerators are 0.0 or at least this, a power of two.
    pub(super) min_numerator: f32,
}

/// Bound of the divisor; far above what a machine can hold of values, and no constant underflows below.
const MAX_COUNT: f32 = (1u128 << 64) as f32;

impl CountReciprocal {
    /// The reciprocal of a positive integer, if there is one that is exact. Of the divisors whose 24 bits
    /// are an odd number one in 500 has none.
    pub(super) fn new(count: f32) -> Option<Self> {
        if !(1.0..=MAX_COUNT).contains(&count) || count.fract() != 0.0 {
            return None;
        }
        let exact = 1.0 / f64::from(count);
        let high = exact as f32;
        let low = (exact - f64::from(high)) as f32;
        let numerators = critical::numerators(count);
        [low, low.next_up(), low.next_down()].into_iter().find_map(|low| {
            let lowest = Self { high, low, min_numerator: least_provable(count) };
            let least = numerators.iter().try_fold(lowest.min_numerator, |least, digits| {
                Some(least.max(lowest.exact_from(*digits, count)?))
            });
            least.map(|min_numerator| Self { min_numerator, ..lowest })
        })
    }

    /// Whether the quotient of a numerator is that of the division.
    pub(super) fn divides(&self, numerator: f32, count: f32) -> bool {
        let quotient = numerator.mul_add(self.high, numerator * self.low);
        quotient.to_bits() == (numerator / count).to_bits()
    }

    /// The power of two from which on all numerators with these digits are divided exactly; `None` if
    /// not even the large ones are. From where `a * low` is no longer subnormal, another exponent changes
    /// nothing but the exponents.
    fn exact_from(&self, digits: f32, count: f32) -> Option<f32> {
        let (mut power, mut from) = (self.min_numerator, self.min_numerator);
        loop {
            // A power of two has no digits of its own.
            let numerator = f32::from_bits(power.to_bits() | digits.to_bits() & MANTISSA);
            let exact = self.divides(numerator, count);
            if !exact {
                from = power * 2.0;
            }
            if (numerator * self.low).abs() >= f32::MIN_POSITIVE || power >= 1.0 {
                return exact.then_some(from);
            }
            power *= 2.0;
        }
    }
}

/// The bits of an f32 below its exponent.
const MANTISSA: u32 = (1 << 23) - 1;

/// The least numerator that the proof is for: the power of two from which on quotients are at least 2^-103.
fn least_provable(count: f32) -> f32 {
    let power = f32::from_bits(count.to_bits() & !MANTISSA);
    // Twice as much is more than the count.
    power / (1u128 << 102) as f32
}
