//! An axis with round numbers.

use maud::{Markup, html};

use super::at;
use crate::format::short;

/// Values to places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// `low` is at `from`, `high` at `to`.
    pub(super) fn new((low, high): (f64, f64), (from, to): (f64, f64)) -> Self {
        let is_usable = low.is_finite() && high.is_finite() && high > low;
        let (low, high) = if is_usable { (low, high) } else { (0.0, 1.0) };
        Self { low, high, from, to }
    }

    /// The place of a value; those outside are at the ends.
    pub(super) fn place(&self, value: f64) -> f64 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.from + share * (self.to - self.from)
    }

    /// About `count` round values within the axis.
    pub(super) fn ticks(&self, count: usize) -> Vec<f64> {
        let rough = (self.high - self.low) / count.max(1) as f64;
        let size = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * size).find(|step| *step >= rough);
        let step = step.unwrap_or(10.0 * size);
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step).floor() as i64;
        (first..=last).map(|n| n as f64 * step).collect()
    }

    /// Lines and numbers of a vertical axis, across the chart from `left` to `right`.
    pub(super) fn vertical(&self, (left, right): (f64, f64)) -> Markup {
        html! {
            @for tick in self.ticks(5) {
                @let y = at(self.place(tick));
                line.grid x1=(at(left)) x2=(at(right)) y1=(y) y2=(y) {}
                text.tick x=(at(left - 4.0)) y=(y) text-anchor="end" dominant-baseline="middle" { (label(tick)) }
            }
        }
    }

    /// Numbers of a horizontal axis below `y`.
    pub(super) fn horizontal(&self, y: f64) -> Markup {
        html! {
            @for tick in self.ticks(5) {
                @let x = at(self.place(tick));
                line.grid x1=(x) x2=(x) y1=(at(y)) y2=(at(y + 4.0)) {}
                text.tick x=(x) y=(at(y + 15.0)) text-anchor="middle" { (label(tick)) }
            }
        }
    }
}

fn label(tick: f64) -> String {
    if tick.fract() == 0.0 && tick.abs() < 1e5 {
        return format!("{tick}");
    }
    let text = short(tick);
    let (digits, power) =
        text.split_once('e').map_or((text.as_str(), None), |(digits, power)| (digits, Some(power)));
    let digits =
        if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    power.map_or_else(|| digits.to_owned(), |power| format!("{digits}e{power}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let ticks = |low, high| Axis::new((low, high), (0.0, 1.0)).ticks(5);
        assert_eq!(ticks(0.0, 50.0), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
        assert_eq!(ticks(-1.3, 1.1), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        assert_eq!(Axis::new((3.0, 3.0), (0.0, 1.0)).ticks(2), [0.0, 0.5, 1.0]);
    }

    #[test]
    fn places_stay_on_the_axis() {
        let axis = Axis::new((0.0, 10.0), (100.0, 0.0));
        assert_eq!([-5.0, 0.0, 2.5, 10.0, 99.0].map(|x| axis.place(x)), [100.0, 100.0, 75.0, 0.0, 0.0]);
        assert_eq!((label(0.5), label(20.0), label(1e-7)), ("0.5".into(), "20".into(), "1e-7".into()));
    }
}
