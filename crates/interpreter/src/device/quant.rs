//! `AscendQuant` of a device.

use super::Device;
use super::half::{f16, factor, holds, product, to_i8};

/// `AscendQuant` of a device.
///
/// In f16 (all but the 950): `m = f16(f16(x) * f16(scale))`, `m = f16(m + offset)`, then the nearest
/// int8, half to even. A scale outside \[2^-14, 65504\] has its root multiplied twice. On the 950 the
/// product and the sum are f32.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeviceQuant {
    factor: f32,
    twice: bool,
    offset: i32,
    is_single: bool,
}

impl DeviceQuant {
    /// With the attributes of `AscendQuant`: `scale` is 1/scale_d, `offset` the int8 that stands for
    /// zero.
    pub fn new(device: Device, scale: f32, offset: i32) -> Self {
        let (twice, is_single) = (!holds(scale), device.chip().is_single);
        let factor = match (is_single, twice) {
            (true, true) => scale.sqrt(),
            (true, false) => scale,
            (false, _) => factor(scale, twice),
        };
        Self { factor, twice, offset, is_single }
    }

    /// The int8 of `x`; `None` for NaN.
    pub fn quantize(&self, x: f32) -> Option<i8> {
        let x = f16(f64::from(x));
        if self.is_single { self.in_f32(x) } else { self.in_f16(x) }
    }

    fn in_f16(&self, x: f32) -> Option<i8> {
        let mut m = product(x, self.factor);
        if self.twice {
            m = product(m, self.factor);
        }
        // The device leaves out an offset of 0, which adds nothing.
        to_i8(f16(f64::from(m) + f64::from(self.offset)).into())
    }

    fn in_f32(&self, x: f32) -> Option<i8> {
        let mut m = x * self.factor;
        if self.twice {
            m *= self.factor;
        }
        to_i8((m + self.offset as f32).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IN_F16: [Device; 5] =
        [Device::Ascend310, Device::Ascend310p, Device::Ascend910, Device::Ascend910b, Device::Ascend310b];

    fn quantized(device: Device, scale: f32, offset: i32, x: f32) -> Option<i8> {
        DeviceQuant::new(device, scale, offset).quantize(x)
    }

    /// Worked out by hand. 2.5 and 3.5 lie in the middle: the even neighbour is 2 and 4, where
    /// TensorFlow's kernel goes away from zero to 3 and 4.
    #[test]
    fn ties_go_to_the_even_integer() {
        for device in Device::ALL {
            for (x, expected) in [(2.5, 2), (3.5, 4), (-2.5, -2), (-3.5, -4), (0.5, 0), (-0.5, 0)] {
                assert_eq!(quantized(device, 1.0, 0, x), Some(expected), "{device} {x}");
            }
        }
        assert_eq!(amct_tensor::quantization::quantize(2.5, 1.0, 0), 3);
    }

    /// The offset is added before the rounding: 2.5 + 1 = 3.5 goes to 4, where rounding first would
    /// give 2 + 1 = 3.
    #[test]
    fn the_offset_comes_before_the_rounding() {
        for device in Device::ALL {
            assert_eq!(quantized(device, 1.0, 1, 2.5), Some(4), "{device}");
            assert_eq!(quantized(device, 1.0, -128, 2.5), Some(-126), "{device}");
        }
    }

    /// f16 has 10 bits behind the leading one. x = 100.48 lies in [64, 128), where the step is
    /// 1/16 = 0.0625: 100.48 / 0.0625 = 1607.68, so f16(x) = 1608 / 16 = 100.5. That is a tie, which
    /// goes to 100 either way; with offset 1 to 102, where f32 arithmetic without rounding x would
    /// have 101.48, thus 101.
    #[test]
    fn the_input_is_rounded_to_f16() {
        for device in Device::ALL {
            assert_eq!(quantized(device, 1.0, 0, 100.48), Some(100), "{device}");
            assert_eq!(quantized(device, 1.0, 1, 100.48), Some(102), "{device}");
        }
        assert_eq!(amct_tensor::quantization::quantize(100.48, 1.0, 1), 101);
    }

    /// scale = 18.3496 lies in [16, 32), step 1/64: 18.3496 * 64 = 1174.37, so f16(scale) = 1174/64 =
    /// 18.34375. x = 6.5625 = 105/16 is an f16. The product 18.34375 * 6.5625 = 120.380859375; step
    /// 1/16 there: * 16 = 1926.09, so 1926/16 = 120.375. Minus 128: -7.625, so -8.
    /// With x = 0.6816 (step 2^-11 in [0.5, 1): 0.6816 * 2048 = 1395.9, so 1396/2048 = 0.681640625)
    /// the f16 product is 18.34375 * 0.681640625 = 12.50384..., step 1/128: * 128 = 1600.49, so
    /// 1600/128 = 12.5, a tie: 12. In f32 (the 950) the scale stays 18.3496: the product is
    /// 12.5078, so 13.
    #[test]
    fn scale_and_product_are_rounded_to_f16() {
        for device in IN_F16 {
            assert_eq!(quantized(device, 18.3496, -128, 6.5625), Some(-8), "{device}");
            assert_eq!(quantized(device, 18.3496, 0, 0.6816), Some(12), "{device}");
        }
        assert_eq!(quantized(Device::Ascend950, 18.3496, 0, 0.6816), Some(13));
    }

    /// 2^-15 is below the smallest normal f16. Its root is 0.005524271728; in [2^-8, 2^-7) the step
    /// is 2^-18: * 262144 = 1448.15, so 1448 / 262144 = 0.00552368164. x = 65504, twice:
    /// 65504 * 0.00552368164 = 361.8232..., step 1/4: 361.75 (361.8232 * 4 = 1447.29, so 1447/4).
    /// 361.75 * 0.00552368164 = 1.998191..., step 2^-10: * 1024 = 2046.15, so 2046/1024 = 1.998.
    /// The nearest int8 is 2.
    #[test]
    fn a_scale_below_f16_is_used_by_its_root() {
        let quant = DeviceQuant::new(Device::Ascend310, 2.0_f32.powi(-15), 0);
        assert!(quant.twice);
        assert_eq!(quant.factor, 1448.0 / 262_144.0);
        assert_eq!(quant.quantize(65_504.0), Some(2));
        // The other end: the root of 2^18 is 512 exactly.
        let quant = DeviceQuant::new(Device::Ascend310, 2.0_f32.powi(18), 0);
        assert_eq!((quant.twice, quant.factor), (true, 512.0));
        assert_eq!(quant.quantize(2.0_f32.powi(-18) * 3.0), Some(3));
    }

    #[test]
    fn results_beyond_int8_stay_at_its_ends() {
        for device in Device::ALL {
            for (x, expected) in [(127.5, 127), (300.0, 127), (-128.5, -128), (-9e4, -128), (1e30, 127)] {
                assert_eq!(quantized(device, 1.0, 0, x), Some(expected), "{device} {x}");
            }
        }
    }

    /// 1e5 is beyond f16, so it is 65504: / 1024 = 63.97, so 64.
    #[test]
    fn what_is_beyond_f16_stays_at_its_end() {
        for device in Device::ALL {
            assert_eq!(quantized(device, 1.0 / 1024.0, 0, 1e5), Some(64), "{device}");
            assert_eq!(quantized(device, 1.0 / 1024.0, 0, f32::NEG_INFINITY), Some(-64), "{device}");
            assert_eq!(quantized(device, 1.0, 0, f32::NAN), None, "{device}");
        }
    }
}
