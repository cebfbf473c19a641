//! `AscendDequant` of a device.

use amct_tensor::quantization::DeqScale;

use super::half::{self, f16, product};
use super::{Device, Scaling};
use crate::OpError;

/// `AscendDequant` of a device: int32 sums to f16 values, held as f32.
///
/// * 310, 910: `f16(sum * f16(D))`; if any D lies outside \[2^-14, 65504\] all channels use
///   `f16(f16(sum * r) * r)` with `r = f16(sqrt(D))`. N is ignored. Whether the sum is rounded to f16
///   before the product is not public; here it is not.
/// * 310P: `f16(sum * D)`, N must be 0.
/// * 910B, 310B, 950: `f16(f32(f32(sum) * D))` with D cut to the upper 19 bits of its f32. N is ignored.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceDequant {
    /// One for all, or one per channel.
    factors: Vec<f32>,
    scaling: Scaling,
    twice: bool,
}

impl DeviceDequant {
    /// With the words of `deq_scale`. `area` is that of a window whose values are summed up and averaged
    /// by the scale: D times 1 / area, both in f32. It is 1 for a layer that is no average pool, and for
    /// one whose windows are not all whole.
    ///
    /// # Errors
    /// [`OpError::Unsupported`] for a shift on the 310P, and for a scale that is not a positive
    /// finite number.
    pub fn new(device: Device, words: &[DeqScale], area: i64) -> Result<Self, OpError> {
        let scales = scales(device, words, area)?;
        Ok(Self::scaled(device, &scales))
    }

    /// With the factors of the sums.
    pub(super) fn scaled(device: Device, scales: &[f32]) -> Self {
        let scaling = device.chip().scaling;
        let twice = scaling == Scaling::Half && !scales.iter().all(|&scale| half::holds(scale));
        let factors = scales.iter().map(|&scale| match scaling {
            Scaling::Half => half::factor(scale, twice),
            Scaling::Single => scale,
            Scaling::Upper19 => upper19(scale),
        });
        Self { factors: factors.collect(), scaling, twice }
    }

    /// How many channels it tells apart; 1 if it does not.
    pub fn channels(&self) -> usize {
        self.factors.len()
    }

    /// The value of a channel's sum; `None` if there is no such channel. `taps` is the number of values
    /// in the sum if they are still to be averaged, which is a step of its own in f16; 1 otherwise.
    pub fn dequantize(&self, sum: i32, channel: usize, taps: i32) -> Option<f32> {
        let value = self.scale(sum, channel)?;
        Some(if taps == 1 { value } else { product(value, f16(1.0 / f64::from(taps))) })
    }

    fn scale(&self, sum: i32, channel: usize) -> Option<f32> {
        let factor = of_channel(&self.factors, channel)?;
        let value = match self.scaling {
            Scaling::Upper19 => f16((sum as f32 * factor).into()),
            // 31 bits times 24: from 2^29 on the product may lose bits far below those of an f16.
            Scaling::Half | Scaling::Single => f16(f64::from(sum) * f64::from(factor)),
        };
        Some(if self.twice { product(value, factor) } else { value })
    }
}

/// The factor of a channel, where one may stand for all.
pub(super) fn of_channel(factors: &[f32], channel: usize) -> Option<f32> {
    if factors.len() == 1 { factors.first() } else { factors.get(channel) }.copied()
}

/// The factors of the sums that the words hold.
pub(super) fn scales(device: Device, words: &[DeqScale], area: i64) -> Result<Vec<f32>, OpError> {
    let shifted = words.iter().find(|word| word.shift_n != 0);
    if let (false, Some(word)) = (device.chip().ignores_shifts, shifted) {
        return Err(OpError::Unsupported(format!(
            "its deq_scale shifts by {}, and what {device} computes then is not public; quantize without \
             shift bits, or run with the semantics of tf",
            word.shift_n
        )));
    }
    let part = (1.0 / area as f64) as f32;
    let scales: Vec<f32> = words.iter().map(|word| word.scale * part).collect();
    match scales.iter().find(|&&scale| !(scale > 0.0 && scale.is_finite())) {
        None => Ok(scales),
        Some(found) => Err(OpError::Unsupported(format!(
            "its deq_scale is {found}, but a positive finite number is needed"
        ))),
    }
}

