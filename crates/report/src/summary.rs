//! What to know first.

use maud::{Markup, html};

use crate::format::{decibels, short};
use crate::{Layer, Report};

pub(crate) fn summary(report: &Report) -> Markup {
    let total = |layer: &&Layer| layer.errors.map_or(f64::INFINITY, |errors| errors.sqnr_db);
    let own = |layer: &&Layer| layer.split.as_ref().map_or(f64::INFINITY, |split| split.own.sqnr_db);
    html! {
        h2 { "Summary" }
        div.cards {
            @for output in &report.outputs {
                div.card {
                    p.label { "Output " (output.name) }
                    p.value { (decibels(output.errors.sqnr_db)) " dB" }
                    p {
                        "signal to noise; cosine " (format!("{:.6}", output.errors.cosine))
                        ", largest error " (short(output.errors.max_absolute))
                        @if let Some(agreement) = output.agreement {
                            "; the same class for " (format!("{agreement:.2}")) " % of the inputs"
                        }
                    }
                }
            }
            @if let Some((index, layer)) = worst(&report.layers, total) {
                div.card {
                    p.label { "Worst layer" }
                    p.value { (decibels(total(&layer))) " dB" }
                    p { a href={ "#layer-" (index) } { (layer.name) } " by all its error" }
                }
            }
            @if let Some((index, layer)) = worst(&report.layers, own) {
                div.card {
                    p.label { "Adds most error itself" }
                    p.value { (decibels(own(&layer))) " dB" }
                    p { a href={ "#layer-" (index) } { (layer.name) } " by clipping, rounding and weights" }
                }
            }
        }
        dl.facts {
            @for (name, value) in &report.facts { div { dt { (name) } dd { (value) } } }
        }
    }
}

/// The layer with the least ratio.
fn worst(layers: &[Layer], ratio: impl Fn(&&Layer) -> f64) -> Option<(usize, &Layer)> {
    let layers = layers.iter().enumerate().filter(|(_, layer)| ratio(layer) < f64::INFINITY);
    layers.min_by(|(_, a), (_, b)| ratio(a).total_cmp(&ratio(b)))
}
