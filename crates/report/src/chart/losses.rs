//! The chart of what clipping a layer's input at other ends would cost.

use maud::{Markup, html};

use super::axis::Axis;
use super::{at, figure};
use crate::Layer;
use crate::format::short;

/// The loss of clipping the input at different ends.
pub(crate) fn losses(layer: &Layer) -> Markup {
    let points: Vec<(f64, f64)> =
        layer.losses.points.iter().copied().filter(|(_, loss)| loss.is_finite()).collect();
    let range = |of: &dyn Fn(&(f64, f64)) -> f64| {
        let ends = (f64::INFINITY, f64::NEG_INFINITY);
        points.iter().map(of).fold(ends, |(low, high), value| (low.min(value), high.max(value)))
    };
    let (clips, values) = (range(&|point| point.0), range(&|point| point.1));
    let x = Axis::new(clips, (54.0, 390.0));
    let y = Axis::new((0.0, values.1), (160.0, 8.0));
    let line: Vec<String> =
        points.iter().map(|(clip, loss)| format!("{},{}", at(x.place(*clip)), at(y.place(*loss)))).collect();
    let chosen = f64::from(layer.codes.range[1]);
    let best = points.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    let content = html! {
        (y.vertical((54.0, 390.0)))
        polyline.curve points=(line.join(" ")) {}
        @if (clips.0..=clips.1).contains(&chosen) {
            line.end x1=(at(x.place(chosen))) x2=(at(x.place(chosen))) y1="8" y2="160" {}
        }
        (x.horizontal(160.0))
    };
    let title = if layer.losses.exact {
        "IFMR's loss by the upper end of the range"
    } else {
        "Loss by the upper end of the range, estimated from the histogram"
    };
    let words = match best {
        Some((clip, loss)) => format!(
            "Mean squared error of quantizing the input for {} upper ends from {} to {}; the least is {} at {}. \
             Chosen: {}.",
            points.len(),
            short(clips.0),
            short(clips.1),
            short(*loss),
            short(*clip),
            short(chosen)
        ),
        None => "No losses are known.".to_owned(),
    };
    figure("small", title, &words, (400.0, 184.0), &content)
}
