//! An `AscendQuant` of a device that reads the sums of the layer before it.

use amct_tensor::quantization::DeqScale;

use super::activation::Activation;
use super::dequant::{of_channel, scales, upper19};
use super::half::{f16, to_i8};
use super::{Device, DeviceDequant, Requantization};
use crate::OpError;

/// Goes from int32 sums to int8 without the value between. E = f32(D * scale) with the scale of
/// `AscendQuant`.
///
/// * 310, 910: the dequantization with E in place of D, the activation in f16 on that scale, then
///   f16(. + offset) to the nearest int8, half to even.
/// * 310P: `sum * E`, `Relu`, to the nearest integer, half to even, clipped to 9 bits, plus the offset,
///   clipped to int8. That no f16 lies between is public, the rounding is not. With another activation
///   than `Relu` it goes as on the 310, with E as an f32.
/// * 910B, 310B, 950: the same with E cut to the upper 19 bits of its f32 and a product in f32. A slope
///   is part of E for negative sums; six clips the int8.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceRequant {
    path: Path,
    activations: Vec<Activation>,
    scale: f32,
    offset: i32,
}

#[derive(Clone, Debug, PartialEq)]
enum Path {
    /// Through f16.
    Half(DeviceDequant),
    /// An exact product with E.
    Fixed(Vec<f32>),
    /// A product with E in f32, and E of negative sums.
    FixPipe { factors: Vec<f32>, negative: Vec<f32> },
}

impl DeviceRequant {
    /// With the words of `deq_scale`, the attributes of the `AscendQuant`, and the activations that lie
    /// between, in their order. `area` is that of [`DeviceDequant::new`].
    ///
    /// # Errors
    /// As [`DeviceDequant::new`].
    pub(crate) fn new(
        device: Device,
        (words, area): (&[DeqScale], i64),
        (scale, offset): (f32, i32),
        activations: &[Activation],
    ) -> Result<Self, OpError> {
        let scales: Vec<f32> = scales(device, words, area)?.iter().map(|&d| d * scale).collect();
        let are_absorbed = activations.iter().all(|activation| activation.is_absorbed());
        let path = match device.chip().requantization {
            Requantization::Fixed if are_absorbed => Path::Fixed(scales),
            Requantization::Half | Requantization::Fixed => {
                Path::Half(DeviceDequant::scaled(device, &scales))
            }
            Requantization::FixPipe { .. } => {
                let slope = activations.iter().fold(1.0, |slope, activation| match activation {
                    Activation::LeakyRelu(own) => slope * own,
                    Activation::Relu | Activation::Relu6 => 0.0,
                });
                Path::FixPipe {
                    negative: scales.iter().map(|&e| upper19(e * slope)).collect(),
                    factors: scales.into_iter().map(upper19).collect(),
                }
            }
        };
        Ok(Self { path, activations: activations.to_vec(), scale, offset })
    }

    /// How many channels it tells apart; 1 if it does not.
    pub fn channels(&self) -> usize {
        match &self.path {
            Path::Half(dequant) => dequant.channels(),
            Path::Fixed(factors) | Path::FixPipe { factors, .. } => factors.len(),
        }
    }

    /// The int8 of a channel's sum; `None` if there is no such channel. `taps` is that of
    /// [`DeviceDequant::dequantize`]; it is 1 on all chips but the 310 and 910.
    pub fn requantize(&self, sum: i32, channel: usize, taps: i32) -> Option<i8> {
        match &self.path {
            Path::Half(dequant) => {
                let value = dequant.dequantize(sum, channel, taps)?;
                let value = self.activations.iter().fold(value, |x, step| step.in_f16(x, self.scale));
                to_i8(f16(f64::from(value) + f64::from(self.offset)).into())
            }
            Path::Fixed(factors) => {
                let value = f64::from(sum) * f64::from(of_channel(factors, channel)?);
                Some(self.in_9_bits(if self.activations.is_empty() { value } else { value.max(0.0) }))
            }
            Path::FixPipe { factors, negative } => {
                let factor = of_channel(if sum < 0 { negative } else { factors }, channel)?;
                let q = self.in_9_bits((sum as f32 * factor).into());
                let clips = self.activations.contains(&Activation::Relu6);
                Some(if clips { q.min(self.six()) } else { q })
            }
        }
    }

