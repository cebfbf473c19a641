//! Operators of detection heads: resizes, crops, boxes.

pub(crate) mod crop_and_resize;
pub(crate) mod non_max_suppression;
pub(in crate::ops) mod resize;
pub(crate) mod resize_bilinear;
pub(crate) mod resize_nearest;
