//! Changes that batches make in their order, whichever thread runs them.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::CalibrationError;

/// Something that batches change in order, whichever thread runs them.
///
/// A thread waits for its turn. So threads follow each other through the graph, one activation apart,
/// and an activation is used where it is in the cache, instead of being kept.
pub(super) struct Turns<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    value: T,
    /// The batch whose turn it is.
    next: usize,
    stopped: bool,
}

/// A turn that never comes, because an earlier batch failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stopped;

impl From<Stopped> for CalibrationError {
    fn from(_: Stopped) -> Self {
        CalibrationError::Stopped
    }
}

impl<T> Turns<T> {
    /// It is the turn of batch 0.
    pub(super) fn new(value: T) -> Self {
        Self { state: Mutex::new(State { value, next: 0, stopped: false }), changed: Condvar::new() }
    }

    /// Waits for a batch's turn, lets it change the value, and passes the turn on.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) fn take(&self, batch: usize, change: impl FnOnce(&mut T)) -> Result<(), Stopped> {
        let mut state = self.state();
        while state.next < batch && !state.stopped {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.stopped {
            return Err(Stopped);
        }
        change(&mut state.value);
        state.next = batch + 1;
        self.changed.notify_all();
        Ok(())
    }

    /// Passes a batch's turn on if it has not taken it.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(super) fn pass(&self, batch: usize) -> Result<(), Stopped> {
        let taken = self.state().next > batch;
        if taken { Ok(()) } else { self.take(batch, |_| ()) }
    }

    /// Ends all waiting, now and later.
    pub(super) fn stop(&self) {
        self.state().stopped = true;
        self.changed.notify_all();
    }

    /// The value.
    pub(super) fn into_inner(self) -> T {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).value
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_take_turns_in_order_whoever_comes_first() {
        let turns = Turns::new(Vec::new());
        std::thread::scope(|scope| {
            for batch in [3, 0, 4, 1] {
                let turns = &turns;
                scope.spawn(move || turns.take(batch, |seen| seen.push(batch)));
            }
            scope.spawn(|| turns.pass(2));
        });
        assert_eq!(turns.into_inner(), [0, 1, 3, 4]);
    }

    #[test]
    fn nobody_waits_for_a_batch_that_failed() {
        let turns = Turns::new(());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| turns.take(1, |()| ()));
            turns.stop();
            assert_eq!(waiting.join().unwrap(), Err(Stopped));
        });
        assert_eq!(turns.pass(2), Err(Stopped));
    }
}
