//! A comparison as tables for people: outputs, layers, nodes.

use amct::compare::{Comparison, LayerComparison, NodeComparison};
use amct_metrics::{Errors, LsbHistogram, Thresholds};

use crate::args::CompareArgs;
use crate::output::Out;

pub(super) fn print(found: &Comparison, thresholds: &Thresholds, args: &CompareArgs, out: &mut Out) {
    let most = if args.worst == 0 { usize::MAX } else { args.worst };
    if !found.outputs.is_empty() {
        writeln!(out, "outputs, over {} input(s):", found.inputs);
        writeln!(out, "{}  output", ERRORS);
        for output in &found.outputs {
            writeln!(out, "{}  {}", errors(&output.errors), output.name);
            if let Some(agreement) = output.agreement() {
                writeln!(out, "  the same class as the float model for {agreement:.2} % of the inputs");
            }
        }
    }
    if !found.layers.is_empty() {
        writeln!(out, "\nquantized layers, the worst first:");
        writeln!(
            out,
            "{ERRORS}  {:>8} {:>8} {:>8} {:>8} {:>8}  {:>8} {:>8} {:>7}  layer",
            "own dB", "inherit%", "clip%", "round%", "weight%", "low sat%", "high s.%", "unused%"
        );
        let layers = found.worst_layers(args.by.into());
        layers.iter().take(most).for_each(|layer| writeln!(out, "{}", self::layer(layer)));
        left_out(layers.len(), most, out);
    }
    if args.nodes || found.layers.is_empty() {
        writeln!(out, "\nnodes, the worst first:");
        writeln!(out, "{ERRORS}  node");
        let mut nodes: Vec<&NodeComparison> = found.nodes.iter().collect();
        let key = |node: &NodeComparison| Some(node.errors.sqnr_db).filter(|ratio| !ratio.is_nan());
        nodes.sort_by(|a, b| key(a).partial_cmp(&key(b)).unwrap_or(std::cmp::Ordering::Equal));
        for node in nodes.iter().take(most) {
            writeln!(out, "{}  {}", errors(&node.errors), node.node);
            if let Some(histogram) = &node.lsb {
                writeln!(out, "{:>12}{}", "", lsb(histogram));
            }
        }
        left_out(nodes.len(), most, out);
    }
    writeln!(
        out,
        "\n{} values compared, {} without a counterpart (--format json lists them)",
        found.nodes.len(),
        found.unmatched.len()
    );
    let beyond = super::missed(found, thresholds);
    match beyond.first() {
        None => writeln!(out, "all are within the thresholds"),
        Some((first, measures)) => {
            let names: Vec<&str> = measures.iter().map(|measure| measure.name()).collect();
            writeln!(
                out,
                "{} of them beyond the thresholds, the first in order '{first}' by {}",
                beyond.len(),
                names.join(", ")
            );
        }
    }
}

const ERRORS: &str = " SQNR dB     cosine   rel.dist     max abs    mean abs        RMSE          KL";

fn errors(errors: &Errors) -> String {
    format!(
        "{:>8.2} {:>10.7} {:>10.6} {:>11.5} {:>11.6} {:>11.6} {:>11.7}",
        errors.sqnr_db,
        errors.cosine,
        errors.relative_euclidean,
        errors.max_absolute,
        errors.mean_absolute,
        errors.rmse,
        errors.kl
    )
}

fn layer(layer: &LayerComparison) -> String {
    let measures = match &layer.errors {
        Some(found) => errors(found),
        None => format!("{:>78}", "no counterpart in the float model"),
    };
    let parts = match &layer.split {
        Some(split) => {
            let shares = split.parts().map(|(_, part)| format!("{:>8.2}", 100.0 * part.share));
            format!("{:>8.2} {}", split.own.sqnr_db, shares.join(" "))
        }
        None => format!("{:>44}", "-"),
    };
    let codes = &layer.codes;
    format!(
        "{measures}  {parts}  {:>8.4} {:>8.4} {:>7.2}  {}",
        100.0 * codes.saturated_low,
        100.0 * codes.saturated_high,
        100.0 * codes.unused,
        layer.layer
    )
}

/// `LSB: -1: 3, 0: 1000, 1: 2 (99.50 % equal, at most 1)`.
fn lsb(histogram: &LsbHistogram) -> String {
    let end = |place: usize| if place == 0 { "below -8" } else { "above 8" };
    let occurring = histogram.occurring();
    let counts = occurring.iter().enumerate().map(|(place, (difference, count))| match difference {
        Some(difference) => format!("{difference}: {count}"),
        None => format!("{}: {count}", end(place)),
    });
    format!(
        "LSB  {} ({:.2} % equal, at most {})",
        counts.collect::<Vec<_>>().join(", "),
        100.0 * histogram.equal() as f64 / (histogram.count.max(1)) as f64,
        histogram.largest
    )
}

fn left_out(count: usize, most: usize, out: &mut Out) {
    if count > most {
        writeln!(out, "... {} more; --worst 0 shows all", count - most);
    }
}
