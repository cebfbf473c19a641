//! Operators that compute each element from those at the same place, or in the same channel.

pub(crate) mod activation;
pub(crate) mod add_n;
pub(crate) mod batch_norm;
pub(crate) mod bias_add;
pub(crate) mod binary;
pub(crate) mod cast;
pub(crate) mod comparison;
pub(crate) mod leaky_relu;
pub(crate) mod logical;
pub(crate) mod select;
pub(crate) mod unary;
