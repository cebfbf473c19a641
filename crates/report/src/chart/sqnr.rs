//! The chart of every layer's signal to noise, in the order of the graph.

use maud::{Markup, html};

use super::axis::Axis;
use super::{at, figure};
use crate::Layer;
use crate::format::decibels;

/// Signal to noise of every layer in the order of the graph: all its error as a bar, its own as a dot.
pub(crate) fn sqnr(layers: &[Layer]) -> Markup {
    let total = |layer: &Layer| layer.errors.map(|errors| errors.sqnr_db);
    let own = |layer: &Layer| layer.split.as_ref().ok().map(|split| split.own.sqnr_db);
    let finite = layers.iter().flat_map(|layer| [total(layer), own(layer)]).flatten();
    let highest = finite.filter(|value| value.is_finite()).fold(10.0, f64::max);
    let width = 60.0 + 14.0 * layers.len().max(40) as f64;
    let axis = Axis::new((0.0, highest), (240.0, 12.0));
    let slot = (width - 50.0) / layers.len().max(1) as f64;
    let x = |index: usize| 44.0 + slot * index as f64;
    let value = |ratio: Option<f64>| ratio.map_or("unknown".to_owned(), |ratio| decibels(ratio) + " dB");
    let content = html! {
        (axis.vertical((44.0, width - 6.0)))
        @for (index, layer) in layers.iter().enumerate() {
            a href={ "#layer-" (index) } {
                title { (layer.name) ": " (value(total(layer))) ", its own " (value(own(layer))) }
                rect.target x=(at(x(index))) y="0" width=(at(slot)) height="240" {}
                @if let Some(ratio) = total(layer) {
                    @let top = axis.place(ratio);
                    rect.bar x=(at(x(index) + 0.15 * slot)) y=(at(top)) width=(at(0.7 * slot)) height=(at(240.0 - top)) {}
                }
                @if let Some(ratio) = own(layer) {
                    circle.own cx=(at(x(index) + 0.5 * slot)) cy=(at(axis.place(ratio))) r="3" {}
                }
            }
            @if index % 5 == 4 {
                text.tick x=(at(x(index) + 0.5 * slot)) y="256" text-anchor="middle" { (index + 1) }
            }
        }
    };
    let worst = layers.iter().filter_map(|layer| Some((total(layer)?, layer)));
    let worst = worst.min_by(|(a, _), (b, _)| a.total_cmp(b));
    let words = match worst {
        Some((ratio, layer)) => format!(
            "Bars: signal to noise in dB of each of {} layers, in the order of the graph; dots: what the layer \
             adds itself. The lowest bar is {} dB at {}. The table below has all numbers.",
            layers.len(),
            decibels(ratio),
            layer.name
        ),
        None => "No layer has a counterpart in the float model.".to_owned(),
    };
    figure("wide", "Signal to noise per layer (dB, higher is better)", &words, (width, 264.0), &content)
}
