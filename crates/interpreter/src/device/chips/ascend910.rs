//! Ascend 910, 910A: as the 310.

use crate::device::chip::{Chip, Requantization, Scaling};

pub(in crate::device) const CHIP: Chip = Chip {
    name: "npu-910",
    scaling: Scaling::Half,
    ignores_shifts: true,
    is_single: false,
    requantization: Requantization::Half,
};
