//! What cannot happen, as an error: a fault of the program, and not of what it was given.

use std::fmt;

/// A state that the program should never be in. Made by [`internal!`](crate::internal), which stops a test
/// or a debug build at the place; in a release build it is an error like others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Internal {
    what: String,
    place: &'static str,
}

impl Internal {
    /// What was found, and the place in the code where it was.
    pub fn new(what: impl Into<String>, place: &'static str) -> Self {
        Self { what: what.into(), place }
    }
}

impl fmt::Display for Internal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "internal error: {} ({}); this is a fault of amct, please report it with the model",
            self.what, self.place
        )
    }
}

impl std::error::Error for Internal {}

/// An [`Internal`] error with this text. Tests and debug builds panic here instead.
///
/// ```should_panic
/// # fn slot(slots: &[u8], index: usize) -> Result<u8, amct_tensor::Internal> {
/// slots.get(index).copied().ok_or_else(|| amct_tensor::internal!("slot {index} of {}", slots.len()))
/// # }
/// # // A release build of this example would not panic by itself.
/// # slot(&[], 3).unwrap();
/// ```
#[macro_export]
macro_rules! internal {
    ($($text:tt)+) => {{
        let fault = $crate::Internal::new(format!($($text)+), concat!(file!(), ":", line!()));
        assert!(!cfg!(any(test, debug_assertions)), "{fault}");
        fault
    }};
}

#[cfg(test)]
mod tests {
    #[test]
    #[should_panic(expected = "internal error: slot 3 is empty (crates/tensor/src/internal.rs:")]
    fn a_test_stops_where_the_impossible_is_met() {
        let slot = 3;
        let _ = internal!("slot {slot} is empty");
    }
}
