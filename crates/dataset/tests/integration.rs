//! Images and arrays as others read and write them, and damaged ones: one program, so that it is linked once.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod bad_images;
mod npy;
mod pillow;
mod raw_batches;
