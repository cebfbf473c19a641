//! Slices as the bytes they are made of.
#![allow(unsafe_code, reason = "a view of the same memory under another type")]

macro_rules! bytes_of {
    ($name:ident, $type:ty) => {
        pub(crate) fn $name(values: &[$type]) -> &[u8] {
            // SAFETY: every byte of these numbers is initialised, u8 needs no alignment, and the
            // view borrows `values`.
            unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
        }
    };
}

bytes_of!(of_f32, f32);
bytes_of!(of_i32, i32);
bytes_of!(of_i8, i8);
