//! The facts of each chip, one file each. Where each is known from stands in `docs/devices.md`.

pub(super) mod ascend310;
pub(super) mod ascend310b;
pub(super) mod ascend310p;
pub(super) mod ascend910;
pub(super) mod ascend910b;
pub(super) mod ascend950;
