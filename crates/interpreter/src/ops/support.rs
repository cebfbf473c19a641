//! What operators of several groups share.

pub(in crate::ops) mod axis;
pub(in crate::ops) mod broadcast;
pub(in crate::ops) mod half;
pub(in crate::ops) mod number;
pub(in crate::ops) mod per_image;
pub(in crate::ops) mod row_major;
pub(in crate::ops) mod window;
