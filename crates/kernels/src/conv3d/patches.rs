//! What one output position sees, as a row of a matrix.

use super::Conv3dShape;
use crate::gemm::PatchProduct;
use crate::span::span;

/// Writes the patch of output `position` in the order (kd, kh, kw, ci). Values behind it are left
/// alone.
pub(super) fn fill<P: PatchProduct>(
    product: P,
    shape: &Conv3dShape,
    input: &[P::Element],
    position: usize,
    patch: &mut [P::Element],
) {
    let (depth, height, width) = (&shape.depth, &shape.height, &shape.width);
    let channels = shape.in_channels;
    let (line, x) = (position / width.output, position % width.output);
    let (plane, y) = (line / height.output, line % height.output);
    let (image, z) = (plane / depth.output, plane % depth.output);
    let line_len = width.input * channels;
    let row_len = width.kernel * channels;
    if row_len == 0 {
        return;
    }
    let (taps, first) = span(width, x);
    let mut rows = patch.chunks_exact_mut(row_len);
    for kd in 0..depth.kernel {
        for (kh, row) in (0..height.kernel).zip(&mut rows) {
            let Some((z, y)) = depth.source(z, kd).zip(height.source(y, kh)) else {
                row.fill(product.padding());
                continue;
            };
            let line = &input[((image * depth.input + z) * height.input + y) * line_len..][..line_len];
            row[..taps.start * channels].fill(product.padding());
            row[taps.end * channels..].fill(product.padding());
            // Taps of a dense window lie side by side: one long piece instead of many short ones.
            let (pieces, len) =
                if width.dilation == 1 { (1, taps.len() * channels) } else { (taps.len(), channels) };
            for index in 0..pieces {
                let from = &line[(first + index * width.dilation) * channels..];
                let to = &mut row[taps.start * channels + index * len..][..len];
                to.copy_from_slice(&from[..len]);
            }
        }
    }
}
