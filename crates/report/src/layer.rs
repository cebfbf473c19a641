//! The section of one layer: its numbers, the parts of its error, and its charts.

use maud::{Markup, html};

use crate::format::{decibels, percent, short};
use crate::{Layer, chart};

pub(crate) fn details(index: usize, layer: &Layer) -> Markup {
    let codes = &layer.codes;
    let (low, high) = (f64::from(codes.range[0]), f64::from(codes.range[1]));
    html! {
        details.layer #{ "layer-" (index) } {
            summary {
                span.number { (index + 1) } " " (layer.name) " "
                span.muted {
                    (layer.op)
                    @if let Some(errors) = &layer.errors { ", " (decibels(errors.sqnr_db)) " dB" }
                }
            }
            dl.facts {
                (fact("scale_d, offset_d", &format!("{}, {}", short(f64::from(layer.scale.0)), layer.scale.1)))
                (fact("Range of the integers", &format!("{} to {}", short(low), short(high))))
                (fact("Values seen", &format!("{} to {}, {} of them", short(codes.min.into()), short(codes.max.into()), codes.count)))
                (fact("Clipped", &format!("{:.4} % below, {:.4} % above", 100.0 * codes.saturated_low, 100.0 * codes.saturated_high)))
                (fact("Integers never used", &format!("{} %", percent(codes.unused))))
            }
            @match &layer.split {
                Ok(split) => (chart::split(split)),
                Err(reason) => p.muted { "The error is not taken apart: " (reason) "." },
            }
            div.charts {
                (chart::histogram(layer))
                (chart::losses(layer))
                @if !layer.weights.is_empty() { (chart::weights(layer)) }
            }
        }
    }
}

fn fact(name: &str, value: &str) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}
