//! What a chip computes where it differs from TensorFlow's simulation.
//!
//! A quantized layer is exact in its middle: int8 times int8 into int32, on every chip and in
//! TensorFlow. The chips differ in how a value gets into int8 and out of int32, and from
//! TensorFlow's CPU kernels. [`Arithmetic::Device`](crate::Arithmetic::Device) runs a plan so.
//!
//! # What is known
//! `f16(x)` and `f32(x)` round to the nearest, ties to even. D is `deq_scale`, o the offset of
//! `AscendQuant`, *known* is what Huawei's public sources or a compiled model show, *read* what one
//! older source says, *chosen* what nobody says and is decided here.
//!
//! | step | 310, 910 | 310P | 910B | 950 |
//! | --- | --- | --- | --- | --- |
//! | `AscendQuant` | f16 product, f16 sum with o, half to even *(read)* | as 310 *(read)* | as 310 *(chosen)* | f32 product and sum, half to even *(known)* |
//! | its input | rounded to f16 *(read: ATC makes activations f16)* | same | same | same *(chosen)* |
//! | scale outside \[2^-14, 65504\] | its root, twice *(known)* | same | same | same *(chosen)* |
//! | `AscendDequant` | f16 scale *(known)* times the exact sum, one rounding *(chosen)* | f32 scale times the sum, to f16 *(read)* | f32 scale cut to 19 bits *(known)*, to f16 *(read)* | as 910B *(chosen)* |
//! | a D outside \[2^-14, 65504\] | the roots of all D, twice *(known below; read above)* | - | - | - |
//! | shift N | ignored *(read)* | 0; another is refused | ignored *(read)* | ignored *(read)* |
//! | quant behind dequant, alone | D times the next scale in f32, then as two steps with scale 1 *(read)* | sum times (D times scale) plus o, half to even, no f16 *(read; rounding chosen)* | same, cut to 19 bits *(chosen)* | as 910B *(chosen)* |
//! | `AscendAntiQuant` | f16 sum, f16 product *(read)* | same | same *(chosen)* | f32 *(known)* |
//! | `Pad`, padding | the offset o *(known)* | same | same | same |
//! | bias | `bias - o * sum of weights` in int32 *(structure known)* | same | same | same |
//! | int8 average pool, VALID | sum times D / area *(read; the division in f32 is chosen)* | same | same | same |
//!
//! # What is refused
//! * A result that depends on whether f16 overflows to infinity or stays at 65504: no source tells.
//! * A NaN to be quantized.
//! * A folded bias beyond int32: whether it wraps around or saturates is not public.
//! * On the 310P a shift N other than 0: the arithmetic of its int16 path is not public.
//! * An int8 average pool with SAME padding: where its divisor is applied is not public in full.
//! * An `AscendAntiQuant` whose scale an f16 does not hold as a normal number.
//!
//! # What stays as it is
//! Everything outside the quantized layers is computed in float32, which a chip does in f16: only
//! the values that leave a quantized layer are rounded to f16. Every quantized layer runs in int8,
//! also one that ATC would give back to float; what a compiled model really does the model itself
//! tells (the `compiled` module of the crate above). Only the nodes of the graph decide what is
//! fused: an output or observed value in the middle changes nothing, and is shown as if nothing
//! were fused there.

mod anti_quant;
mod bias;
mod dequant;
mod half;
mod quant;
mod requant;
mod requants;

use std::fmt;

pub use anti_quant::DeviceAntiQuant;
pub(crate) use bias::check as check_biases;
pub use bias::folded_bias;
pub use dequant::DeviceDequant;
pub use quant::DeviceQuant;
pub use requant::DeviceRequant;
pub(crate) use requants::{Requant, find as requants};

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
    /// Ascend 950.
    Ascend950,
}

impl Device {
    /// All of them.
    pub const ALL: [Device; 5] =
        [Device::Ascend310, Device::Ascend310p, Device::Ascend910, Device::Ascend910b, Device::Ascend950];

    /// Its name on the command line: `npu-310`, ...
    pub fn name(self) -> &'static str {
        match self {
            Device::Ascend310 => "npu-310",
            Device::Ascend310p => "npu-310p",
            Device::Ascend910 => "npu-910",
            Device::Ascend910b => "npu-910b",
            Device::Ascend950 => "npu-950",
        }
    }

    /// The device of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|device| device.name() == name)
    }

    /// How int32 sums are scaled.
    fn scaling(self) -> Scaling {
        match self {
            Device::Ascend310 | Device::Ascend910 => Scaling::Half,
            Device::Ascend310p => Scaling::Single,
            Device::Ascend910b | Device::Ascend950 => Scaling::Upper19,
        }
    }

    /// Whether activations are quantized and back in f32 and not in f16.
    fn is_single(self) -> bool {
        self == Device::Ascend950
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// In what form the factor of a sum reaches the multiplier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scaling {
    /// f16, or twice its root.
    Half,
    /// f32.
    Single,
    /// The upper 19 bits of an f32.
    Upper19,
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
