//! Tables that the script sorts and filters.

use maud::{Markup, html};

use crate::format::{decibels, key, percent, short};
use crate::{Effect, Layer, Prediction};

/// A table's frame: its columns, with whether they hold numbers, and a search where it is long.
fn table(id: &str, caption: &str, columns: &[(&str, bool)], rows: &Markup) -> Markup {
    html! {
        p.search {
            label for={ "search-" (id) } { "Search " (caption) }
            input #{ "search-" (id) } type="search" data-table=(id) autocomplete="off";
            span.count data-count=(id) role="status" {}
        }
        div.scroll {
            table #(id) {
                caption { (caption) }
                thead {
                    tr {
                        @for (name, is_number) in columns {
                            th scope="col" data-number[*is_number] {
                                button type="button" { (name) }
                            }
                        }
                    }
                }
                tbody { (rows) }
            }
        }
    }
}

/// A cell with a number.
fn number(text: impl AsRef<str>, value: f64) -> Markup {
    html! { td.number data-key=(key(value)) { (text.as_ref()) } }
}

fn unknown() -> Markup {
    html! { td.number data-key="" { "–" } }
}

pub(crate) fn layers(layers: &[Layer]) -> Markup {
    let columns = [
        ("#", true),
        ("Layer", false),
        ("Op", false),
        ("SQNR dB", true),
        ("Own dB", true),
        ("Cosine", true),
        ("Max error", true),
        ("Inherited %", true),
        ("Clipping %", true),
        ("Rounding %", true),
        ("Weights %", true),
        ("Clipped low %", true),
        ("Clipped high %", true),
        ("Unused %", true),
    ];
    let rows = html! {
        @for (index, layer) in layers.iter().enumerate() {
            tr {
                (number((index + 1).to_string(), (index + 1) as f64))
                th scope="row" { a href={ "#layer-" (index) } { (layer.name) } }
                td { (layer.op) }
                @match &layer.errors {
                    Some(errors) => (number(decibels(errors.sqnr_db), errors.sqnr_db)),
                    None => (unknown()),
                }
                @match &layer.split {
                    Ok(split) => (number(decibels(split.own.sqnr_db), split.own.sqnr_db)),
                    Err(_) => (unknown()),
                }
                @match &layer.errors {
                    Some(errors) => {
                        (number(format!("{:.6}", errors.cosine), errors.cosine))
                        (number(short(errors.max_absolute), errors.max_absolute))
                    }
                    None => { (unknown()) (unknown()) }
                }
                @match &layer.split {
                    Ok(split) => @for (_, part) in split.parts() {
                        (number(percent(part.share), part.share))
                    },
                    Err(_) => @for _ in 0..4 { (unknown()) },
                }
                (number(format!("{:.4}", 100.0 * layer.codes.saturated_low), layer.codes.saturated_low))
                (number(format!("{:.4}", 100.0 * layer.codes.saturated_high), layer.codes.saturated_high))
                (number(percent(layer.codes.unused), layer.codes.unused))
            }
        }
    };
    table("layer-table", "quantized layers", &columns, &rows)
}

pub(crate) fn effects(effects: &[Effect]) -> Markup {
    let columns =
        [("Rank", true), ("Layer", false), ("SQNR dB", true), ("Cosine", true), ("Same class %", true)];
    let rows = html! {
        @for (index, effect) in effects.iter().enumerate() {
            tr {
                (number((index + 1).to_string(), (index + 1) as f64))
                th scope="row" { (effect.layer) }
                (number(decibels(effect.sqnr_db), effect.sqnr_db))
                (number(format!("{:.7}", effect.cosine), effect.cosine))
                @match effect.agreement {
                    Some(percent) => (number(format!("{percent:.2}"), percent)),
                    None => (unknown()),
                }
            }
        }
    };
    table("effect-table", "effects", &columns, &rows)
}

pub(crate) fn predictions(predictions: &[Prediction]) -> Markup {
    let columns = [
        ("Input", false),
        ("Float class", true),
        ("Float value", true),
        ("Quantized class", true),
        ("Quantized value", true),
        ("Same", false),
    ];
    let class = |index: usize| number(index.to_string(), index as f64);
    let value = |value: f32| number(format!("{value:.4}"), f64::from(value));
    let rows = html! {
        @for found in predictions {
            tr {
                th scope="row" { (found.input) }
                (class(found.float.0))
                (value(found.float.1))
                (class(found.quantized.0))
                (value(found.quantized.1))
                td { @if found.float.0 == found.quantized.0 { "yes" } @else { strong.warn { "no" } } }
            }
        }
    };
    table("prediction-table", "predictions", &columns, &rows)
}

pub(crate) fn left_float(nodes: &[(String, String)]) -> Markup {
    let rows = html! {
        @for (node, reason) in nodes { tr { th scope="row" { (node) } td { (reason) } } }
    };
    table("float-table", "nodes left in float", &[("Node", false), ("Reason", false)], &rows)
}

pub(crate) fn files(files: &[[String; 3]]) -> Markup {
    let rows = html! {
        @for [what, path, hash] in files {
            tr { th scope="row" { (what) } td { (path) } td { code.hash { (hash) } } }
        }
    };
    table("file-table", "files", &[("What", false), ("Path", false), ("SHA-256", false)], &rows)
}
