use maud::{Markup, html};

use super::axis::Axis;
use super::{at, figure};
use crate::Layer;
use crate::format::short;

/// The range of the weights of each output channel.
pub(crate) fn weights(layer: &Layer) -> Markup {
    let weights = &layer.weights;
    let low = weights.iter().map(|range| f64::from(range[0])).fold(0.0, f64::min);
    let high = weights.iter().map(|range| f64::from(range[1])).fold(0.0, f64::max);
    let y = Axis::new((low, high), (160.0, 8.0));
    let x = |channel: usize| 54.0 + 336.0 * (channel as f64 + 0.5) / weights.len().max(1) as f64;
    let lines: String = weights
        .iter()
        .enumerate()
        .map(|(channel, [low, high])| {
            let (low, high) = (y.place(f64::from(*low)), y.place(f64::from(*high)));
            format!("M{} {}V{}", at(x(channel)), at(low.max(high + 0.5)), at(high))
        })
        .collect();
    let stroke = (0.7 * 336.0 / weights.len().max(1) as f64).clamp(0.3, 6.0);
    let content = html! {
        (y.vertical((54.0, 390.0)))
        path.channels d=(lines) stroke-width=(at(stroke)) {}
        text.tick x="222" y="176" text-anchor="middle" { "output channels, 1 to " (weights.len()) }
    };
    let size = |range: &[f32; 2]| f64::from(range[0].abs().max(range[1].abs()));
    let sizes = weights.iter().map(size);
    let words = format!(
        "Smallest and largest weight of {} output channels; the largest magnitude of a channel is between {} and {}.",
        weights.len(),
        short(sizes.clone().fold(f64::INFINITY, f64::min)),
        short(sizes.fold(0.0, f64::max))
    );
    figure("small", "Weights per output channel", &words, (400.0, 184.0), &content)
}
