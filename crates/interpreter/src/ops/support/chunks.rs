//! A loop over the parts of a buffer, in parallel.

use rayon::prelude::*;

/// Calls `body` for each `chunk` elements of `data` with the index of the first, in parallel if there are several.
///
/// Not generic over `body`: a parallel loop is long, and compiling it for each function took longer than all else. A
/// call through a pointer costs nothing beside a chunk.
pub(in crate::ops) fn for_each_chunk<T: Send>(
    data: &mut [T],
    chunk: usize,
    body: &(dyn Fn(usize, &mut [T]) + Sync),
) {
    let chunk = chunk.max(1);
    if data.len() <= chunk {
        body(0, data);
    } else if amct_kernels::threads() == 1 {
        data.chunks_mut(chunk).enumerate().for_each(|(index, part)| body(index * chunk, part));
    } else {
        data.par_chunks_mut(chunk).enumerate().for_each(|(index, part)| body(index * chunk, part));
    }
}
