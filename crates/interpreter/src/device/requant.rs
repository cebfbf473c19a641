use amct_tensor::quantization::DeqScale;

use super::dequant::{scales, upper19};
use super::half::{either_way, to_i8};
use super::{Device, DeviceDequant, Scaling};
use crate::OpError;

/// An `AscendQuant` that alone reads an `AscendDequant`, perhaps through a `Relu`: the device goes from
/// int32 sums to int8 without the value between. E = f32(D * scale) with the scale of `AscendQuant`.
///
/// * 310, 910: the dequantization with E in place of D, then f16(. + offset) to the nearest int8,
///   half to even. ATC writes that into the compiled model.
/// * 310P: `sum * E + offset` to the nearest int8. That no f16 lies between is public, the rounding
///   is not: here it is one rounding, half to even, after the offset.
/// * 910B, 950: the same with E cut to the upper 19 bits of its f32.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceRequant {
    path: Path,
    offset: i32,
    relu: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Path {
    Half(DeviceDequant),
    Wide(Vec<f32>),
}

impl DeviceRequant {
    /// With the words of `deq_scale`, the attributes of the `AscendQuant`, and whether a `Relu` lies
    /// between. `area` is that of [`DeviceDequant::new`].
    ///
    /// # Errors
    /// As [`DeviceDequant::new`].
    pub fn new(
        device: Device,
        (words, area): (&[DeqScale], i64),
        (scale, offset): (f32, i32),
        relu: bool,
    ) -> Result<Self, OpError> {
        let scales: Vec<f32> = scales(device, words, area)?.iter().map(|&d| d * scale).collect();
        let path = match device.scaling() {
            Scaling::Half => Path::Half(DeviceDequant::scaled(device, &scales)),
            Scaling::Single => Path::Wide(scales),
            Scaling::Upper19 => Path::Wide(scales.into_iter().map(upper19).collect()),
        };
        Ok(Self { path, offset, relu })
    }

    /// How many channels it tells apart; 1 if it does not.
    pub fn channels(&self) -> usize {
        match &self.path {
            Path::Half(dequant) => dequant.channels(),
            Path::Wide(factors) => factors.len(),
        }
    }

    /// The int8 of a channel's sum; `None` where it depends on what the device makes of a number
    /// beyond f16, or if there is no such channel.
    pub fn requantize(&self, sum: i32, channel: usize) -> Option<i8> {
        let offset = f64::from(self.offset);
        let clipped = |x: f64| if self.relu { x.max(0.0) } else { x };
        match &self.path {
            Path::Half(dequant) => either_way(|beyond| {
                let value = dequant.in_f16(sum, channel, beyond)?;
                to_i8(beyond.f16(clipped(value.into()) + offset).into())
            }),
            Path::Wide(factors) => {
                let factor = if factors.len() == 1 { factors.first() } else { factors.get(channel) };
                to_i8(clipped(f64::from(sum) * f64::from(*factor?)) + offset)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requant(device: Device, d: f32, scale: f32, offset: i32, relu: bool) -> DeviceRequant {
        let words = [DeqScale::new(d, 1.0)];
        DeviceRequant::new(device, (&words, 1), (scale, offset), relu).unwrap()
    }

    /// D = 0.25 and scale = 2 give E = 0.5. 5 * 0.5 = 2.5: 2 without offset; with offset 1 it is 3.5,
    /// so 4. Minus 5: -2.5 goes to -2; through Relu to 0, with offset 1 to 1.
    #[test]
    fn half_to_even_after_the_offset() {
        for device in Device::ALL {
            let of = |sum, offset, relu| requant(device, 0.25, 2.0, offset, relu).requantize(sum, 0);
            assert_eq!([of(5, 0, false), of(5, 1, false)], [Some(2), Some(4)], "{device}");
            assert_eq!([of(-5, 0, false), of(-5, 0, true)], [Some(-2), Some(0)], "{device}");
            assert_eq!([of(-5, 1, true), of(1000, -7, true)], [Some(1), Some(127)], "{device}");
        }
    }

    /// E = 0.25 * 0.2003 = 0.050075 (as f32).
    /// f16: in [2^-5, 2^-4) steps are 2^-15: 0.050075 * 32768 = 1640.86, so 1641 / 32768 = 0.050079.
    /// Upper 19 bits cut the same steps towards zero: 1640 / 32768 = 0.050049.
    /// sum = 1250: f16: 62.5992, in steps of 1/32: 2003.17, so 2003/32 = 62.59: 63. f32: 62.594: 63.
    /// 19 bits: 62.5610: 63.
    /// sum = 1249: f16: 1249 * 1641 / 32768 = 62.5491: 63. f32: 62.5437: 63. 19 bits: 62.5110: 63.
    /// sum = 1248: f16: 62.49902, steps of 1/32: 1999.97, so 2000/32 = 62.5: the tie goes to 62, with
    /// offset 1 to 64. f32: 1248 * 0.050075 = 62.4936: 62, with offset 63. 19 bits: 62.4609: same.
    /// sum = 1988: f16: 99.5577, steps of 1/16: 1592.92, so 1593/16 = 99.5625: 100. f32: 99.5491: 100.
    /// 19 bits: 1988 * 1640 / 32768 = 99.4971: 99.
    #[test]
    fn the_three_forms_of_the_product() {
        for (device, expected) in [
            (Device::Ascend310, [63, 63, 64, 100]),
            (Device::Ascend910, [63, 63, 64, 100]),
            (Device::Ascend310p, [63, 63, 63, 100]),
            (Device::Ascend910b, [63, 63, 63, 99]),
            (Device::Ascend950, [63, 63, 63, 99]),
        ] {
            let found = [(1250, 0), (1249, 0), (1248, 1), (1988, 0)].map(|(sum, offset)| {
                requant(device, 0.25, 0.2003, offset, false).requantize(sum, 0).unwrap()
            });
            assert_eq!(found, expected, "{device}");
        }
    }

    /// E = 2^-16, whose root is 2^-8. Two million times that is 7812.5 after the first product, which
    /// f16 holds in steps of 4 as 7812 (1953 steps of 4; 7812.5 lies below the middle 7814), and
    /// 7812 / 256 = 30.515625, in steps of 1/64 the tie-free 30.515625 = 1953/64. So 31.
    /// With 2^25 the first product is 131072, beyond f16: as 65504 it gives 65504/256 = 255.9, as
    /// infinity infinity, and both are 127.
    /// E = 2^-20 with the root 2^-10 and 2^27: 131072 again; 65504/1024 = 64, infinity is 127: unknown.
    #[test]
    fn small_products_of_the_310_and_910() {
        let d = 2.0_f32.powi(-15);
        let small = requant(Device::Ascend910, d, 0.5, 0, false);
        assert_eq!(small.requantize(2_000_000, 0), Some(31));
        assert_eq!(small.requantize(1 << 25, 0), Some(127));
        let smaller = requant(Device::Ascend910, d, 2.0_f32.powi(-5), 0, false);
        assert_eq!(smaller.requantize(1 << 27, 0), None);
        assert_eq!(
            requant(Device::Ascend310p, d, 2.0_f32.powi(-5), 0, false).requantize(1 << 27, 0),
            Some(127)
        );
    }
}
