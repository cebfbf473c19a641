/// A set of f32 magnitudes that may claim to hold a few more than were inserted: a Bloom filter
/// with two bits per entry, both in one word, so that a look-up is one load.
#[derive(Clone, Debug)]
pub(super) struct ExceptionSet {
    words: Box<[u32; 1 << WORDS_LOG2]>,
}

/// 32 KiB. Sixty candidates of 8 bits have about five thousand exceptions, which leaves one false
/// claim in a thousand.
const WORDS_LOG2: u32 = 13;

impl ExceptionSet {
    /// The hash is the product of the bit pattern and this (2^32 over the golden ratio).
    pub(super) const MULTIPLIER: u32 = 0x9E37_79B1;
    /// Right shift of the hash that leaves the index of the word.
    pub(super) const WORD_SHIFT: u32 = 32 - WORDS_LOG2;
    /// Right shift of the hash that leaves the first bit number in the low five bits.
    pub(super) const FIRST_SHIFT: u32 = Self::WORD_SHIFT - 5;
    /// Right shift of the hash that leaves the second bit number in the low five bits.
    pub(super) const SECOND_SHIFT: u32 = Self::WORD_SHIFT - 10;

    pub(super) fn new() -> Self {
        Self { words: Box::new([0; 1 << WORDS_LOG2]) }
    }

    pub(super) fn insert(&mut self, magnitude: f32) {
        let hash = magnitude.to_bits().wrapping_mul(Self::MULTIPLIER);
        let [first, second] =
            [Self::FIRST_SHIFT, Self::SECOND_SHIFT].map(|shift| 1u32 << (hash >> shift & 31));
        if let Some(word) = self.words.get_mut((hash >> Self::WORD_SHIFT) as usize) {
            *word |= first | second;
        }
    }

    /// The words; an index has `32 - WORD_SHIFT` bits.
    pub(super) fn words(&self) -> &[u32; 1 << WORDS_LOG2] {
        &self.words
    }
}
