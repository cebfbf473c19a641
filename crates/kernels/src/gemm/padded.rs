//! Values per channel that go on to the end of a vector, so that a kernel may load whole ones.

use std::borrow::Cow;

use crate::{Activation, Epilogue, KernelError, lengths};

/// The most lanes of a vector.
pub(super) const WIDEST: usize = 16;

/// Elements that may lie behind the last column.
pub(super) const PADDING: usize = 64;

/// An [`Epilogue`] whose values per channel go on to the end of the last channel's vector.
#[derive(Clone, Debug)]
pub(crate) struct PaddedEpilogue<'a> {
    pub(super) bias: Option<Cow<'a, [f32]>>,
    /// Mean, factor and offset.
    pub(super) norm: Option<[Cow<'a, [f32]>; 3]>,
    pub(super) activation: Activation,
    pub(super) accumulate: bool,
}

impl<'a> PaddedEpilogue<'a> {
    /// # Errors
    /// [`KernelError::Length`] if bias or norm are not of `channels` values.
    pub(crate) fn new(epilogue: Epilogue<'a>, channels: usize) -> Result<Self, KernelError> {
        lengths::expect_epilogue(&epilogue, channels)?;
        let padded = |values: &'a [f32]| {
            if channels.is_multiple_of(WIDEST) {
                return Cow::Borrowed(values);
            }
            let mut padded = vec![0.0; channels + PADDING];
            padded[..channels].copy_from_slice(values);
            Cow::Owned(padded)
        };
        Ok(Self {
            bias: epilogue.bias.map(padded),
            norm: epilogue.norm.map(|norm| [norm.mean, norm.factor, norm.offset].map(padded)),
            activation: epilogue.activation,
            accumulate: epilogue.accumulate,
        })
    }
}
