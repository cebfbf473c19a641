//! Operators that lead in and out of integers.

pub(crate) mod ascend_anti_quant;
pub(crate) mod ascend_dequant;
pub(crate) mod ascend_quant;
pub(crate) mod ascend_weight_quant;
pub(crate) mod fake_quant;
