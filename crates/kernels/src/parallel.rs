//! Splitting an output over threads. Each element has one writer, so the split cannot change a bit.
#![allow(unsafe_code, reason = "tasks that write interleaved elements share one pointer")]

use std::cell::Cell;
use std::marker::PhantomData;
use std::ops::Range;

use rayon::prelude::*;

/// Multiply-adds of floats (or elements, of cheaper kernels) that pay for handing work to another
/// thread: some ten microseconds.
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
    let len = out.len();
    let out = Shared::new(out);
    for_each_range(len.div_ceil(chunk_len), tasks(work), |chunks| {
        let mut scratch = scratch();
        for index in chunks {
            let first = index * chunk_len;
            let chunk_len = chunk_len.min(len - first);
            // SAFETY: these elements exist, and no other chunk has one of them.
            let chunk = unsafe { std::slice::from_raw_parts_mut(out.as_mut_ptr().add(first), chunk_len) };
            apart(&body, &mut scratch, index, chunk);
        }
    });
}

/// Calls `body`. As an argument, and not as a pointer, the chunk is known to overlap nothing, so the loops over it
/// are vectorised.
#[inline(never)]
fn apart<T, S>(body: &impl Fn(&mut S, usize, &mut [T]), scratch: &mut S, index: usize, chunk: &mut [T]) {
    body(scratch, index, chunk);
}

thread_local! {
    /// Whether this thread must not hand work to others.
    static SEQUENTIAL: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` with all kernels that it calls on this thread alone: the caller has divided the work
/// already.
pub fn sequentially<T>(work: impl FnOnce() -> T) -> T {
    /// Restores what was before, also if `work` panics.
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            SEQUENTIAL.set(self.0);
        }
    }
    let _restore = Restore(SEQUENTIAL.replace(true));
    work()
}

/// The threads that work may be divided among: 1 inside [`sequentially`].
pub fn threads() -> usize {
    if SEQUENTIAL.get() { 1 } else { rayon::current_num_threads() }
}

/// Tasks worth making of so much work.
pub(crate) fn tasks(work: usize) -> usize {
    // More tasks than threads let one that was held up be helped by the others.
    let most = match threads() {
        1 => 1,
        threads => 2 * threads,
    };
    (work / MIN_TASK_WORK).clamp(1, most)
}

/// Calls `body` with up to `tasks` ranges of nearly equal length that cover `0..len`.
pub(crate) fn for_each_range(len: usize, tasks: usize, body: impl Fn(Range<usize>) + Sync + Send) {
    let tasks = tasks.min(len);
    if tasks < 2 {
        return body(0..len);
    }
    spread(tasks, &|task| body(len * task / tasks..len * (task + 1) / tasks));
}

/// Compiled once for all kernels: rayon's splitting and stealing are much code.
fn spread(tasks: usize, body: &(dyn Fn(usize) + Sync)) {
    (0..tasks).into_par_iter().for_each(body);
}

/// A slice whose elements are written by several tasks, each its own.
pub(crate) struct Shared<'a, T> {
    first: *mut T,
    borrow: PhantomData<&'a mut [T]>,
}

// SAFETY: it only hands out a pointer; those who write through it see to it that no element has two
// writers, and `T` may be sent to them.
unsafe impl<T: Send> Sync for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    pub(crate) fn new(slice: &'a mut [T]) -> Self {
        Self { first: slice.as_mut_ptr(), borrow: PhantomData }
    }

    /// The first element.
    pub(crate) fn as_mut_ptr(&self) -> *mut T {
        self.first
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

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

    #[test]
    fn work_inside_sequentially_is_one_task() {
        assert_eq!(sequentially(|| (threads(), tasks(usize::MAX))), (1, 1));
        assert_eq!(threads(), rayon::current_num_threads());
    }

    #[test]
    fn ranges_cover_everything_once() {
        for (len, tasks) in [(0, 3), (1, 3), (7, 3), (100, 8), (5, 0)] {
            let seen = Mutex::new(vec![0; len]);
            for_each_range(len, tasks, |range| seen.lock().unwrap()[range].iter_mut().for_each(|n| *n += 1));
            assert_eq!(seen.into_inner().unwrap(), vec![1; len], "{len} by {tasks}");
        }
    }
}
