//! Every instruction set against the reference, to the bit, on data of many kinds.

use super::*;

/// 64-bit linear congruential numbers, uniform in [0, 1).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / 16_777_216.0
    }

    fn gauss(&mut self) -> f32 {
        (0..12).map(|_| self.next()).sum::<f32>() - 6.0
    }
}

/// IFMR's candidates for data in `[low, high]`.
fn candidates(low: f32, high: f32, symmetric: bool, levels: f32, number: usize) -> Vec<Candidate> {
    let clip = |i: usize| (0.7 + i as f32 * 0.01) * high;
    let candidate = |clip: f32| match symmetric {
        true => Candidate { scale: clip / (levels / 2.0), low: -clip, high: clip },
        false => Candidate { scale: (clip - low) / levels, low, high: clip },
    };
    (0..number).map(clip).map(candidate).collect()
}

fn bits(losses: &[f32]) -> Vec<u32> {
    losses.iter().map(|loss| loss.to_bits()).collect()
}

/// The losses of every instruction set over `data` cut into chunks equal those of the reference.
fn check(name: &str, data: &[f32], candidates: &[Candidate], count: usize, expected: RangeInclusive<f32>) {
    let mut reference = reference::Losses::new(candidates, count);
    reference.add(data);
    for isa in Isa::available() {
        let fresh = QuantizationLoss::for_isa(isa, candidates, count, expected.clone());
        for chunk in [data.len().max(1), 4099, 37] {
            let mut losses = fresh.clone();
            data.chunks(chunk).for_each(|chunk| losses.add(chunk));
            let found = bits(&losses.losses());
            assert_eq!(found, bits(reference.losses()), "{name}, {isa:?}, chunks of {chunk}");
        }
    }
}

fn range(data: &[f32]) -> RangeInclusive<f32> {
    let (low, high) = data.iter().fold((0f32, 0f32), |(low, high), &x| (low.min(x), high.max(x)));
    low..=high
}

#[test]
fn losses_are_those_of_the_reference() {
    let mut draws = Draws(1);
    let gauss: Vec<f32> = (0..30_000).map(|_| draws.gauss()).collect();
    type Shape = fn(f32) -> f32;
    let shapes: [(&str, Shape); 7] = [
        ("gauss", |g| g),
        ("relu", |g| g.max(0.0)),
        ("relu6", |g| (g * 3.0).clamp(0.0, 6.0)),
        ("mostly negative", |g| g - 5.0),
        ("large", |g| g * 1e5),
        ("scales below the proof's bound", |g| g * 1e-3),
        ("pixels", |g| (g * 40.0).round().clamp(-128.0, 127.0) / 128.0),
    ];
    for (name, shape) in shapes {
        let data: Vec<f32> = gauss.iter().copied().map(shape).collect();
        let expected = range(&data);
        for symmetric in [false, true] {
            for (levels, number) in [(255.0, 60), (255.0, 21), (15.0, 7), (65_535.0, 16)] {
                let candidates = candidates(*expected.start(), *expected.end(), symmetric, levels, number);
                let name = format!("{name}, symmetric {symmetric}, {number} candidates, {levels} levels");
                check(&name, &data, &candidates, data.len(), expected.clone());
            }
        }
    }
}

/// Sums that have outgrown their terms, with counts of which the reciprocals are less and more exact.
#[test]
fn long_sums_are_those_of_the_reference() {
    let mut draws = Draws(4);
    let gauss: Vec<f32> = (0..400_000).map(|_| draws.gauss()).collect();
    let relu6: Vec<f32> = gauss.iter().map(|g| (g * 3.0).clamp(0.0, 6.0)).collect();
    for (name, data) in [("gauss", &gauss), ("relu6", &relu6)] {
        let expected = range(data);
        let candidates = candidates(*expected.start(), *expected.end(), false, 255.0, 70);
        for count in [1 << 20, 147 << 15, 1_999_999] {
            check(&format!("{name}, count {count}"), data, &candidates, count, expected.clone());
        }
    }
}

/// Values that a candidate hits exactly have no loss; the sum of those stays 0.0.
#[test]
fn values_without_loss_are_summed() {
    let candidates = candidates(0.0, 255.0 / 64.0, false, 255.0, 60);
    let mut draws = Draws(5);
    let data: Vec<f32> = (0..20_000).map(|_| (draws.next() * 256.0).floor() / 64.0).collect();
    check("multiples", &data, &candidates, 1 << 18, 0.0..=4.0);
    let exact = [Candidate { scale: 1.0 / 64.0, low: 0.0, high: 255.0 / 64.0 }; 3];
    check("multiples", &data, &exact, 49 << 12, 0.0..=4.0);
}

/// Next to the powers of two where f32 or integers end, and with odd parts of all sizes; f32 rounds most
/// of them. 49 * 2^13 values have the largest activations of MobileNetV2 for an image.
fn large_counts() -> Vec<usize> {
    let powers = [24, 28, 29, 30, 31, 32, 33, 40].into_iter();
    let around =
        powers.flat_map(|power| [-300, -1, 0, 1, 300].map(|off| (1usize << power).wrapping_add_signed(off)));
    let images = [32, 320, 640, 700, 3200, 3203, 50_000].map(|images| images * (147 << 13));
    let odd = [16_777_213, 26_820_300, 400_000_007, 3_000_000_019, 5_555_555_555];
    around.chain(images).chain(odd).collect()
}

