//! The set of values that must not be multiplied.

/// A set of f32 magnitudes that may claim to hold a few more than were inserted: a Bloom filter
/// with three bits per entry, all in one word, so that a look-up is one load.
#[derive(Clone, Debug)]
pub(super) struct ExceptionSet {
    words: Box<[u32; 1 << WORDS_LOG2]>,
}

/// 32 KiB. Sixty candidates of 8 bits have about five thousand exceptions, which leaves two false
/// claims in a thousand.
const WORDS_LOG2: u32 = 13;

impl ExceptionSet {
    /// The hash is the product of the bit pattern and this: 2^32 over the golden ratio, made even so
    /// that the sign bit has no part in it.
    pub(super) const MULTIPLIER: u32 = 0x9E37_79B1 << 1;
    /// Right shift of the hash that leaves the index of the word.
    pub(super) const WORD_SHIFT: u32 = 32 - WORDS_LOG2;
    /// Right shifts of the hash that leave the numbers of the bits in the low five bits.
    pub(super) const BIT_SHIFTS: [u32; 3] =
        [Self::WORD_SHIFT - 5, Self::WORD_SHIFT - 10, Self::WORD_SHIFT - 15];

    pub(super) fn new() -> Self {
        Self { words: Box::new([0; 1 << WORDS_LOG2]) }
    }

    pub(super) fn insert(&mut self, magnitude: f32) {
        let hash = magnitude.to_bits().wrapping_mul(Self::MULTIPLIER);
        if let Some(word) = self.words.get_mut((hash >> Self::WORD_SHIFT) as usize) {
            Self::BIT_SHIFTS.into_iter().for_each(|shift| *word |= 1u32.wrapping_shl(hash >> shift));
        }
    }

    /// Whether it holds this value or its negative, or claims so.
    pub(super) fn claims(&self, value: f32) -> bool {
        let hash = value.to_bits().wrapping_mul(Self::MULTIPLIER);
        // Never out of bounds, by the width of an index.
        let word = self.words.get((hash >> Self::WORD_SHIFT) as usize).copied().unwrap_or(u32::MAX);
        // A wrapping shift is by the low five bits.
        Self::BIT_SHIFTS.into_iter().all(|shift| word.wrapping_shr(hash >> shift) & 1 == 1)
    }

    /// The words; an index has `32 - WORD_SHIFT` bits.
    pub(super) fn words(&self) -> &[u32; 1 << WORDS_LOG2] {
        &self.words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_inserted_is_claimed_with_either_sign_and_little_else() {
        let magnitude = |i: u32| f32::from_bits(0x3E00_0000 + i * 7_919);
        let mut set = ExceptionSet::new();
        (0..5_000).for_each(|i| set.insert(magnitude(i)));
        assert!((0..5_000).all(|i| set.claims(magnitude(i)) && set.claims(-magnitude(i))));
        let false_claims = (0..5_000).filter(|i| set.claims(magnitude(*i).next_up())).count();
        assert!(false_claims < 20, "{false_claims}");
        assert!(!ExceptionSet::new().claims(0.0));
    }
}
