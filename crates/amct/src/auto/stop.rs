use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::AutoError;

/// A wish to end the search, from a signal handler or another thread. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks for the end. It comes after the batch at hand.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the end was asked for.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Ends a computation when the end was asked for.
    ///
    /// # Errors
    /// [`AutoError::Stopped`].
    pub fn check(&self) -> Result<(), AutoError> {
        if self.is_requested() { Err(AutoError::Stopped) } else { Ok(()) }
    }
}

/// A flag that a signal handler sets.
impl From<Arc<AtomicBool>> for Stop {
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }
}
