//! Operators that compute an element from several: along axes or in windows.

pub(crate) mod arg_max;
pub(crate) mod avg_pool;
pub(crate) mod lrn;
pub(crate) mod max_pool;
pub(crate) mod reduction;
pub(crate) mod softmax;
pub(crate) mod top_k;
