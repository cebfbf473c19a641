//! One line of the output, phase by phase.

use super::{Conv2dTransposeShape, TransposeFilter};
use crate::gemm::{PatchProduct, ROW_BLOCK};

/// Working memory of a task.
pub(super) struct Scratch<P: PatchProduct> {
    patches: Vec<P::Element>,
    sums: Vec<P::Output>,
}

impl<P: PatchProduct> Default for Scratch<P> {
    fn default() -> Self {
        Self { patches: Vec::new(), sums: Vec::new() }
    }
}

/// Writes line `index` (image * height + y) of the output.
pub(super) fn line<P: PatchProduct>(
    product: P,
    shape: &Conv2dTransposeShape,
    input: &[P::Element],
    filter: &TransposeFilter<P::Packed>,
    scratch: &mut Scratch<P>,
    index: usize,
    output: &mut [P::Output],
) {
    let (height, width, n) = (&shape.height, &shape.width, shape.out_channels);
    let (image, y) = (index / height.input, index % height.input + height.pad_before);
    let row = filter.rows().find(y);
    for start in 0..width.stride.min(width.input) {
        let column = filter.columns().find(start + width.pad_before);
        let (packed, kh, kw) = filter.phase(row, column);
        let stride = P::stride(packed);
        let positions: Vec<usize> = (start..width.input).step_by(width.stride).collect();
        for positions in positions.chunks(ROW_BLOCK) {
            scratch.patches.clear();
            scratch.patches.resize(positions.len() * stride, product.padding());
            if stride > 0 {
                for (&x, patch) in positions.iter().zip(scratch.patches.chunks_exact_mut(stride)) {
                    let position = (image, y, x + width.pad_before);
                    gather::<P>(shape, input, filter, position, (kh, kw), patch);
                }
            }
            scratch.sums.resize(positions.len() * n, P::Output::default());
            // What the output holds, for a product that adds to it.
            for (&x, sums) in positions.iter().zip(scratch.sums.chunks_exact_mut(n)) {
                sums.copy_from_slice(&output[x * n..][..n]);
            }
            product.multiply_rows(packed, &scratch.patches, &mut scratch.sums);
            for (&x, sums) in positions.iter().zip(scratch.sums.chunks_exact(n)) {
                output[x * n..][..n].copy_from_slice(sums);
            }
        }
    }
}

/// Writes what the taps of one padded output position read, in the order (kh, kw, ci), over padding.
#[inline]
fn gather<P: PatchProduct>(
    shape: &Conv2dTransposeShape,
    input: &[P::Element],
    filter: &TransposeFilter<P::Packed>,
    (image, y, x): (usize, usize, usize),
    (kh, kw): (&[usize], &[usize]),
    patch: &mut [P::Element],
) {
    let channels = shape.in_channels;
    for (kh, row) in kh.iter().zip(patch.chunks_exact_mut((kw.len() * channels).max(1))) {
        let source = filter.rows().source(y, *kh).filter(|&y| y < shape.height.output);
        let Some(y) = source else { continue };
        let line = (image * shape.height.output + y) * shape.width.output;
        for (kw, to) in kw.iter().zip(row.chunks_exact_mut(channels.max(1))) {
            let source = filter.columns().source(x, *kw).filter(|&x| x < shape.width.output);
            let Some(x) = source else { continue };
            let from = &input[(line + x) * channels..][..channels];
            to.copy_from_slice(from);
        }
    }
}