/// The upper 19 bits of a scale, which is what the multiplier of some chips reads.
pub(super) fn upper19(scale: f32) -> f32 {
    DeqScale { scale, shift_n: 0, offset_w: 0 }.truncated().scale
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dequant(device: Device, scale: f32) -> DeviceDequant {
        DeviceDequant::new(device, &[DeqScale::new(scale, 1.0)], 1).unwrap()
    }

    /// D = 1 + 2^-11 + 2^-14. As an f16 (10 bits behind the one) it is 1 + 2^-10: the middle between 1
    /// and 1 + 2^-10 is 1 + 2^-11, and D lies above. Its upper 19 bits are sign, 8 of the exponent and
    /// 10 of the fraction: 1. As an f32 it stays.
    /// sum = 2048: f16 steps are 2 in [2048, 4096).
    ///  * f16 scale: 2048 + 2 = 2050.
    ///  * f32 scale: 2048 + 1 + 1/8 = 2049.125, above the middle 2049: 2050.
    ///  * 19 bits: 2048.
    ///
    /// sum = 6144 (steps of 4 in [4096, 8192)):
    ///  * f16 scale: 6144 + 6 = 6150, the middle of 6148 and 6152. Counted in steps these are 1537 and
    ///    1538; the even one is 6152.
    ///  * f32 scale: 6144 + 3 + 3/8 = 6147.375: nearest is 6148.
    ///  * 19 bits: 6144.
    #[test]
    fn the_three_forms_of_a_scale() {
        let scale = 1.0 + 2.0_f32.powi(-11) + 2.0_f32.powi(-14);
        for (device, expected) in [
            (Device::Ascend310, [2050.0, 6152.0]),
            (Device::Ascend910, [2050.0, 6152.0]),
            (Device::Ascend310p, [2050.0, 6148.0]),
            (Device::Ascend910b, [2048.0, 6144.0]),
            (Device::Ascend310b, [2048.0, 6144.0]),
            (Device::Ascend950, [2048.0, 6144.0]),
        ] {
            let dequant = dequant(device, scale);
            let found = [2048, 6144].map(|sum| dequant.dequantize(sum, 0, 1).unwrap());
            assert_eq!(found, expected, "{device}");
        }
    }

    /// 2^-15 and 2^-16 lie below 2^-14, so both roots are taken. The root of 2^-16 is 2^-8, exact:
    /// 1000 * 2^-8 * 2^-8 = 1000/65536, an f16 since 1000 has 10 bits. The root of 2^-15 is
    /// 1448 * 2^-18 (see the tests of the quantization). 1000 * 1448 * 2^-18 = 5.523681...; steps of
    /// 2^-8 in [4, 8): * 256 = 1414.06, so 1414/256. That times 1448 * 2^-18 =
    /// 2047472 * 2^-26 = 0.030509..., in [2^-6, 2^-5) with steps of 2^-16: 2047472 * 2^-10 = 1999.48,
    /// so 1999 * 2^-16. (1000 * 2^-15 exactly would be 2000 * 2^-16.)
    /// A scale of 0.25 beside them is used by its root 0.5 as well.
    #[test]
    fn small_scales_of_the_310_and_910_are_used_by_their_roots() {
        let words = [-16, -15, -2].map(|exponent| DeqScale::new(2.0_f32.powi(exponent), 1.0));
        for device in [Device::Ascend310, Device::Ascend910] {
            let dequant = DeviceDequant::new(device, &words, 1).unwrap();
            assert!(dequant.twice);
            assert_eq!(dequant.factors, [2.0_f32.powi(-8), 1448.0 * 2.0_f32.powi(-18), 0.5]);
            let found = [0, 1, 2].map(|channel| dequant.dequantize(1000, channel, 1).unwrap());
            assert_eq!(found, [1000.0 / 65_536.0, 1999.0 / 65_536.0, 250.0]);
        }
        for device in [Device::Ascend310p, Device::Ascend910b, Device::Ascend310b, Device::Ascend950] {
            let dequant = DeviceDequant::new(device, &words, 1).unwrap();
            assert!(!dequant.twice);
            assert_eq!(dequant.dequantize(1000, 1, 1), Some(2000.0 / 65_536.0));
        }
    }

    /// 70000 is beyond the largest f16, 65504.
    #[test]
    fn a_value_beyond_f16_stays_at_its_end() {
        for device in Device::ALL {
            let dequant = dequant(device, 1.0);
            assert_eq!(dequant.dequantize(-65_504, 0, 1), Some(-65_504.0));
            assert_eq!(dequant.dequantize(70_000, 0, 1), Some(65_504.0), "{device}");
        }
    }

    /// The sum 2^25 + 2^15 + 2^4 + 1. Its f32 (steps of 4 from 2^25 on) is 2^25 + 2^15 + 2^4. With
    /// D = 2^-14: 2048 + 2 + 2^-10 + 2^-14, in f32 without the last. f16 steps are 2: 2050 either way.
    /// D = 2^-14 and the sum 2^25 + 2^14 + 1: exactly 2049 + 2^-14, above the middle of 2048 and 2050, so
    /// 2050. The f32 of the sum is 2^25 + 2^14: the middle itself, which goes to the even 2048.
    #[test]
    fn the_product_of_19_bits_is_an_f32() {
        let sums = [(1 << 25) + (1 << 15) + 17, (1 << 25) + (1 << 14) + 1];
        let values = |device| {
            let dequant = dequant(device, 2.0_f32.powi(-14));
            sums.map(|sum| dequant.dequantize(sum, 0, 1).unwrap())
        };
        for device in [Device::Ascend910b, Device::Ascend310b, Device::Ascend950] {
            assert_eq!(values(device), [2050.0, 2048.0], "{device}");
        }
        assert_eq!(values(Device::Ascend310p), [2050.0, 2050.0]);
    }

    #[test]
    fn the_mean_of_a_part_of_a_window_is_a_step_of_its_own() {
        for device in Device::ALL {
            // f16(1/3) = 1365 / 4096: 0.33325. 10 * 0.5 = 5, times that 1.66626; in steps of 2^-10
            // 1706.25, so 1706 / 1024.
            let dequant = DeviceDequant::new(device, &[DeqScale::new(0.5, 1.0)], 1).unwrap();
            assert_eq!(dequant.dequantize(10, 0, 3), Some(1706.0 / 1024.0), "{device}");
            assert_eq!(dequant.dequantize(10, 0, 4), Some(1.25), "{device}");
        }
    }

    #[test]
    fn a_shift_counts_only_where_it_is_refused() {
        let word = DeqScale::new(0.5, 1.0).shifted(3);
        for device in Device::ALL {
            let dequant = DeviceDequant::new(device, &[word], 1);
            if device == Device::Ascend310p {
                let error = dequant.unwrap_err().to_string();
                assert!(error.contains("shifts by 3") && error.contains("npu-310p"), "{error}");
            } else {
                // 10 * 0.5; with the shift it would be floor(10 / 8) * 0.5 * 8 = 4.
                assert_eq!(dequant.unwrap().dequantize(10, 0, 1), Some(5.0), "{device}");
            }
        }
    }

    /// The sum of a window of 4 with D = 0.5: 10 * (0.5 * 0.25) = 1.25.
    #[test]
    fn the_scale_of_a_window_is_times_its_reciprocal_area() {
        for device in Device::ALL {
            let dequant = DeviceDequant::new(device, &[DeqScale::new(0.5, 1.0)], 4).unwrap();
            assert_eq!(dequant.dequantize(10, 7, 1), Some(1.25), "{device}");
        }
    }

    #[test]
    fn scales_that_are_none_are_refused() {
        for scale in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            assert!(DeviceDequant::new(Device::Ascend310, &[DeqScale::new(scale, 1.0)], 1).is_err());
        }
    }
}
