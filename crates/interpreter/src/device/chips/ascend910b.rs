//! Ascend 910B.

use crate::device::chip::{Chip, Requantization, Scaling};

pub(in crate::device) const CHIP: Chip = Chip {
    name: "npu-910b",
    scaling: Scaling::Upper19,
    ignores_shifts: true,
    is_single: false,
    requantization: Requantization::FixPipe { clips: false },
};
