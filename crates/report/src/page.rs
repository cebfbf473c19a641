//! The whole page.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{Report, chart, layer, summary, tables};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

pub(crate) fn page(report: &Report) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // Without it a browser asks for /favicon.ico.
                link rel="icon" href="data:,";
                title { (report.title) " · amct" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (report.title) }
                    p.command { code { (report.command) } }
                }
                nav aria-label="Sections" {
                    @for (id, title) in sections(report) { a href={ "#" (id) } { (title) } }
                }
                main { (main(report)) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// The sections that there are.
fn sections(report: &Report) -> Vec<(&'static str, &'static str)> {
    let all = [
        ("summary", "Summary", true),
        ("predictions", "Predictions", !report.predictions.is_empty()),
        ("sensitivity", "Sensitivity", report.effects.is_some()),
        ("layers", "Layers", !report.layers.is_empty()),
        ("details", "Layer by layer", !report.layers.is_empty()),
        ("float", "Not quantized", !report.left_float.is_empty()),
        ("configuration", "Configuration", report.configuration.is_some()),
        ("files", "Files", !report.files.is_empty()),
    ];
    all.into_iter().filter(|(_, _, is_there)| *is_there).map(|(id, title, _)| (id, title)).collect()
}

fn main(report: &Report) -> Markup {
    html! {
        section #summary { (summary::summary(report)) }
        @if !report.predictions.is_empty() {
            section #predictions {
                h2 { "Predictions before and after" }
                (tables::predictions(&report.predictions))
            }
        }
        @if let Some((mode, effects)) = &report.effects {
            section #sensitivity {
                h2 { "Sensitivity of the outputs" }
                p { (mode) }
                (tables::effects(effects))
            }
        }
        @if !report.layers.is_empty() {
            section #layers {
                h2 { "Quantized layers" }
                (chart::sqnr(&report.layers))
                (tables::layers(&report.layers))
            }
            section #details {
                h2 { "Layer by layer" }
                @for (index, one) in report.layers.iter().enumerate() { (layer::details(index, one)) }
            }
        }
        @if !report.left_float.is_empty() {
            section #float {
                h2 { "Not quantized" }
                (tables::left_float(&report.left_float))
            }
        }
        @if let Some(configuration) = &report.configuration {
            section #configuration {
                h2 { "Configuration" }
                details { summary { "The configuration as used" } pre { (configuration) } }
            }
        }
        @if !report.files.is_empty() {
            section #files {
                h2 { "Files that went in" }
                (tables::files(&report.files))
            }
        }
    }
}
