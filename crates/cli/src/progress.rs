//! Progress bars, drawn on a terminal only.

use std::sync::{Mutex, PoisonError};

use amct_calibration::{Phase, Progress};
use indicatif::{ProgressBar, ProgressStyle};

static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

fn bar() -> std::sync::MutexGuard<'static, Option<ProgressBar>> {
    BAR.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Draws how far calibration has come. indicatif hides the bar where stderr is no terminal.
pub(crate) fn calibration(progress: Progress) {
    let mut bar = bar();
    // Ranges and scales have one bar, since they always come together.
    let (message, start, length) = match progress.phase {
        Phase::Balance => ("balancing       ", 0, progress.total),
        Phase::Range => ("finding ranges  ", 0, 2 * progress.total),
        Phase::Search => ("searching scales", progress.total, 2 * progress.total),
        Phase::Shift => ("searching shifts", 0, progress.total),
        _ => ("calibrating     ", 0, progress.total),
    };
    let shown = bar.get_or_insert_with(|| {
        let bar = ProgressBar::new(length as u64);
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} batches, {eta} left") {
            bar.set_style(style);
        }
        bar
    });
    shown.set_message(message);
    shown.set_position((start + progress.done) as u64);
    if start + progress.done == length {
        shown.finish_and_clear();
        *bar = None;
    }
}

/// Does something that writes to stderr while no bar is drawn.
pub(crate) fn suspended<T>(write: impl FnOnce() -> T) -> T {
    let current = bar().clone();
    match current {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}
