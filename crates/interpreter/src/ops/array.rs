//! Operators that move, copy, cut or make elements, and compute none.

pub(crate) mod broadcast_to;
pub(crate) mod concat;
pub(crate) mod depth_to_space;
pub(crate) mod expand_dims;
pub(crate) mod fill;
pub(crate) mod gather;
pub(crate) mod gather_nd;
pub(crate) mod identity;
pub(crate) mod like;
pub(crate) mod mirror_pad;
pub(crate) mod one_hot;
pub(crate) mod pad;
pub(crate) mod range;
pub(crate) mod reshape;
pub(crate) mod reverse;
pub(crate) mod shape;
pub(crate) mod slice;
pub(crate) mod space_to_batch;
pub(crate) mod sparse_to_dense;
pub(crate) mod split;
pub(crate) mod squeeze;
pub(crate) mod strided_slice;
pub(crate) mod tile;
pub(crate) mod transpose;
pub(crate) mod where_true;
