//! Splitting an output over threads. Each chunk has one writer, so the split cannot change a bit.

use rayon::prelude::*;

/// Multiply-adds (or elements, of cheaper kernels) that pay for handing work to another thread.
const MIN_TASK_WORK: usize = 1 << 17;

/// Calls `body(scratch, index, chunk)` for each `chunk_len` elements of `out`, the last chunk being
/// what is left. `work` is the cost of the whole output, `scratch` makes a task's working memory.
pub(crate) fn for_each_chunk<T: Send, S>(
    out: &mut [T],
    chunk_len: usize,
    work: usize,
    scratch: impl Fn() -> S + Sync + Send,
    body: impl Fn(&mut S, usize, &mut [T]) + Sync + Send,
) {
    if out.is_empty() || chunk_len == 0 {
        return;
    }
    let chunks = out.len().div_ceil(chunk_len);
    let tasks = (work / MIN_TASK_WORK).min(chunks);
    if tasks < 2 || rayon::current_num_threads() == 1 {
        let mut scratch = scratch();
        for (index, chunk) in out.chunks_mut(chunk_len).enumerate() {
            body(&mut scratch, index, chunk);
        }
    } else {
        out.par_chunks_mut(chunk_len)
            .enumerate()
            .with_min_len(chunks / tasks)
            .for_each_init(scratch, |scratch, (index, chunk)| body(scratch, index, chunk));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indices(len: usize, chunk: usize, work: usize) -> Vec<usize> {
        let mut out = vec![usize::MAX; len];
        for_each_chunk(&mut out, chunk, work, || (), |(), index, chunk| chunk.fill(index));
        out
    }

    #[test]
    fn every_chunk_is_visited_once_with_its_index() {
        for work in [0, usize::MAX] {
            for (len, chunk) in [(0, 4), (3, 4), (4, 4), (1001, 7)] {
                let expected: Vec<usize> = (0..len).map(|i| i / chunk).collect();
                assert_eq!(indices(len, chunk, work), expected, "{len} in {chunk}s, work {work}");
            }
        }
    }
}
