//! One operator per file: its attributes as a struct, its arithmetic in `amct-kernels` or beside it.

pub(crate) mod array;
pub(crate) mod detect;
pub(crate) mod device;
pub(crate) mod elementwise;
pub(crate) mod layer;
pub(crate) mod quantized;
pub(crate) mod reduce;
mod support;
