//! `amct sensitivity`: which layer does most harm.
#![cfg(unix)]

use amct_graph::AttrValue;
use amct_tensor::Tensor;

use crate::builder::Builder;
use crate::job::Job;

/// Three layers that end in a row of classes. `fine` gives two channels the same values; `rough` has large
/// weights that cancel out on them, beside which its other weights are lost in int8.
fn model() -> Builder {
    let fine = vec![1.0_f32, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0];
    let mut rough: Vec<f32> = (0..48 * 5).map(|index| ((index * 37 % 101) as f32 - 50.0) / 5000.0).collect();
    rough[5..10].fill(100.0);
    rough[10..15].fill(-100.0);
    let last: Vec<f32> = (0..25).map(|index| if index % 6 == 0 { 1.0 } else { 0.0 }).collect();
    let valid = |builder: Builder| builder.attr("padding", AttrValue::string("VALID"));
    let builder = Builder::default()
        .placeholder("input", &[-1, 4, 4, 3])
        .constant("fine/weights", &Tensor::from_vec([1, 1, 3, 3], fine).unwrap())
        .convolution("fine/Conv2D", "input", "fine/weights")
        .constant("rough/weights", &Tensor::from_vec([4, 4, 3, 5], rough).unwrap());
    let builder = valid(builder.convolution("rough/Conv2D", "fine/Conv2D", "rough/weights"))
        .constant("last/weights", &Tensor::from_vec([1, 1, 5, 5], last).unwrap())
        .convolution("last/Conv2D", "rough/Conv2D", "last/weights");
    valid(builder)
}

fn sensitivity(job: &Job, further: &[&str]) -> String {
    let output =
        job.run(&[&["sensitivity", "--model", "model.pb", "--calibration", "images"], further].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn names(csv: &str) -> Vec<String> {
    csv.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect()
}

#[test]
fn the_layer_that_does_most_harm_comes_first() {
    let job = Job::with_model(model());
    for mode in ["alone", "all-but-one"] {
        for by in ["sqnr", "cosine"] {
            let csv = sensitivity(&job, &["--mode", mode, "--by", by, "--format", "csv"]);
            assert_eq!(csv.lines().next(), Some("layer,sqnr_db,cosine,agreement_percent"));
            assert_eq!(names(&csv).len(), 3);
            assert_eq!(names(&csv)[0], "rough/Conv2D", "{mode} {by}: {csv}");
        }
    }
    let table = sensitivity(&job, &["--worst", "1"]);
    assert!(table.ends_with("the most sensitive, for --skip-layers:\nrough/Conv2D\n"), "{table}");
    let json: serde_json::Value =
        serde_json::from_str(&sensitivity(&job, &["--format", "json", "--threads", "1"])).unwrap();
    assert_eq!(json[0]["layer"], "rough/Conv2D");
    assert!(json[0]["sqnr_db"].as_f64() < json[1]["sqnr_db"].as_f64());
    assert!(!job.path("out").exists() && !job.path("amct_log").exists(), "nothing is written");
}

#[test]
fn auto_follows_the_ranking() {
    let job = Job::with_model(model());
    sensitivity(&job, &["--ranking", "ranking.json"]);
    let ranking: Vec<(String, f64)> =
        serde_json::from_str(&std::fs::read_to_string(job.path("ranking.json")).unwrap()).unwrap();
    assert_eq!((ranking.len(), ranking[0].0.as_str()), (3, "rough/Conv2D"));
    job.file("judge.sh", b"echo call >> calls; sed -n \"$(wc -l < calls)p\" metrics\n");
    job.file("metrics", b"100\n90\n99.5\n99.5\n");
    let auto = |ranking: &str| {
        let mut args = vec!["auto", "--model", "model.pb", "--calibration", "images", "--save-path", "out/m"];
        args.extend(["--evaluator", "sh judge.sh {model}", "--ranking", ranking]);
        job.run(&args)
    };
    // Turned around, so that it can be told from what auto finds itself.
    let turned: Vec<(String, f64)> = ranking.iter().map(|(name, value)| (name.clone(), -value)).collect();
    job.file("turned.json", serde_json::to_string(&turned).unwrap().as_bytes());
    let output = auto("turned.json");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let written: Vec<(String, f64)> = serde_json::from_str(
        &std::fs::read_to_string(job.path("out/accuracy_based_auto_calibration_ranking_information.json"))
            .unwrap(),
    )
    .unwrap();
    assert_eq!(written.last().unwrap().0, "rough/Conv2D");

    job.file("short.json", br#"[["rough/Conv2D", 0.5]]"#);
    job.file("other.json", br#"[["else/Conv2D", 0.5]]"#);
    job.file("bad.json", b"{}");
    for (file, text) in [
        ("short.json", "the ranking leaves out 'fine/Conv2D'"),
        ("other.json", "the ranking names 'else/Conv2D'"),
        ("bad.json", "not a ranking, which is a list of pairs [layer, similarity]"),
        ("none.json", "cannot use the ranking 'none.json'"),
    ] {
        std::fs::remove_file(job.path("calls")).ok();
        let output = auto(file);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(text), "{file}: {stderr}");
    }
}
