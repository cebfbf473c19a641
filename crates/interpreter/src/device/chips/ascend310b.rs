//! Ascend 310B.

use crate::device::chip::{Chip, Requantization, Scaling};

pub(in crate::device) const CHIP: Chip = Chip {
    name: "npu-310b",
    scaling: Scaling::Upper19,
    ignores_shifts: true,
    is_single: false,
    requantization: Requantization::FixPipe { clips: true },
};
