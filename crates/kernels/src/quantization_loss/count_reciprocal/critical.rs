//! The numerators whose quotients lie closest to a midpoint between two f32.

/// How close: the bound of |r|, in the words of [`CountReciprocal`](super::CountReciprocal).
pub(super) const LIMIT: u64 = 16;

/// Integers of 24 bits lie from here up to twice this.
const START: u64 = 1 << 23;

/// The numerators of [2^23, 2^24) that are critical for a divisor: those for which `A * 2^24 - M * N`,
/// with M odd, is at most [`LIMIT`] in magnitude, or `A * 2^25 - M * N` where A is below N.
pub(super) fn numerators(count: f32) -> Vec<f32> {
    let divisor = START | u64::from(count.to_bits()) & (START - 1);
    let twos = divisor.trailing_zeros();
    let odd = divisor >> twos;
    let mut found = Vec::new();
    for (shift, range) in [(24, divisor..2 * START), (25, START..divisor)] {
        // Both sides over 2^twos: A * 2^(shift - twos) is r or -r modulo the odd part, which is large
        // where there is an r.
        let inverse = inverse_of_power(shift - twos, odd);
        for r in 1..=LIMIT >> twos {
            for r in [r, odd - r] {
                let solution = r * inverse % odd;
                let first = range.start + (solution + odd - range.start % odd) % odd;
                // u64 to f32 loses nothing of 24 bits. M may turn out even: one to try for nothing.
                found.extend((first..range.end).step_by(odd as usize).map(|numerator| numerator as f32));
            }
        }
    }
    found
}

/// 2^-power modulo an odd number.
fn inverse_of_power(power: u32, odd: u64) -> u64 {
    // Halved again and again; a number that is odd is made even first.
    (0..power).fold(1 % odd, |x, _| if x % 2 == 0 { x / 2 } else { (x + odd) / 2 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_critical_is_left_out() {
        let divisors = [START + 1, 2 * START - 1, 2 * START - 2, START + 12, 9_999_999, 13_108_363];
        for divisor in divisors {
            let found = numerators(divisor as f32);
            for numerator in START..2 * START {
                let shift = if numerator >= divisor { 24 } else { 25 };
                // The midpoint next to the quotient is an odd multiple of the divisor.
                let distance = ((numerator << shift) % (2 * divisor)).abs_diff(divisor);
                if distance <= LIMIT {
                    assert!(found.contains(&(numerator as f32)), "{numerator} / {divisor}");
                }
            }
            assert!(found.len() <= 140, "{divisor}: {}", found.len());
        }
    }

    #[test]
    fn many_factors_of_two_leave_nothing_critical() {
        for count in [1.0, 3.0, 147.0 * 4096.0, (1u64 << 40) as f32, 262_143.0 * 64.0] {
            assert_eq!(numerators(count), [], "{count}");
        }
    }

    #[test]
    fn powers_are_inverted() {
        for odd in [1, 3, 147, START + 1, 2 * START - 1] {
            assert_eq!((inverse_of_power(25, odd) << 25) % odd, 1 % odd, "{odd}");
        }
    }
}
