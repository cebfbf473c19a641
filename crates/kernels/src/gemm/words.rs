//! int8 values as the words that an instruction set multiplies.

use super::lhs::Lhs;
use crate::Isa;
use crate::isa::Kernel;
use crate::simd::Simd;

/// How values make words; see [`crate::simd`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WordShape {
    /// Values per word: 4 bytes or 2 i16.
    pub(crate) group: usize,
}

impl WordShape {
    /// That of an instruction set.
    pub(crate) fn of(isa: Isa) -> Self {
        Self { group: isa.vectors().group }
    }

    /// `value` as part `index` of a word.
    pub(crate) fn part(self, value: i8, index: usize) -> i32 {
        match self.group {
            4 => i32::from(value as u8) << (8 * index),
            _ => i32::from(i16::from(value) as u16) << (16 * index),
        }
    }

    /// Rows of `k` activations, in one piece, as rows of words that fill `prepared`.
    pub(super) fn prepare(self, isa: Isa, a: Lhs<'_, i8>, k: usize, prepared: &mut [i32]) {
        let words = k.div_ceil(self.group);
        if words > 0 {
            isa.run(Prepare { a, k, group: self.group, words, prepared });
        }
    }
}

struct Prepare<'a> {
    a: Lhs<'a, i8>,
    k: usize,
    group: usize,
    words: usize,
    prepared: &'a mut [i32],
}

impl Kernel for Prepare<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) {
        for (row, words) in self.prepared.chunks_exact_mut(self.words).enumerate() {
            let values = &self.a.values[row * self.a.row_stride..][..self.k];
            if self.group == 4 {
                let (whole, rest) = values.as_chunks::<4>();
                for (word, values) in words.iter_mut().zip(whole) {
                    *word = i32::from_le_bytes(values.map(|value| value as u8));
                }
                if let (Some(last), false) = (words.last_mut(), rest.is_empty()) {
                    let bytes = std::array::from_fn(|i| rest.get(i).map_or(0, |&value| value as u8));
                    *last = i32::from_le_bytes(bytes);
                }
            } else {
                let (whole, rest) = values.as_chunks::<2>();
                for (word, &[first, second]) in words.iter_mut().zip(whole) {
                    *word = i32::from(first) & 0xffff | i32::from(second) << 16;
                }
                if let (Some(last), &[value]) = (words.last_mut(), rest) {
                    *last = i32::from(value) & 0xffff;
                }
            }
        }
    }
}