#[test]
fn any_count_divides_exactly() {
    let mut draws = Draws(2);
    let data: Vec<f32> = (0..20_000).map(|_| draws.gauss().max(0.0)).collect();
    let candidates = candidates(0.0, *range(&data).end(), false, 255.0, 60);
    // A power of two, small and large odd parts.
    let small = [1, 8191, 1 << 20, 38_535_168, 16_777_215, 4_194_303, 20_000_001];
    for count in small.into_iter().chain(large_counts()) {
        check(&format!("count {count}"), &data[..6000], &candidates, count, range(&data));
    }
}

/// The smallest squares that are divided by multiplications: differences of a few units, and values that
/// round to 0. In sums of these alone every bit of a quotient counts.
#[test]
fn small_differences_divide_exactly_by_any_count() {
    let scales = (0..19).map(|i| (1.0 + i as f32 / 19.0) / 2048.0);
    let candidates: Vec<Candidate> =
        scales.map(|scale| Candidate { scale, low: -100.0 * scale, high: 155.0 * scale }).collect();
    let mut draws = Draws(6);
    let mut data = Vec::new();
    for i in 0..400 {
        let candidate = candidates[i % candidates.len()];
        let step = (draws.next() * 255.0 - 100.0).round() * candidate.scale;
        data.extend([-3, -1, 0, 1, 2].map(|units| f32::from_bits(step.to_bits().wrapping_add_signed(units))));
        let tiny = (1.0 + draws.next()) / (1u64 << (20 + i % 18)) as f32;
        data.extend([tiny, -tiny, 0.0]);
    }
    data.retain(|x| (-0.04..0.07).contains(x));
    for count in large_counts() {
        for piece in data.chunks(160).chain([data.as_slice()]) {
            check(&format!("count {count}"), piece, &candidates, count, -0.04..=0.07);
        }
    }
}

/// The fast way is taken for any number of images.
#[test]
fn no_count_of_images_is_too_large_for_multiplications() {
    let candidates = candidates(0.0, 6.0, false, 255.0, 60);
    for values in [112 * 112 * 96, 149 * 149 * 32, 56 * 56 * 24, 1280] {
        for images in [32, 320, 640, 700, 3200, 3203, 50_000, 1_000_000] {
            let found = reciprocals::Reciprocals::new(&candidates, values * images, [0.0, 6.0]);
            assert!(found.is_some(), "{images} times {values}");
        }
    }
}

/// Values on, just below and just above every step of every candidate.
#[test]
fn values_next_to_a_tie_round_as_after_the_division() {
    for (low, high, symmetric) in [(0.0, 6.0, false), (-3.7, 5.1, false), (-1.0, 0.992_187_5, true)] {
        let candidates = candidates(low, high, symmetric, 255.0, 60);
        let mut data = Vec::new();
        for candidate in &candidates {
            for k in 0..256 {
                let step = (k as f32 + 0.5) * candidate.scale;
                for units in [-2i32, -1, 0, 1, 2] {
                    let x = f32::from_bits(step.to_bits().wrapping_add_signed(units));
                    data.extend([x, -x]);
                }
            }
        }
        data.retain(|x| (low..=high).contains(x));
        check(&format!("{low}..{high}"), &data, &candidates, 1 << 18, low..=high);
        // Whatever few of them the sums cannot tell apart, alone they do.
        for piece in data.chunks(64) {
            check(&format!("{low}..{high}"), piece, &candidates, 3 << 18, low..=high);
        }
    }
}

#[test]
fn values_outside_the_expected_range_and_tiny_ones_count_too() {
    let mut draws = Draws(3);
    let tiny = [1e-45, 1e-38, 1e-30, 1e-20, 7.2e-12, 7.3e-12, -1e-25, 0.0, -0.0];
    let far = [6.0f32.next_up(), 7.0, 1e9, 3e38, -1e-3, -5.0, -3e38];
    for with_far in [false, true] {
        let mut data: Vec<f32> = (0..10_000).map(|_| draws.next() * 6.0).collect();
        for (i, x) in tiny.into_iter().chain(far.into_iter().filter(|_| with_far)).enumerate() {
            data.insert(i * 555 + 3, x);
        }
        for symmetric in [false, true] {
            check("outside", &data, &candidates(0.0, 6.0, symmetric, 255.0, 60), data.len(), 0.0..=6.0);
            check("outside", &data, &candidates(-1.0, 6.0, symmetric, 255.0, 60), data.len(), -2.0..=6.0);
            check("outside", &data, &candidates(0.0, 6.0, symmetric, 255.0, 60), data.len(), -3e38..=3e38);
        }
    }
    // Tiny values alone: their squares are subnormal, or their quotients.
    let tiny: Vec<f32> = (0..2000).map(|i| f32::from_bits(i * 0x8_1234 + 1)).collect();
    check("tiny", &tiny, &candidates(0.0, 6.0, false, 255.0, 60), 49 << 12, 0.0..=6.0);
}

#[test]
fn zero_outside_a_range_counts() {
    let candidates = [Candidate { scale: 0.1, low: 0.5, high: 2.0 }];
    check("zero", &[0.0, 1.0, 0.0], &candidates, 3, 0.0..=2.0);
    let candidates = [candidates[0], Candidate { scale: 0.1, low: -3.0, high: -0.2 }];
    let data: Vec<f32> = (0..10_000).map(|i| [0.0, -0.0, i as f32 * 1e-4][i % 3]).collect();
    check("zeros among others", &data, &candidates, data.len(), 0.0..=1.0);
}

#[test]
fn no_candidates_and_no_data_are_fine() {
    check("no candidates", &[1.0, 2.0], &[], 2, 0.0..=2.0);
    check("no data", &[], &candidates(0.0, 1.0, false, 255.0, 60), 1 << 20, 0.0..=1.0);
}
