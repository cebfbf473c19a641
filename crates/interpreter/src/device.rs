//! What a chip computes where it differs from TensorFlow's simulation.
//!
//! A quantized layer is exact in its middle: int8 times int8 into int32, on every chip and in
//! TensorFlow. The chips differ in how a value gets into int8 and out of int32, and from
//! TensorFlow's CPU kernels. [`Arithmetic::Device`](crate::Arithmetic::Device) runs a plan so.
//!
//! What each step is on each chip, how that is known, and what is chosen where nobody tells, stands in
//! `docs/devices.md`. What differs between chips is in `device/chips` alone, one file for
//! each.
//!
//! # What is refused
//! * A NaN to be quantized.
//! * A folded bias beyond int32: whether it wraps around or saturates is not public.
//! * On the 310P a shift N other than 0: the arithmetic of its int16 path is not public.
//! * An `AscendAntiQuant` whose scale an f16 does not hold as a normal number.
//!
//! # What stays as it is
//! Everything outside the quantized layers is computed in float32, which a chip does in f16: only
//! the values that leave a quantized layer are rounded to f16. Every quantized layer of the graph runs
//! in int8; those that ATC gives back to float the caller takes out of the graph first. Only the nodes
//! of the graph decide what is fused: an output or observed value in the middle changes nothing, and is
//! shown as if nothing were fused there.

mod activation;
mod anti_quant;
mod bias;
mod chip;
mod chips;
mod dequant;
mod graph;
mod half;
mod quant;
mod requant;
mod requants;

use std::fmt;

use activation::Activation;
pub use anti_quant::DeviceAntiQuant;
pub(crate) use bias::check as check_biases;
pub use bias::folded_bias;
use chip::{Chip, Requantization, Scaling};
pub use dequant::DeviceDequant;
pub(crate) use graph::{DeviceGraph, of as device_graph};
pub use quant::DeviceQuant;
pub use requant::DeviceRequant;
pub(crate) use requants::Requant;

/// The chips by the families that compute alike: each is a row, and a file in `device/chips`.
macro_rules! devices {
    ($($(#[$doc:meta])* $device:ident => $chip:ident),+ $(,)?) => {
        /// A chip by the family that computes alike.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Device {
            $($(#[$doc])* $device),+
        }

        impl Device {
            /// All of them.
            pub const ALL: [Device; [$(Device::$device),+].len()] = [$(Device::$device),+];

            fn chip(self) -> &'static Chip {
                match self {
                    $(Device::$device => &chips::$chip::CHIP),+
                }
            }
        }
    };
}

devices! {
    /// Ascend 310.
    Ascend310 => ascend310,
    /// Ascend 310P (710, 610).
    Ascend310p => ascend310p,
    /// Ascend 910, 910A.
    Ascend910 => ascend910,
    /// Ascend 910B.
    Ascend910b => ascend910b,
    /// Ascend 310B.
    Ascend310b => ascend310b,
    /// Ascend 950.
    Ascend950 => ascend950,
}

impl Device {
    /// Its name on the command line: `npu-310`, ...
    pub fn name(self) -> &'static str {
        self.chip().name
    }

    /// The device of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|device| device.name() == name)
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for device in Device::ALL {
            assert_eq!(Device::from_name(device.name()), Some(device));
        }
        assert_eq!(Device::from_name("npu-920"), None);
    }
}
