//! One line of output, pixel by pixel.

use super::DepthwiseShape;
use super::products::Products;
use super::taps::Taps;
use crate::Isa;
use crate::span::span;

/// What the channels of one output pixel are made from.
pub(super) struct Pixel<'a, V> {
    pub(super) taps: &'a Taps,
    /// From the first value that a tap reads.
    pub(super) input: &'a [V],
    pub(super) filter: &'a [V],
    pub(super) multiplier: usize,
}

/// Computes line `index`, counted over the whole batch.
pub(super) fn line<P: Products>(
    (isa, products): (Isa, P),
    shape: &DepthwiseShape,
    input: &[P::Value],
    filter: &[P::Value],
    taps: &mut Taps,
    index: usize,
    output: &mut [P::Sum],
) {
    let (height, width) = (&shape.height, &shape.width);
    let (image, y) = (index / height.output, index % height.output);
    let (kh, top) = span(height, y);
    taps.clear();
    for (x, output) in output.chunks_exact_mut(shape.channels * shape.multiplier).enumerate() {
        let (kw, left) = span(width, x);
        taps.update(shape, &kh, kw);
        let source = (image * height.input + top) * width.input + left;
        let input = &input[source * shape.channels..];
        products.pixel(isa, &Pixel { taps, input, filter, multiplier: shape.multiplier }, output);
    }
}

/// All channels of a pixel, on any CPU.
pub(super) fn generic<P: Products>(products: P, pixel: &Pixel<'_, P::Value>, output: &mut [P::Sum]) {
    const LANES: usize = 8;
    let mut first = 0;
    if pixel.multiplier == 1 {
        while output.len() - first >= LANES {
            channels::<P, LANES>(products, pixel, first, output);
            first += LANES;
        }
    }
    for first in first..output.len() {
        channels::<P, 1>(products, pixel, first, output);
    }
}

/// `LANES` channels from `first` on. More than one need a multiplier of 1.
fn channels<P: Products, const LANES: usize>(
    products: P,
    pixel: &Pixel<'_, P::Value>,
    first: usize,
    output: &mut [P::Sum],
) {
    let mut sums = [P::Sum::default(); LANES];
    let source = first / pixel.multiplier;
    for tap in pixel.taps.list() {
        let values = &pixel.input[tap.source + source..][..LANES];
        let weights = &pixel.filter[tap.weight + first..][..LANES];
        for ((sum, &value), &weight) in sums.iter_mut().zip(values).zip(weights) {
            *sum = products.add(value, weight, *sum);
        }
    }
    for (lane, (out, sum)) in output[first..].iter_mut().zip(sums).enumerate() {
        *out = products.finish(sum, first + lane);
    }
}