    /// Rounded and clipped to 9 bits, and with the offset to 8.
    fn in_9_bits(&self, x: f64) -> i8 {
        // Both casts are of integers within range; there is no NaN, as all factors are finite.
        let rounded = x.round_ties_even().clamp(-256.0, 255.0) as i32;
        rounded.saturating_add(self.offset).clamp(-128, 127) as i8
    }

    /// The int8 that a `Relu6` clips at: six, cut towards zero.
    fn six(&self) -> i8 {
        // The cast saturates.
        (6.0 * self.scale + self.offset as f32) as i8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requant(device: Device, d: f32, scale: f32, offset: i32, steps: &[Activation]) -> DeviceRequant {
        let words = [DeqScale::new(d, 1.0)];
        DeviceRequant::new(device, (&words, 1), (scale, offset), steps).unwrap()
    }

    fn is_half(device: Device) -> bool {
        device.chip().requantization == Requantization::Half
    }

    /// D = 0.25 and scale = 2 give E = 0.5. 5 * 0.5 = 2.5, which goes to the even 2. With the offset 1
    /// the 310 and 910 round 3.5, so 4; the others 2.5, so 2 + 1. Minus 5: -2.5 goes to -2; through Relu
    /// to 0, with offset 1 to 1.
    #[test]
    fn half_to_even_before_or_after_the_offset() {
        for device in Device::ALL {
            let of = |sum, offset, steps: &[_]| {
                requant(device, 0.25, 2.0, offset, steps).requantize(sum, 0, 1).unwrap()
            };
            let relu = [Activation::Relu];
            let tie = if is_half(device) { 4 } else { 3 };
            assert_eq!([of(5, 0, &[]), of(5, 1, &[])], [2, tie], "{device}");
            assert_eq!([of(-5, 0, &[]), of(-5, 0, &relu)], [-2, 0], "{device}");
            assert_eq!([of(-5, 1, &relu), of(1000, -7, &relu)], [1, 127], "{device}");
        }
    }

    /// E = 1. The sum 300 is clipped to 255 of 9 bits, so with the offset -128 it is 127 everywhere. The
    /// sum -300 with the offset 100: in f16 -200, so -128; in 9 bits -256 + 100, also -128. A sum of 300
    /// and the offset -140 (which no graph has) would tell them apart: 160 or 115.
    #[test]
    fn nine_bits_lie_between_except_on_the_310_and_910() {
        for device in Device::ALL {
            let of = |sum, offset| requant(device, 1.0, 1.0, offset, &[]).requantize(sum, 0, 1).unwrap();
            assert_eq!([of(300, -128), of(-300, 100)], [127, -128], "{device}");
            assert_eq!(of(300, -140), if is_half(device) { 127 } else { 115 }, "{device}");
        }
    }

    /// E = 0.25 * 0.2003 = 0.050075 (as f32).
    /// f16: in [2^-5, 2^-4) steps are 2^-15: 0.050075 * 32768 = 1640.86, so 1641 / 32768 = 0.050079.
    /// Upper 19 bits cut the same steps towards zero: 1640 / 32768 = 0.050049.
    /// sum = 1250: f16: 62.5992, in steps of 1/32: 2003.17, so 2003/32 = 62.59: 63. f32: 62.594: 63.
    /// 19 bits: 62.5610: 63.
    /// sum = 1249: f16: 1249 * 1641 / 32768 = 62.5491: 63. f32: 62.5437: 63. 19 bits: 62.5110: 63.
    /// sum = 1248: f16: 62.49902, steps of 1/32: 1999.97, so 2000/32 = 62.5, with offset 1 63.5: the tie
    /// goes to 64. f32: 1248 * 0.050075 = 62.4936: 62, with offset 63. 19 bits: 62.4609: same.
    /// sum = 1988: f16: 99.5577, steps of 1/16: 1592.92, so 1593/16 = 99.5625: 100. f32: 99.5491: 100.
    /// 19 bits: 1988 * 1640 / 32768 = 99.4971: 99.
    #[test]
    fn the_three_forms_of_the_product() {
        for (device, expected) in [
            (Device::Ascend310, [63, 63, 64, 100]),
            (Device::Ascend910, [63, 63, 64, 100]),
            (Device::Ascend310p, [63, 63, 63, 100]),
            (Device::Ascend910b, [63, 63, 63, 99]),
            (Device::Ascend310b, [63, 63, 63, 99]),
            (Device::Ascend950, [63, 63, 63, 99]),
        ] {
            let found = [(1250, 0), (1249, 0), (1248, 1), (1988, 0)].map(|(sum, offset)| {
                requant(device, 0.25, 0.2003, offset, &[]).requantize(sum, 0, 1).unwrap()
            });
            assert_eq!(found, expected, "{device}");
        }
    }

    /// E = 2^-16, whose root is 2^-8. Two million times that is 7812.5 after the first product, which
    /// f16 holds in steps of 4 as 7812 (1953 steps of 4; 7812.5 lies below the middle 7814), and
    /// 7812 / 256 = 30.515625, in steps of 1/64 the tie-free 30.515625 = 1953/64. So 31.
    /// With 2^25 the first product is 131072, beyond f16, so 65504: / 256 = 255.9, so 127.
    /// E = 2^-20 with the root 2^-10 and 2^27: 131072 again; 65504/1024 = 63.97: 64.
    #[test]
    fn small_products_of_the_310_and_910() {
        let d = 2.0_f32.powi(-15);
        let small = requant(Device::Ascend910, d, 0.5, 0, &[]);
        assert_eq!(small.requantize(2_000_000, 0, 1), Some(31));
        assert_eq!(small.requantize(1 << 25, 0, 1), Some(127));
        assert_eq!(small.requantize(1, 1, 1), Some(0), "one scale is for all channels");
        let smaller = requant(Device::Ascend910, d, 2.0_f32.powi(-5), 0, &[]);
        assert_eq!(smaller.requantize(1 << 27, 0, 1), Some(64));
        let exact = requant(Device::Ascend310p, d, 2.0_f32.powi(-5), 0, &[]);
        assert_eq!(exact.requantize(1 << 27, 0, 1), Some(127));
    }

    /// D = 1, scale = 4.1, offset -3. Six is 24.6 on that scale.
    /// 310, 910, 310P: 24.6 as an f16 (steps of 1/64: 1574.4, so 1574/64 = 24.59375) less 3: 21.59,
    /// so 22. A sum of 5: 4.1 as an f16 (steps of 1/256: 1049.6, so 1050/256) * 5 = 20.5078 (f32: 20.5),
    /// in steps of 1/64 1312.5 to the even 1312 (f32: 1312): 20.5 less 3: 17.5, to 18.
    /// Fixpipe: six is 24.6 - 3 = 21.6, cut to 21. 4.1 in 19 bits is 1049/256: times 5 is 20.488: 20 - 3.
    #[test]
    fn six_is_clipped_on_the_scale_of_the_quantization() {
        for device in Device::ALL {
            let six = requant(device, 1.0, 4.1, -3, &[Activation::Relu6]);
            let found = [100, 5, -5].map(|sum| six.requantize(sum, 0, 1).unwrap());
            let by_pipe = matches!(device.chip().requantization, Requantization::FixPipe { .. });
            assert_eq!(found, if by_pipe { [21, 17, -3] } else { [22, 18, -3] }, "{device}");
        }
    }

    /// E = 0.5, slope 0.25: -10 is -5, and -1.25, so -1; with the offset 10 it is 8.75 and 9 in f16, else
    /// -1 + 10.
    #[test]
    fn a_slope_is_for_negative_sums() {
        for device in Device::ALL {
            let leaky = requant(device, 0.5, 1.0, 10, &[Activation::LeakyRelu(0.25)]);
            assert_eq!([leaky.requantize(-10, 0, 1), leaky.requantize(10, 0, 1)], [Some(9), Some(15)]);
        }
    }

    /// D * scale = 1 and a window of 3 of which the sum is 10: f16(1/3) = 1365/4096 makes 3.3325: 3.
    #[test]
    fn the_mean_of_a_window_comes_before_the_rounding() {
        let mean = requant(Device::Ascend310, 0.5, 2.0, 0, &[Activation::Relu]);
        assert_eq!([mean.requantize(10, 0, 3), mean.requantize(10, 0, 1)], [Some(3), Some(10)]);
    }
}
