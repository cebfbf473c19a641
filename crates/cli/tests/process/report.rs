//! `--report`: one page with what a command found. What a browser makes of it is tested in `browser.rs`.

use crate::builder::deep;
use crate::job::Job;

fn page(job: &Job, args: &[&str]) -> String {
    let output = job.run(args);
    assert!(output.status.code().is_some_and(|code| code < 2), "{output:?}");
    std::fs::read_to_string(job.path("report.html")).unwrap()
}

/// What every page has.
fn check(html: &str, words: &[&str]) {
    let common =
        ["<!DOCTYPE html>", "conv/Conv2D", "What the error is made of", "Weights per output channel"];
    for words in common.iter().chain(words) {
        assert!(html.contains(words), "{words}");
    }
    assert!(!html.contains("http"), "nothing is fetched");
}

#[test]
fn quantize_compare_and_sensitivity_write_a_page() {
    let job = Job::with_model(deep());
    let quantize = ["--report", "report.html"];
    assert_eq!(job.quantize(&quantize).status.code(), Some(0));
    let html = std::fs::read_to_string(job.path("report.html")).unwrap();
    check(&html, &["IFMR's loss", "&quot;batch_num&quot;:1", "images/a.png", "amct quantize --model"]);
    // The report changes nothing else, and is the same again.
    let record = std::fs::read(job.path("out/record.txt")).unwrap();
    assert_eq!(job.quantize(&[]).status.code(), Some(0));
    assert_eq!(std::fs::read(job.path("out/record.txt")).unwrap(), record);
    job.quantize(&[&quantize[..], &["--threads", "1"]].concat());
    let again = std::fs::read_to_string(job.path("report.html")).unwrap();
    assert_eq!(again.replace(" --threads 1", ""), html);

    let pair = ["compare", "model.pb", "out/m_quantized.pb", "--input", "images", "--report", "report.html"];
    check(
        &page(&job, &pair),
        &["estimated from the histogram", "quantization info", "out/m_quant.json", "out/config.json"],
    );

    let ranked = ["sensitivity", "--model", "model.pb", "--calibration", "images", "--report", "report.html"];
    check(&page(&job, &ranked), &["Sensitivity of the outputs", "one layer alone is quantized"]);
}

#[test]
fn layers_left_in_float_are_there_with_the_reason() {
    let job = Job::with_model(deep());
    job.file("skip.cfg", b"batch_num: 1\nskip_layers: \"mean/AvgPool\"\n");
    let output = job.quantize(&["--config-definition", "skip.cfg", "--report", "report.html"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let html = std::fs::read_to_string(job.path("report.html")).unwrap();
    // That of sha256sum.
    let hash = "0a0d429e1b44309bf119c47b3508d6b8db84a1ece2fbcb47bcf9683734c62e05";
    check(&html, &["Not quantized", "mean/AvgPool", "is float in the quantized model", "skip.cfg", hash]);
}

#[test]
fn a_page_that_cannot_be_written_is_refused_before_the_work() {
    let job = Job::with_model(deep());
    job.file("taken", b"");
    let output = job.quantize(&["--report", "taken/report.html"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("taken/report.html"));
    assert!(!job.path("out/record.txt").exists());
    assert_eq!(job.quantize(&[]).status.code(), Some(0));
    let run = ["run", "model.pb", "--input", "images/a.png", "--dump", "dump"];
    assert_eq!(job.run(&run).status.code(), Some(0));
    let output = job.run(&["compare", "dump", "dump", "--report", "report.html"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("--report is about two models"));
}
