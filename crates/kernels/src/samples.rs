//! Reproducible data for the tests, and the ways in which every kernel must give the same bits.

use crate::Isa;

/// A small linear congruential generator; its upper bits are good enough for test data.
pub(crate) struct Samples(u64);

impl Samples {
    pub(crate) fn new(seed: u64) -> Self {
        Samples(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as u32
    }

    /// Values between -4 and 4, whose sums of products round at nearly every step.
    pub(crate) fn f32s(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| (self.bits() as i32) as f32 / (1_u32 << 29) as f32).collect()
    }

    /// Every int8, the extremes in a quarter of the places.
    pub(crate) fn i8s(&mut self, len: usize) -> Vec<i8> {
        (0..len)
            .map(|_| match self.bits() >> 20 {
                x if x & 0x700 == 0 => i8::MIN,
                x if x & 0x700 == 0x100 => i8::MAX,
                x => x as i8,
            })
            .collect()
    }
}

/// Runs `check` for every instruction set of this CPU, on pools of one and of two threads.
pub(crate) fn everywhere(check: impl Fn(Isa) + Sync) {
    for isa in Isa::available() {
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| check(isa));
        }
    }
}

/// Asserts equal bits, any NaN being as good as another.
#[track_caller]
pub(crate) fn assert_bits(found: &[f32], expected: &[f32], case: &str) {
    assert_eq!(found.len(), expected.len(), "{case}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let same = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
        assert!(same, "{case}: element {index} is {found:?}, expected {expected:?}");
    }
}
