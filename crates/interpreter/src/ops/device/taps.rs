//! How many values are in each sum of an average pool.

use amct_tensor::{DataFormat, Tensor};

use crate::OpError;

/// The number for each place of a map; 1 for sums that are not to be averaged.
pub(super) struct Taps(Option<Map>);

struct Map {
    counts: Vec<i32>,
    /// Sums that lie side by side between two places, in one image's channels.
    channels: usize,
    /// Places of an image.
    places: usize,
    format: DataFormat,
}

impl Taps {
    /// Of sums of that shape, from the second output of the pool.
    pub(super) fn of(counts: Option<Tensor>, sums: &[usize], format: DataFormat) -> Result<Self, OpError> {
        let Some(counts) = counts else { return Ok(Self(None)) };
        let channels = sums.get(format.channel_axis(sums.len())).copied().unwrap_or(0).max(1);
        let (height, width) = format.spatial_axes();
        let places = [height, width].iter().map(|&axis| sums.get(axis).copied().unwrap_or(0)).product();
        if counts.len().checked_mul(channels) != Some(sums.iter().product()) {
            return Err(OpError::shape(format!("one count for each place of {sums:?}"), counts.shape()));
        }
        Ok(Self(Some(Map { counts: counts.into_vec()?, channels, places, format })))
    }

    /// The number of values in a sum.
    pub(super) fn at(&self, index: usize) -> i32 {
        let Some(Map { counts, channels, places, format }) = &self.0 else { return 1 };
        let place = match format {
            DataFormat::Nhwc => index / channels,
            DataFormat::Nchw => index / (channels * places).max(1) * places + index % (*places).max(1),
        };
        counts.get(place).copied().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two images of two places and three channels; counts 1, 2 and 3, 4.
    #[test]
    fn all_channels_of_a_place_have_its_count() {
        let of = |format, shape: &[usize]| {
            let counts = Tensor::vector(vec![1, 2, 3, 4]);
            let taps = Taps::of(Some(counts), shape, format).unwrap();
            (0..12).map(|index| taps.at(index)).collect::<Vec<_>>()
        };
        assert_eq!(of(DataFormat::Nhwc, &[2, 1, 2, 3]), [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]);
        assert_eq!(of(DataFormat::Nchw, &[2, 3, 1, 2]), [1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4]);
        let none = Taps::of(None, &[2, 2], DataFormat::Nhwc).unwrap();
        assert_eq!([none.at(0), none.at(3)], [1, 1]);
        assert!(Taps::of(Some(Tensor::vector(vec![1])), &[1, 1, 2, 3], DataFormat::Nhwc).is_err());
    }
}
