//! The list of taps of a pixel that lie inside the image, kept while neighbours have the same.

use std::ops::Range;

use super::DepthwiseShape;

/// Where one tap reads, in values: `source` from the pixel's first tap on, `weight` in the filter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tap {
    pub(super) source: usize,
    pub(super) weight: usize,
}

/// The taps of a pixel that lie inside the image, in the order (kh, kw).
#[derive(Debug, Default)]
pub(super) struct Taps {
    kw: Range<usize>,
    list: Vec<Tap>,
}

impl Taps {
    /// Lists the taps of a pixel with rows `kh` and columns `kw` inside the image. Successive
    /// pixels mostly have the same.
    pub(super) fn update(&mut self, shape: &DepthwiseShape, kh: &Range<usize>, kw: Range<usize>) {
        if !self.list.is_empty() && self.kw == kw {
            return;
        }
        let (height, width) = (&shape.height, &shape.width);
        self.list.clear();
        for (i, kh) in kh.clone().enumerate() {
            for (j, kw) in kw.clone().enumerate() {
                let pixels = i * height.dilation * width.input + j * width.dilation;
                self.list.push(Tap {
                    source: pixels * shape.channels,
                    weight: (kh * width.kernel + kw) * shape.channels * shape.multiplier,
                });
            }
        }
        self.kw = kw;
    }

    /// Forgets the taps, as `kh` is about to change.
    pub(super) fn clear(&mut self) {
        self.list.clear();
    }

    pub(super) fn list(&self) -> &[Tap] {
        &self.list
    }
}
