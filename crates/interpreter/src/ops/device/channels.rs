//! Which channel an element of a tensor belongs to.

use amct_tensor::DataFormat;

use crate::OpError;

/// The elements of a tensor that lie side by side in one channel.
#[derive(Clone, Copy)]
pub(super) struct Channels {
    inner: usize,
    count: usize,
}

impl Channels {
    /// For `count` scales: one for all, or one per channel.
    pub(super) fn of(shape: &[usize], format: DataFormat, count: usize) -> Result<Self, OpError> {
        if count == 1 {
            return Ok(Self { inner: 1, count: 1 });
        }
        let axis = format.channel_axis(shape.len());
        if shape.get(axis) != Some(&count) || count == 0 {
            return Err(OpError::shape(format!("an input with {count} channels, one per deq_scale"), shape));
        }
        let inner: usize = shape.iter().skip(axis + 1).product();
        Ok(Self { inner: inner.max(1), count })
    }

    /// The channel of an element.
    pub(super) fn at(self, index: usize) -> usize {
        index / self.inner % self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_come_last_or_second() {
        let of = |format, count| Channels::of(&[1, 2, 1, 3], format, count);
        let found = |channels: Channels| (0..6).map(|index| channels.at(index)).collect::<Vec<_>>();
        assert_eq!(found(of(DataFormat::Nhwc, 3).unwrap()), [0, 1, 2, 0, 1, 2]);
        assert_eq!(found(of(DataFormat::Nchw, 2).unwrap()), [0, 0, 0, 1, 1, 1]);
        assert_eq!(found(of(DataFormat::Nhwc, 1).unwrap()), [0; 6]);
        assert!(of(DataFormat::Nhwc, 2).is_err() && of(DataFormat::Nhwc, 0).is_err());
    }
}
