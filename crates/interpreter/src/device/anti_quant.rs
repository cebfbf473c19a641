//! `AscendAntiQuant` of a device.

use super::Device;
use super::half::{factor, holds, product};
use crate::OpError;

/// `AscendAntiQuant` of a device: int8 back to floats. Unlike in TensorFlow's kernel, the offset
/// counts: `f16(f16(q + offset) * f16(scale))`, on the 950 `(q + offset) * scale` in f32. A graph for
/// ATC has the offset of `AscendQuant` with its sign turned round here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeviceAntiQuant {
    factor: f32,
    offset: f32,
    is_single: bool,
}

impl DeviceAntiQuant {
    /// With the attributes of `AscendAntiQuant`.
    ///
    /// # Errors
    /// [`OpError::Unsupported`] for a scale or offset that an f16 does not hold: whether ATC takes the
    /// scale's root here too is not public.
    pub fn new(device: Device, scale: f32, offset: f32) -> Result<Self, OpError> {
        let is_single = device.chip().is_single;
        if !is_single && !holds(scale) {
            return Err(OpError::Unsupported(format!(
                "its scale is {scale}, and what {device} makes of one outside [2^-14, 65504] is not public"
            )));
        }
        if offset.fract() != 0.0 || !(-128.0..=128.0).contains(&offset) {
            return Err(OpError::Unsupported(format!(
                "its offset is {offset}, but an integer in [-128, 128] is needed"
            )));
        }
        Ok(Self { factor: if is_single { scale } else { factor(scale, false) }, offset, is_single })
    }

    /// The value of an int8.
    pub fn value(&self, q: i8) -> f32 {
        // Below 2048 the sum is exact in f16 as well.
        let sum = f32::from(q) + self.offset;
        if self.is_single { sum * self.factor } else { product(sum, self.factor) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scale = 0.024: in [2^-6, 2^-5) the steps of f16 are 2^-16: 0.024 * 65536 = 1572.86, so
    /// 1573 / 65536. q = 100 with offset 28 is 128: 128 * 1573 / 65536 = 3.072265625, exact in f16
    /// (the same mantissa). q = 100 with offset 0: 157300 / 65536 = 2.40020..., in steps of 2^-9
    /// 1228.9, so 1229/512 = 2.400390625. In f32: 128 * 0.024 = 3.072.
    #[test]
    fn the_offset_is_added_and_the_product_is_an_f16() {
        for device in Device::ALL {
            let value = |offset| DeviceAntiQuant::new(device, 0.024, offset).unwrap().value(100);
            if device == Device::Ascend950 {
                assert_eq!(value(28.0), 128.0 * 0.024_f32, "{device}");
                assert_eq!(value(0.0), 100.0 * 0.024_f32, "{device}");
            } else {
                assert_eq!(value(28.0), 3.072_265_6, "{device}");
                assert_eq!(value(0.0), 1229.0 / 512.0, "{device}");
            }
        }
    }

    #[test]
    fn what_is_not_public_is_refused() {
        for (scale, offset) in [(1e-5, 0.0), (1e5, 0.0), (0.1, 0.5), (0.1, 200.0)] {
            assert!(DeviceAntiQuant::new(Device::Ascend310, scale, offset).is_err(), "{scale} {offset}");
        }
        assert!(DeviceAntiQuant::new(Device::Ascend950, 1e-5, 0.0).is_ok());
        // 2 * 60000 is beyond f16, whose end is 65504.
        let large = DeviceAntiQuant::new(Device::Ascend910, 60_000.0, 0.0).unwrap();
        assert_eq!([large.value(1), large.value(2)], [60_000.0, 65_504.0]);
    }
}
