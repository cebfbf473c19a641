//! Who runs the batches of a pass: each thread one at a time, or one batch by all threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Who runs the batches.
pub(super) enum Workers {
    /// A thread per batch in flight, each a pool of its own, so that nothing within a batch is split:
    /// as long as there are batches for all threads, splitting only costs time, and a thread that may
    /// wait for another must not have its work on its stack.
    OneBatchEach(Vec<ThreadPool>),
    /// All threads of the current pool for one batch after the other.
    AllForOneBatch,
}

impl Workers {
    /// The better choice for so many batches, with as many threads as the current pool has.
    pub(super) fn for_batches(count: usize) -> Self {
        let threads = rayon::current_num_threads().max(1);
        if count < threads {
            return Workers::AllForOneBatch;
        }
        let pools = (0..threads).map(|_| ThreadPoolBuilder::new().num_threads(1).build());
        match pools.collect() {
            Ok(pools) => Workers::OneBatchEach(pools),
            // A system that has no more threads to give.
            Err(_) => Workers::AllForOneBatch,
        }
    }

    /// Calls `work` for every batch number below `count`; the numbers are taken in order. Each worker
    /// has its own state, made by `state`; these are returned.
    ///
    /// # Errors
    /// That of the first batch in order that has one; later ones may then not be worked on.
    pub(super) fn for_each<S: Send, E: Send>(
        &self,
        count: usize,
        state: impl Fn() -> Result<S, E> + Sync,
        work: impl Fn(&mut S, usize) -> Result<(), E> + Sync,
    ) -> Result<Vec<S>, E> {
        let next = AtomicUsize::new(0);
        let failure: Mutex<Option<(usize, E)>> = Mutex::new(None);
        let fail = |batch, error| {
            next.store(count, Ordering::Relaxed);
            let mut first = failure.lock().unwrap_or_else(PoisonError::into_inner);
            if first.as_ref().is_none_or(|(earlier, _)| batch < *earlier) {
                *first = Some((batch, error));
            }
        };
        let worker = || {
            let mut own = state().map_err(|error| fail(0, error)).ok()?;
            loop {
                let batch = next.fetch_add(1, Ordering::Relaxed);
                if batch >= count {
                    return Some(own);
                }
                if let Err(error) = work(&mut own, batch) {
                    fail(batch, error);
                }
            }
        };
        let states: Vec<Option<S>> = match self {
            Workers::AllForOneBatch => vec![worker()],
            Workers::OneBatchEach(pools) => std::thread::scope(|scope| {
                let threads: Vec<_> = pools.iter().map(|pool| scope.spawn(|| pool.install(worker))).collect();
                let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
                    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                };
                threads.into_iter().map(join).collect()
            }),
        };
        match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some((_, error)) => Err(error),
            None => Ok(states.into_iter().flatten().collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workers(threads: usize, batches: usize) -> Workers {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Workers::for_batches(batches))
    }

    #[test]
    fn every_batch_is_worked_on_once() {
        for (threads, count) in [(1, 5), (3, 3), (3, 20), (4, 3), (2, 0)] {
            let states = workers(threads, count).for_each(
                count,
                || Ok::<_, ()>(Vec::new()),
                |seen, batch| {
                    seen.push(batch);
                    Ok(())
                },
            );
            let mut all = states.unwrap().concat();
            all.sort_unstable();
            assert_eq!(all, (0..count).collect::<Vec<_>>(), "{threads} threads");
        }
    }

    #[test]
    fn the_error_is_that_of_the_first_batch_that_has_one() {
        for threads in 1..4 {
            let work = |(): &mut (), batch: usize| if batch >= 5 { Err(batch) } else { Ok(()) };
            assert_eq!(workers(threads, 30).for_each(30, || Ok(()), work), Err(5));
        }
    }
}
