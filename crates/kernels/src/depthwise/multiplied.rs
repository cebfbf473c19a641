//! One line of output for a multiplier other than 1, channel by channel.

use super::DepthwiseShape;
use super::taps::Taps;
use crate::span::span;

/// Computes line `index`, counted over the whole batch: sums from the default by
/// `add(value, weight, sum)`, then `finish(sum, channel, what the output holds)`.
#[allow(clippy::too_many_arguments, reason = "the parts of one convolution")]
pub(super) fn line<V: Copy, S: Copy + Default, O: Copy>(
    shape: &DepthwiseShape,
    input: &[V],
    filter: &[V],
    taps: &mut Taps,
    index: usize,
    output: &mut [O],
    add: impl Fn(V, V, S) -> S,
    finish: impl Fn(S, usize, O) -> O,
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
        for (channel, output) in output.iter_mut().enumerate() {
            let source = channel / shape.multiplier;
            let sum = taps.list().iter().fold(S::default(), |sum, tap| {
                add(input[tap.source + source], filter[tap.weight + channel], sum)
            });
            *output = finish(sum, channel, *output);
        }
    }
}
