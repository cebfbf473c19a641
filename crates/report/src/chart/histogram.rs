//! The chart of a layer's input values, with the range of the integers.

use maud::{Markup, html};

use super::axis::Axis;
use super::{at, figure};
use crate::Layer;
use crate::format::short;

/// Where the input's values lie, with the range of the integers.
pub(crate) fn histogram(layer: &Layer) -> Markup {
    let (edges, counts) = &layer.histogram;
    let ends = (edges.first().copied().unwrap_or(0.0).into(), edges.last().copied().unwrap_or(1.0).into());
    let x = Axis::new(ends, (44.0, 390.0));
    let size = |count: u64| ((count + 1) as f64).log10();
    let highest = counts.iter().map(|&count| size(count)).fold(1.0, f64::max);
    let y = Axis::new((0.0, highest), (160.0, 8.0));
    let [low, high] = layer.codes.range.map(f64::from);
    let bars: String = edges
        .windows(2)
        .zip(counts)
        .filter(|(_, count)| **count > 0)
        .map(|(edge, &count)| {
            let (from, to) = (x.place(edge[0].into()), x.place(edge[1].into()));
            format!("M{} 160V{}H{}V160Z", at(from), at(y.place(size(count))), at(to))
        })
        .collect();
    let content = html! {
        rect.range x=(at(x.place(low))) y="8" width=(at(x.place(high) - x.place(low))) height="152" {}
        @for power in 0..=(highest.floor() as i32) {
            @let place = at(y.place(f64::from(power)));
            line.grid x1="44" x2="390" y1=(place) y2=(place) {}
            text.tick x="40" y=(place) text-anchor="end" dominant-baseline="middle" { "1e" (power) }
        }
        path.bar d=(bars) {}
        @for end in [low, high] {
            line.end x1=(at(x.place(end))) x2=(at(x.place(end))) y1="8" y2="160" {}
        }
        (x.horizontal(160.0))
    };
    let words = format!(
        "Values of the input, counts on a logarithmic scale, from {} to {}; the integers reach from {} to {}.",
        short(layer.codes.min.into()),
        short(layer.codes.max.into()),
        short(low),
        short(high)
    );
    figure("small", "Input and chosen range", &words, (400.0, 184.0), &content)
}
