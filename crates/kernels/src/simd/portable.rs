//! Vectors as arrays, for the compiler to map to what there is.
#![allow(unsafe_code, reason = "the trait's loads and stores take pointers")]

use super::{Simd, ToI8};

/// Needs no instruction that the compilation target does not have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

const LANES: usize = 8;

type F32s = [f32; LANES];
type I32s = [i32; LANES];

fn zip<A: Copy, B: Copy, C>(a: [A; LANES], b: [B; LANES], f: impl Fn(A, B) -> C) -> [C; LANES] {
    std::array::from_fn(|lane| f(a[lane], b[lane]))
}

/// A bit for each lane.
fn bits(lanes: [bool; LANES]) -> u32 {
    lanes.into_iter().rev().fold(0, |bits, lane| bits << 1 | u32::from(lane))
}

impl Simd for Portable {
    const LANES: usize = LANES;
    // Two registers of 128 bits each, of which there are 16 at least.
    const REGISTERS: usize = 8;
    const FUSED: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));
    const GROUP: usize = 2;
    const SHIFT: i32 = 0;
    const INTERLEAVED: usize = 2;

    type F32 = F32s;
    type I32 = I32s;

    #[inline(always)]
    fn splat_f32(self, x: f32) -> F32s {
        [x; LANES]
    }

    #[inline(always)]
    fn add_f32(self, a: F32s, b: F32s) -> F32s {
        zip(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub_f32(self, a: F32s, b: F32s) -> F32s {
        zip(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul_f32(self, a: F32s, b: F32s) -> F32s {
        zip(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn div_f32(self, a: F32s, b: F32s) -> F32s {
        zip(a, b, |a, b| a / b)
    }

    #[inline(always)]
    fn mul_add(self, a: F32s, b: F32s, c: F32s) -> F32s {
        std::array::from_fn(|lane| a[lane].mul_add(b[lane], c[lane]))
    }

    #[inline(always)]
    fn clip(self, x: F32s, low: F32s, high: F32s) -> F32s {
        std::array::from_fn(|lane| crate::epilogue::clip(x[lane], (low[lane], high[lane])))
    }

    #[inline(always)]
    fn min_unsigned(self, a: F32s, b: F32s) -> F32s {
        zip(a, b, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn trunc(self, x: F32s) -> F32s {
        x.map(f32::trunc)
    }

    #[inline(always)]
    fn with_sign(self, x: F32s, sign: F32s) -> F32s {
        zip(x, sign, f32::copysign)
    }

    #[inline(always)]
    fn to_f32(self, x: I32s) -> F32s {
        x.map(|x| x as f32)
    }

    #[inline(always)]
    fn truncate(self, x: F32s) -> I32s {
        x.map(|x| x as i32)
    }

    #[inline(always)]
    fn splat_i32(self, x: i32) -> I32s {
        [x; LANES]
    }

    #[inline(always)]
    fn add_i32(self, a: I32s, b: I32s) -> I32s {
        zip(a, b, i32::wrapping_add)
    }

    #[inline(always)]
    fn mul_i32(self, a: I32s, b: I32s) -> I32s {
        zip(a, b, i32::wrapping_mul)
    }

    #[inline(always)]
    fn and_i32(self, a: I32s, b: I32s) -> I32s {
        zip(a, b, |a, b| a & b)
    }

    #[inline(always)]
    fn shift_right(self, x: I32s, by: I32s) -> I32s {
        zip(x, by, |x, by| (x.cast_unsigned() >> (by & 31)).cast_signed())
    }

    #[inline(always)]
    fn cast_i32(self, x: F32s) -> I32s {
        x.map(|x| x.to_bits().cast_signed())
    }

    #[inline(always)]
    fn cast_f32(self, x: I32s) -> F32s {
        x.map(|x| f32::from_bits(x.cast_unsigned()))
    }

    #[inline(always)]
    fn differ(self, a: F32s, b: F32s) -> u32 {
        bits(zip(a, b, |a, b| a != b))
    }

    #[inline(always)]
    fn at_most(self, a: F32s, b: F32s) -> u32 {
        bits(zip(a, b, |a, b| a <= b))
    }

    #[inline(always)]
    fn odd(self, x: I32s) -> u32 {
        bits(x.map(|x| x & 1 == 1))
    }

    #[inline(always)]
    fn compress(self, x: F32s, bits: u32) -> F32s {
        let mut packed = [0.0; LANES];
        let mut next = 0;
        for (lane, x) in x.into_iter().enumerate() {
            if bits >> lane & 1 == 1 {
                packed[next] = x;
                next += 1;
            }
        }
        packed
    }

    #[inline(always)]
    fn dot(self, sum: I32s, activations: I32s, weights: I32s) -> I32s {
        let halves = |word: i32| (i32::from(word as i16), word >> 16);
        std::array::from_fn(|lane| {
            let ((a0, a1), (w0, w1)) = (halves(activations[lane]), halves(weights[lane]));
            sum[lane].wrapping_add(a0 * w0 + a1 * w1)
        })
    }

    #[inline(always)]
    unsafe fn load_f32(self, from: *const f32) -> F32s {
        // SAFETY: valid by the trait's contract.
        unsafe { from.cast::<F32s>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn load_i32(self, from: *const i32) -> I32s {
        // SAFETY: valid by the trait's contract.
        unsafe { from.cast::<I32s>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn gather_i32(self, from: *const i32, index: I32s) -> I32s {
        // SAFETY: valid by the trait's contract.
        index.map(|index| unsafe { *from.offset(index as isize) })
    }

    #[inline(always)]
    unsafe fn store_f32(self, to: *mut f32, x: F32s) {
        // SAFETY: valid by the trait's contract.
        unsafe { to.cast::<F32s>().write_unaligned(x) }
    }

    #[inline(always)]
    unsafe fn store_i32(self, to: *mut i32, x: I32s) {
        // SAFETY: valid by the trait's contract.
        unsafe { to.cast::<I32s>().write_unaligned(x) }
    }

    #[inline(always)]
    unsafe fn load_f32_first(self, from: *const f32, count: usize) -> F32s {
        let mut x = [0.0; LANES];
        for (lane, x) in x.iter_mut().enumerate().take(count) {
            // SAFETY: lane < count, valid by the trait's contract.
            *x = unsafe { *from.add(lane) };
        }
        x
    }

    #[inline(always)]
    unsafe fn store_f32_first(self, to: *mut f32, x: F32s, count: usize) {
        for (lane, x) in x.into_iter().enumerate().take(count) {
            // SAFETY: lane < count, valid by the trait's contract.
            unsafe { to.add(lane).write(x) };
        }
    }

    #[inline(always)]
    unsafe fn store_i32_first(self, to: *mut i32, x: I32s, count: usize) {
        for (lane, x) in x.into_iter().enumerate().take(count) {
            // SAFETY: lane < count, valid by the trait's contract.
            unsafe { to.add(lane).write(x) };
        }
    }

    #[inline(always)]
    unsafe fn store_i8<const V: usize>(self, to: *mut i8, values: [I32s; V], how: ToI8, count: usize) {
        for (index, value) in values.into_iter().flatten().enumerate().take(count) {
            // SAFETY: index < count, valid by the trait's contract.
            unsafe { to.add(index).write(how.apply(value)) };
        }
    }

    #[inline(always)]
    unsafe fn splat_word(self, from: *const u8) -> I32s {
        // SAFETY: valid by the trait's contract.
        [unsafe { from.cast::<i32>().read_unaligned() }; LANES]
    }

    #[inline(always)]
    unsafe fn interleave(self, rows: [*const i8; 4], to: *mut i32) {
        for channel in 0..Self::INTERLEAVED * LANES {
            // SAFETY: `channel` is below the number of elements that the contract speaks of.
            unsafe {
                let (first, second) = (*rows[0].add(channel), *rows[1].add(channel));
                to.add(channel).write(i32::from(first) & 0xffff | i32::from(second) << 16);
            }
        }
    }
}
