//! What operators of several groups share.

pub(in crate::ops) mod axis;
pub(in crate::ops) mod broadcast;
pub(in crate::ops) mod chunks;
pub(in crate::ops) mod half;
pub(in crate::ops) mod number;
pub(in crate::ops) mod per_image;
pub(in crate::ops) mod strided;
pub(in crate::ops) mod wide;
pub(in crate::ops) mod window;
