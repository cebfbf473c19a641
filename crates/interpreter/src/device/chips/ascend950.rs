//! Ascend 950.

use crate::device::chip::{Chip, Requantization, Scaling};

pub(in crate::device) const CHIP: Chip = Chip {
    name: "npu-950",
    scaling: Scaling::Upper19,
    ignores_shifts: true,
    is_single: true,
    requantization: Requantization::FixPipe { clips: true },
};
