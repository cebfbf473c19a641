//! Vectors of one width, so that a kernel is written once and compiled for each instruction set.
//!
//! A value of a [`Simd`] type proves that its instructions may be executed. All methods but those
//! that take pointers are safe for that reason.
//!
//! # int8 products
//! A sum of int8 products is made of *words* of 32 bits that hold [`Simd::GROUP`] values: four
//! bytes where the CPU multiplies bytes, two i16 elsewhere. The byte instructions want one side
//! without sign, so an activation `q` goes in as `q + SHIFT`; whoever adds up the words subtracts
//! `SHIFT` times the sum of the weights again. Neither way can saturate.

#![allow(unsafe_code, reason = "loads and stores take pointers, with their contracts")]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx_vnni;
#[cfg(target_arch = "x86_64")]
mod instructions;
mod portable;
mod slices;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx_vnni::AvxVnni;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
pub(crate) use portable::Portable;
pub(crate) use slices::{gather, load, store};

/// Asks for the cache line of an address, which need not be valid.
#[inline(always)]
pub(crate) fn prefetch<T>(address: *const T) {
    // SAFETY: a hint, without effect on memory; every x86-64 CPU has it.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// How quantized values end up in int8: `clamp(value + offset, low, high)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ToI8 {
    /// Added to the rounded values.
    pub(crate) offset: i8,
    /// The least result.
    pub(crate) low: i8,
    /// The greatest result.
    pub(crate) high: i8,
}

impl ToI8 {
    /// The definition, for one value.
    #[inline(always)]
    pub(crate) fn apply(self, value: i32) -> i8 {
        let moved = value.saturating_add(self.offset.into());
        // The last clamp is the identity: `low` and `high` are int8.
        moved.clamp(self.low.into(), self.high.into()) as i8
    }
}

/// The vectors of an instruction set.
pub(crate) trait Simd: Copy + Send + Sync {
    /// Elements of 32 bits in a vector.
    const LANES: usize;
    /// Vector registers.
    const REGISTERS: usize;
    /// Whether [`Simd::mul_add`] is an instruction; otherwise it is a call for every lane.
    const FUSED: bool;
    /// int8 values per word: 4 (bytes) or 2 (i16).
    const GROUP: usize;
    /// What is added to an int8 activation before it is multiplied.
    const SHIFT: i32;
    /// Vectors that [`Simd::interleave`] fills.
    const INTERLEAVED: usize;

    type F32: Copy;
    type I32: Copy;

    fn splat_f32(self, x: f32) -> Self::F32;
    fn add_f32(self, a: Self::F32, b: Self::F32) -> Self::F32;
    fn sub_f32(self, a: Self::F32, b: Self::F32) -> Self::F32;
    fn mul_f32(self, a: Self::F32, b: Self::F32) -> Self::F32;
    fn div_f32(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a * b + c`, rounded once.
    fn mul_add(self, a: Self::F32, b: Self::F32, c: Self::F32) -> Self::F32;
    /// `if x < low { low } else { x }`, then `if x > high { high } else { x }`.
    fn clip(self, x: Self::F32, low: Self::F32, high: Self::F32) -> Self::F32;
    /// The smaller of two numbers without sign.
    fn min_unsigned(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// Cuts off the fraction, whatever the magnitude.
    fn trunc(self, x: Self::F32) -> Self::F32;
    /// `x`, positive, with the sign of `sign`.
    fn with_sign(self, x: Self::F32, sign: Self::F32) -> Self::F32;
    /// Integers to the nearest f32, half to even.
    fn to_f32(self, x: Self::I32) -> Self::F32;
    /// Cuts off the fraction; the integer must fit an i32.
    fn truncate(self, x: Self::F32) -> Self::I32;

    fn splat_i32(self, x: i32) -> Self::I32;
    /// Wraps around.
    fn add_i32(self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// Wraps around.
    fn mul_i32(self, a: Self::I32, b: Self::I32) -> Self::I32;
    fn and_i32(self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// Shifts zeros in from the left, by less than 32.
    fn shift_right(self, x: Self::I32, by: Self::I32) -> Self::I32;
    /// The bits of floats.
    fn cast_i32(self, x: Self::F32) -> Self::I32;
    /// Floats of these bits.
    fn cast_f32(self, x: Self::I32) -> Self::F32;

    /// Bit l of the result says whether `a` and `b` differ in lane l; a NaN differs.
    fn differ(self, a: Self::F32, b: Self::F32) -> u32;
    /// Bit l says whether `a <= b` in lane l.
    fn at_most(self, a: Self::F32, b: Self::F32) -> u32;
    /// Bit l says whether lane l is odd.
    fn odd(self, x: Self::I32) -> u32;
    /// The lanes that have a bit, in order, from the first lane on; the others are any of the lanes or 0.
    fn compress(self, x: Self::F32, bits: u32) -> Self::F32;

    /// `sum` plus, lane by lane, the products of the values of two words.
    fn dot(self, sum: Self::I32, activations: Self::I32, weights: Self::I32) -> Self::I32;

    /// # Safety
    /// `from` is valid for reading `LANES` elements.
    unsafe fn load_f32(self, from: *const f32) -> Self::F32;
    /// # Safety
    /// `from` is valid for reading `LANES` elements.
    unsafe fn load_i32(self, from: *const i32) -> Self::I32;
    /// # Safety
    /// `from` is valid for reading the element at each lane of `index`.
    unsafe fn gather_i32(self, from: *const i32, index: Self::I32) -> Self::I32;
    /// # Safety
    /// `to` is valid for writing `LANES` elements.
    unsafe fn store_f32(self, to: *mut f32, x: Self::F32);
    /// # Safety
    /// `to` is valid for writing `LANES` elements.
    unsafe fn store_i32(self, to: *mut i32, x: Self::I32);
    /// Loads the first `count` < `LANES` lanes; the others are 0.
    ///
    /// # Safety
    /// `from` is valid for reading `count` elements.
    unsafe fn load_f32_first(self, from: *const f32, count: usize) -> Self::F32;
    /// Stores the first `count` < `LANES` lanes.
    ///
    /// # Safety
    /// `to` is valid for writing `count` elements.
    unsafe fn store_f32_first(self, to: *mut f32, x: Self::F32, count: usize);
    /// Stores the first `count` < `LANES` lanes.
    ///
    /// # Safety
    /// `to` is valid for writing `count` elements.
    unsafe fn store_i32_first(self, to: *mut i32, x: Self::I32, count: usize);
    /// Stores the first `count` <= V * LANES of `values` as int8. V is 1, 2 or 4.
    ///
    /// # Safety
    /// `to` is valid for writing `count` elements.
    unsafe fn store_i8<const V: usize>(self, to: *mut i8, values: [Self::I32; V], how: ToI8, count: usize);

    /// One word of prepared activations in every lane.
    ///
    /// # Safety
    /// `from` is valid for reading 4 bytes; it need not be aligned.
    unsafe fn splat_word(self, from: *const u8) -> Self::I32;
    /// Words of `GROUP` rows of activations: lane c of the result holds value c of each row, `SHIFT`
    /// added. `INTERLEAVED * LANES` words are written.
    ///
    /// # Safety
    /// The first `GROUP` of `rows` are valid for reading that many elements, `to` for writing them.
    unsafe fn interleave(self, rows: [*const i8; 4], to: *mut i32);
}

#[cfg(test)]
mod tests;
