//! What a chip computes where it differs from TensorFlow's simulation.
//!
//! A quantized layer is exact in its middle: int8 times int8 into int32, on every chip and in
//! TensorFlow. The chips differ in how a value gets into int8 and out of int32, and from
//! TensorFlow's CPU kernels. [`Arithmetic::Device`](crate::Arithmetic::Device) runs a plan so.
//!
//! What each step is on each chip, how that is known, and what is chosen where nobody tells, stands in
//! `docs/devices.md`. What differs between chips is in the table of [`Device`] alone.
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
pub use dequant::DeviceDequant;
pub(crate) use graph::{DeviceGraph, of as device_graph};
pub use quant::DeviceQuant;
pub use requant::DeviceRequant;
pub(crate) use requants::Requant;

/// A chip by the family that computes alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Device {
    /// Ascend 310.
    Ascend310,
    /// Ascend 310P (710, 610).
    Ascend310p,
    /// Ascend 910, 910A.
    Ascend910,
    /// Ascend 910B.
    Ascend910b,
    /// Ascend 310B.
    Ascend310b,
    /// Ascend 950.
    Ascend950,
}

/// In what the chips differ.
struct Traits {
    name: &'static str,
    scaling: Scaling,
    /// Whether activations are quantized and back in f32 and not in f16.
    is_single: bool,
    requantization: Requantization,
}

/// In what form the factor of a sum reaches the multiplier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scaling {
    /// f16, or twice its root.
    Half,
    /// f32.
    Single,
    /// The upper 19 bits of an f32, with a product in f32.
    Upper19,
}

/// How a chip goes from sums to int8 where an `AscendQuant` reads an `AscendDequant`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Requantization {
    /// The dequantization multiplies by the next scale too; f16 lies between.
    Half,
    /// An operator of its own, without f16.
    Fixed,
    /// On the way out of the multiplier, without f16. `clips`: whether that way has a unit for `Relu6`.
    FixPipe { clips: bool },
}

impl Device {
    /// All of them.
    pub const ALL: [Device; 6] = [
        Device::Ascend310,
        Device::Ascend310p,
        Device::Ascend910,
        Device::Ascend910b,
        Device::Ascend310b,
        Device::Ascend950,
    ];

    fn traits(self) -> Traits {
        let (name, scaling, is_single, requantization) = match self {
            Device::Ascend310 => ("npu-310", Scaling::Half, false, Requantization::Half),
            Device::Ascend310p => ("npu-310p", Scaling::Single, false, Requantization::Fixed),
            Device::Ascend910 => ("npu-910", Scaling::Half, false, Requantization::Half),
            Device::Ascend910b => {
                ("npu-910b", Scaling::Upper19, false, Requantization::FixPipe { clips: false })
            }
            Device::Ascend310b => {
                ("npu-310b", Scaling::Upper19, false, Requantization::FixPipe { clips: true })
            }
            Device::Ascend950 => ("npu-950", Scaling::Upper19, true, Requantization::FixPipe { clips: true }),
        };
        Traits { name, scaling, is_single, requantization }
    }

    /// Its name on the command line: `npu-310`, ...
    pub fn name(self) -> &'static str {
        self.traits().name
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
