//! Tests of a page: all numbers are on it, nothing comes from elsewhere, links have targets.

use amct_metrics::{CodeHistogram, ErrorSums, SplitSums};

use super::*;

fn layer(name: &str, noise: f32) -> Layer {
    let (mut sums, mut split) = (ErrorSums::default(), SplitSums::default());
    let values: Vec<f32> = (0..100).map(|i| i as f32 / 50.0).collect();
    let found: Vec<f32> = values.iter().map(|x| x + noise).collect();
    sums.add(&values, &found);
    split.add(&values, [&values, &values, &found], &found);
    let mut codes = CodeHistogram::new(127.5, -128);
    codes.add(&values);
    Layer {
        name: name.to_owned(),
        op: "Conv2D".to_owned(),
        errors: Some(sums.errors()),
        split: Ok(split.split()),
        scale: (1.0 / 127.5, -128),
        codes: codes.usage(),
        histogram: codes.coarse(64),
        losses: Losses { exact: true, points: vec![(1.0, 0.5), (2.0, 0.1), (3.0, 0.2)] },
        weights: vec![[-1.0, 2.0], [-0.5, 0.25]],
    }
}

fn report() -> Report {
    Report {
        title: "a <b> & c".to_owned(),
        command: "amct compare".to_owned(),
        facts: vec![("Inputs".to_owned(), "2".to_owned())],
        layers: vec![layer("net/first", 0.1), layer("net/second", 0.01)],
        left_float: vec![("net/last".to_owned(), "its weights are not constant".to_owned())],
        predictions: vec![Prediction { input: "a.jpg".to_owned(), float: (3, 0.5), quantized: (4, 0.25) }],
        effects: Some(("Alone".to_owned(), Vec::new())),
        configuration: Some("{\"version\":1}".to_owned()),
        files: vec![["model".to_owned(), "m.pb".to_owned(), "00ff".to_owned()]],
        ..Report::default()
    }
}

#[test]
fn everything_is_on_the_page_and_nothing_comes_from_elsewhere() {
    let html = report().to_html();
    for words in [
        "net/first",
        "net/second",
        "its weights are not constant",
        "a.jpg",
        "{&quot;version&quot;:1}",
        "00ff",
        "a &lt;b&gt; &amp; c",
        "Mean squared error of quantizing the input for 3 upper ends",
        "Smallest and largest weight of 2 output channels",
    ] {
        assert!(html.contains(words), "{words}");
    }
    assert!(!html.contains("<b>") && !html.contains("http"), "nothing is fetched");
    assert!(!html.contains("NaN") && !html.contains("inf"));
}

#[test]
fn every_chart_has_words_and_every_link_a_target() {
    let html = report().to_html();
    let charts = html.matches("<svg").count();
    assert_eq!(charts, 1 + 2 * 4, "one of all layers, four of each");
    assert_eq!(html.matches("role=\"img\" aria-label=\"").count(), charts - 1);
    // A picture has no links that a screen reader would find.
    assert_eq!(html.matches("role=\"group\" aria-label=\"").count(), 1);
    for link in html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(html.contains(&format!("id=\"{link}\"")), "{link}");
    }
    let ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(ids.len(), unique.len(), "{ids:?}");
}

#[test]
fn what_is_unknown_is_said_and_does_not_break_a_chart() {
    let mut report = report();
    report.layers[0].errors = None;
    report.layers[0].split = Err("no such layer".to_owned());
    report.layers[0].losses = Losses::default();
    report.layers[0].histogram = (Vec::new(), Vec::new());
    report.layers[1].weights = Vec::new();
    let html = report.to_html();
    assert!(html.contains("The error is not taken apart: no such layer."));
    assert!(html.contains("No losses are known."));
    let empty = Report::default().to_html();
    assert!(!empty.contains("id=\"layers\"") && empty.contains("id=\"summary\""));
}
