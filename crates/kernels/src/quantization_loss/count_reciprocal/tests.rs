//! The reciprocal of a count against true division, at the places where it could fail.

use super::*;

/// Divisors of every kind: few digits and many, odd and even, next to every power of two that matters to
/// the arithmetic or to a count of values.
fn counts() -> Vec<f32> {
    let odd_parts = [1, 3, 7, 49, 147, 1_225, 65_537, 999_999, 2_097_151, 2_097_153, 9_999_999, 16_777_215];
    let shifted = odd_parts.into_iter().flat_map(|odd: u64| [0, 1, 4, 7, 8, 20].map(|shift| odd << shift));
    let around = [24, 28, 29, 30, 31, 32, 33, 40, 63].into_iter().flat_map(|power| {
        let at = (1u64 << power) as f32;
        [at.next_down().next_down(), at.next_down(), at, at.next_up(), at.next_up().next_up()]
    });
    shifted.map(|count| count as f32).chain(around).collect()
}

/// All 24-bit divisors in steps, which are not multiples of anything small.
fn divisors(step: usize) -> impl Iterator<Item = f32> {
    (1u32 << 23..1 << 24).step_by(step).map(|divisor| divisor as f32)
}

fn assert_exact(numerator: f32, count: f32, reciprocal: CountReciprocal) {
    assert!(reciprocal.divides(numerator, count), "{numerator:e} / {count:e}: {reciprocal:?}");
}

#[test]
fn quotients_are_those_of_division() {
    for count in counts() {
        let Some(reciprocal) = CountReciprocal::new(count) else { continue };
        let start = reciprocal.min_numerator.to_bits();
        // A stride without a small factor walks through mantissas of every shape; the first exponents are
        // those where products are subnormal.
        for exponent in [0, 1, 2, 3, 10, 30, 60, 100] {
            for mantissa in (0..1 << 23).step_by(997) {
                assert_exact(f32::from_bits(start + (exponent << 23) + mantissa), count, reciprocal);
            }
        }
        assert_exact(0.0, count, reciprocal);
        assert_exact(f32::from_bits(0x7F00_0000), count, reciprocal);
    }
}

#[test]
fn every_mantissa_is_divided_exactly() {
    let subtle = [9_999_999.0, 16_777_215.0, 8_388_609.0, 12_345_678.0, 49.0 * 25.0 * 8192.0, 3.0];
    for count in subtle.into_iter().chain(divisors(2_000_003)) {
        let Some(reciprocal) = CountReciprocal::new(count) else { continue };
        for mantissa in 1u32 << 23..1 << 24 {
            assert_exact(mantissa as f32, count, reciprocal);
        }
    }
}

#[test]
fn numerators_next_to_a_midpoint_are_rounded_as_by_division() {
    for count in counts().into_iter().chain(divisors(300_007)) {
        let Some(reciprocal) = CountReciprocal::new(count) else { continue };
        for quotient in (1 << 23..1 << 24).step_by(10_007) {
            let midpoint = (f64::from(quotient) + 0.5) * f64::from(count);
            let nearest = midpoint as f32;
            for numerator in [nearest.next_down(), nearest, nearest.next_up()] {
                assert_exact(numerator, count, reciprocal);
                // The smallest numerators with these digits.
                let digits = numerator.to_bits() & 0x7F_FFFF;
                for exponent in [0, 1, 2] {
                    let first = reciprocal.min_numerator.to_bits() + (exponent << 23);
                    assert_exact(f32::from_bits(first | digits), count, reciprocal);
                }
            }
        }
    }
}

/// By trial of the critical numerators alone, and of all of them with `low` as it is nearest.
#[test]
fn a_divisor_is_refused_only_where_some_quotient_is_wrong() {
    let refused: Vec<f32> = divisors(41).filter(|count| CountReciprocal::new(*count).is_none()).collect();
    assert!((50..500).contains(&refused.len()), "{} of 204,600", refused.len());
    assert!(refused.iter().all(|count| *count as u32 % 2 == 1));
    for count in refused.into_iter().step_by(40) {
        let exact = 1.0 / f64::from(count);
        let high = exact as f32;
        let nearest = (exact - f64::from(high)) as f32;
        for low in [nearest, nearest.next_up(), nearest.next_down()] {
            let reciprocal = CountReciprocal { high, low, min_numerator: 1.0 };
            assert!((1u32 << 23..1 << 24).any(|numerator| !reciprocal.divides(numerator as f32, count)));
        }
    }
}

#[test]
fn counts_of_images_have_a_reciprocal() {
    // Activations of MobileNetV2 (224), ResNet-50 and Inception-v3 (299), from one image to a million.
    for values in [224 * 224 * 3u64, 112 * 112 * 96, 56 * 56 * 256, 1280, 149 * 149 * 32, 299 * 299 * 3] {
        for images in (1..4000).chain([10_000, 50_000, 1_000_000]) {
            let count = (values * images) as f32;
            let odd = count.to_bits() & 1 == 1;
            match CountReciprocal::new(count) {
                Some(reciprocal) => assert!(reciprocal.min_numerator <= count / (1u128 << 90) as f32),
                None => assert!(odd, "{values} * {images}"),
            }
        }
    }
}

#[test]
fn what_is_no_count_is_refused() {
    for count in [0.0, -1.0, 0.5, 1.5, f32::NAN, f32::INFINITY, MAX_COUNT.next_up(), 1e38] {
        assert_eq!(CountReciprocal::new(count), None, "{count}");
    }
}
