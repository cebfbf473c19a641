//! Charts as SVG. Colours are those of the page; each says in words what it shows.

mod axis;
mod histogram;
mod losses;
mod split;
mod sqnr;
mod weights;

use maud::{Markup, html};

pub(crate) use self::histogram::histogram;
pub(crate) use self::losses::losses;
pub(crate) use self::split::split;
pub(crate) use self::sqnr::sqnr;
pub(crate) use self::weights::weights;

/// A chart with its words. A `wide` one is not made smaller than it is, but scrolls, and has links in it.
fn figure(class: &str, title: &str, words: &str, (width, height): (f64, f64), content: &Markup) -> Markup {
    html! {
        figure.{ (class) } {
            figcaption { (title) }
            div.scroll {
                svg viewBox={ "0 0 " (width) " " (height) } role=(if class == "wide" { "group" } else { "img" }) aria-label=(words)
                    style=[(class == "wide").then(|| format!("min-width:{width}px"))] {
                    (content)
                }
            }
            p.words { (words) }
        }
    }
}

/// A coordinate: a tenth of a unit is finer than a pixel.
fn at(value: f64) -> String {
    if value.is_finite() { format!("{value:.1}") } else { "0".to_owned() }
}
