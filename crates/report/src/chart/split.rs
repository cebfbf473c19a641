use amct_metrics::ErrorSplit;
use maud::{Markup, html};

use super::{at, figure};
use crate::format::{decibels, percent};

/// The parts of an error as bars from a common zero, since one may be negative.
pub(crate) fn split(split: &ErrorSplit) -> Markup {
    let parts = split.parts();
    let low = parts.iter().map(|(_, part)| part.share).fold(0.0, f64::min);
    let high = parts.iter().map(|(_, part)| part.share).fold(1.0, f64::max);
    let place = |share: f64| 80.0 + 250.0 * (share - low) / (high - low);
    let content = html! {
        @for (index, (name, part)) in parts.iter().enumerate() {
            @let y = 6.0 + 22.0 * index as f64;
            @let (from, to) = (place(part.share.min(0.0)), place(part.share.max(0.0)));
            text.tick x="74" y=(at(y + 8.0)) text-anchor="end" dominant-baseline="middle" { (name) }
            rect class={ "part-" (name) } x=(at(from)) y=(at(y)) width=(at((to - from).max(0.5))) height="16" {}
            text.tick x="340" y=(at(y + 8.0)) dominant-baseline="middle" {
                (percent(part.share)) " %, " (decibels(part.sqnr_db)) " dB"
            }
        }
        line.grid x1=(at(place(0.0))) x2=(at(place(0.0))) y1="2" y2="92" {}
    };
    let words: Vec<String> =
        parts.iter().map(|(name, part)| format!("{name} {} %", percent(part.share))).collect();
    let words = format!("Shares of the error: {}.", words.join(", "));
    figure("split", "What the error is made of", &words, (460.0, 96.0), &content)
}
