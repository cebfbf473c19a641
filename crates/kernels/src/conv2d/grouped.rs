//! Group convolutions: each group's channels are copied together and convolved for themselves.

use std::ops::Range;

use super::{Conv2dShape, conv2d_f32, conv2d_i8};
use crate::gemm::{PackedF32, PackedI8};
use crate::{Epilogue, I32Epilogue, KernelError, Norm, OutputSlice, lengths};

/// Convolves each of `groups` segments of the input channels with its own segment of the output channels. `shape`
/// has the channels of all groups, `filter` the rows of one group and the columns of all.
///
/// # Errors
/// [`KernelError::Groups`] if the channels cannot be shared out evenly; as [`conv2d_f32`].
pub fn conv2d_grouped_f32(
    input: &[f32],
    shape: &Conv2dShape,
    groups: usize,
    filter: &PackedF32,
    epilogue: Epilogue<'_>,
    output: &mut [f32],
) -> Result<(), KernelError> {
    if groups == 1 {
        return conv2d_f32(input, shape, filter, epilogue, output);
    }
    lengths::expect_epilogue(&epilogue, shape.out_channels)?;
    each_group(shape, groups, (filter.k(), filter.n()), input, output, |group, columns, input, output| {
        let own = |values: &'_ [f32]| values.get(columns.clone()).unwrap_or_default().to_vec();
        let bias = epilogue.bias.map(own);
        let norm = epilogue.norm.map(|norm| [norm.mean, norm.factor, norm.offset].map(own));
        let norm = norm.as_ref().map(|[mean, factor, offset]| Norm { mean, factor, offset });
        let epilogue = Epilogue { bias: bias.as_deref(), norm, ..epilogue };
        conv2d_f32(input, group, &filter.select(columns)?, epilogue, output)
    })
}

/// [`conv2d_grouped_f32`] on int8, into exact i32 sums of `(q - zero_offset) * w`, then what `epilogue` says.
///
/// # Errors
/// As [`conv2d_grouped_f32`]; [`KernelError::ZeroOffset`] if the offset is not an int8,
/// [`KernelError::Output`] if `output` is not of the type that `epilogue` leads to.
pub fn conv2d_grouped_i8(
    input: &[i8],
    zero_offset: i32,
    shape: &Conv2dShape,
    groups: usize,
    filter: &PackedI8,
    epilogue: &I32Epilogue,
    output: OutputSlice<'_>,
) -> Result<(), KernelError> {
    if groups == 1 {
        return conv2d_i8(input, zero_offset, shape, filter, epilogue, output);
    }
    let mut sums = vec![0; output.len()];
    let packed = (filter.k(), filter.n());
    each_group(shape, groups, packed, input, &mut sums, |group, columns, input, sums| {
        let plain = I32Epilogue::new(columns.len(), filter.limit());
        let filter = filter.select(columns)?;
        conv2d_i8(input, zero_offset, group, &filter, &plain, OutputSlice::I32(sums))
    })?;
    epilogue.apply(&sums, output)
}

/// Copies each group's channels together, convolves them and lays the result among the others'.
fn each_group<V: Copy + Default, S: Copy + Default>(
    shape: &Conv2dShape,
    groups: usize,
    packed: (usize, usize),
    input: &[V],
    output: &mut [S],
    convolve: impl Fn(&Conv2dShape, Range<usize>, &[V], &mut [S]) -> Result<(), KernelError>,
) -> Result<(), KernelError> {
    let (cin, cout) = (shape.in_channels, shape.out_channels);
    if groups == 0 || !cin.is_multiple_of(groups) || !cout.is_multiple_of(groups) {
        return Err(KernelError::Groups { channels: (cin, cout), groups });
    }
    let group = Conv2dShape { in_channels: cin / groups, out_channels: cout / groups, ..*shape };
    let expected = (group.depth()?, cout);
    if packed != expected {
        return Err(KernelError::Packed { found: packed, expected });
    }
    shape.expect_slices(input.len(), output.len())?;
    let mut own_input = vec![V::default(); group.input_len()?];
    let mut own_output = vec![S::default(); group.output_len()?];
    for index in 0..groups {
        let (from, to) = (index * group.in_channels, index * group.out_channels);
        let pixels = own_input.chunks_exact_mut(group.in_channels.max(1)).zip(input.chunks_exact(cin.max(1)));
        for (own, all) in pixels {
            own.copy_from_slice(&all[from..from + group.in_channels]);
        }
        // What the output holds, for a convolution that adds to it.
        let pixels =
            own_output.chunks_exact_mut(group.out_channels.max(1)).zip(output.chunks_exact(cout.max(1)));
        for (own, all) in pixels {
            own.copy_from_slice(&all[to..to + group.out_channels]);
        }
        convolve(&group, to..to + group.out_channels, &own_input, &mut own_output)?;
        let pixels =
            output.chunks_exact_mut(cout.max(1)).zip(own_output.chunks_exact(group.out_channels.max(1)));
        for (all, own) in pixels {
            all[to..to + group.out_channels].copy_from_slice(own);
        }
    }
    Ok(())
}
