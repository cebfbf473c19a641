//! What quantizing to a window of bins costs, with an early end for windows that cannot be the best.

use super::Histogram;

/// A window of bins, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) left: usize,
    pub(super) right: usize,
}

/// What quantization costs: the integral of the squared distance to the nearest level, where the
/// values of a bin are spread evenly within it.
///
/// Bins left of the window cost nothing. The kernel numbers bins from the window's left end without a
/// sign, so that theirs are about 2^32; so far off, a bin begins and ends at the same f32 and its
/// integral is zero. They are left out here, and so are empty bins, whose cost is zero too.
pub(super) struct Losses<'a> {
    histogram: &'a Histogram,
    levels: u32,
    bounds: RightTail,
}

impl<'a> Losses<'a> {
    pub(super) fn new(histogram: &'a Histogram, num_bits: u32) -> Self {
        Self { histogram, levels: 1 << num_bits, bounds: RightTail::of(histogram) }
    }

    /// The width of a level.
    fn level(&self, window: Window) -> f32 {
        self.histogram.width() * (window.right - window.left + 1) as f32 / self.levels as f32
    }

    /// The loss of a window, unless it is above `limit` for certain.
    pub(super) fn of(&self, window: Window, limit: f32) -> Option<f32> {
        let level = self.level(window);
        if level < f32::EPSILON {
            return Some(0.0);
        }
        if self.bounds.at_least(window, level, self.levels) > f64::from(limit) {
            return None;
        }
        Some(self.exact(window, level))
    }

    fn exact(&self, window: Window, level: f32) -> f32 {
        let (width, last) = (self.histogram.width(), (self.levels - 1) as i32);
        let half = level / 2.0;
        let centre = |place: i32| place as f32 * level + half;
        let mut loss = 0.0_f32;
        let bins = self.histogram.counts().iter().skip(window.left).enumerate();
        for (bin, &count) in bins.filter(|(_, count)| **count > 0) {
            let begin = bin as f32 * width;
            let end = begin + width;
            let density = count as f32 / width;
            let place = |x: f32| ((x / level).floor() as i32).clamp(0, last);
            let (first, second) = (place(begin), place(end));
            let middle = centre(first);
            if first == second {
                loss += integral(begin - middle, end - middle, density);
            } else {
                loss += integral(begin - middle, half, density);
                loss += (second - first - 1) as f32 * integral(-half, half, density);
                loss += integral(-half, end - centre(second), density);
            }
        }
        loss
    }
}

/// The integral of density * x^2.
fn integral(begin: f32, end: f32, density: f32) -> f32 {
    let cube = |x: f32| {
        let x = f64::from(x);
        x * x * x
    };
    ((cube(end) - cube(begin)) / 3.0) as f32 * density
}

/// A lower bound of a window's loss, from what it clips on its right.
struct RightTail {
    /// For each bin count, sum and sum of squares of the bins from it on, in bins from the first.
    moments: Vec<[f64; 3]>,
    width: f64,
}

impl RightTail {
    fn of(histogram: &Histogram) -> Self {
        let mut sums = [0.0_f64; 3];
        let mut moments = vec![sums; histogram.counts().len() + 1];
        let bins = histogram.counts().iter().enumerate().rev();
        for (moments, (bin, &count)) in moments.iter_mut().rev().skip(1).zip(bins) {
            let (centre, count) = (bin as f64 + 0.5, f64::from(count));
            sums = [sums[0] + count, sums[1] + count * centre, sums[2] + count * centre * centre];
            *moments = sums;
        }
        Self { moments, width: f64::from(histogram.width()) }
    }

    /// The squared distances of the clipped values from the last level, less a hundredth for all
    /// that is rounded here and in the f32 sums.
    fn at_least(&self, window: Window, level: f32, levels: u32) -> f64 {
        let Some(&[count, sum, squares]) = self.moments.get(window.right + 1) else { return 0.0 };
        let last_level = (f64::from(levels) - 0.5) * f64::from(level) / self.width + window.left as f64;
        let distances = squares - 2.0 * last_level * sum + last_level * last_level * count;
        0.99 * distances * self.width * self.width
    }
}
