//! Ascend 310P (710, 610).

use crate::device::chip::{Chip, Requantization, Scaling};

pub(in crate::device) const CHIP: Chip = Chip {
    name: "npu-310p",
    scaling: Scaling::Single,
    ignores_shifts: false,
    is_single: false,
    requantization: Requantization::Fixed,
};
