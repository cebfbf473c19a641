//! Output that nobody reads, or that cannot be written: never a panic, and the work is done all the same.
#![cfg(unix)]

use std::fs::OpenOptions;
use std::process::{Output, Stdio};

use amct_graph::{AttrValue, Patch};
use amct_tensor::Tensor;

use crate::builder::{Builder, one_convolution};
use crate::job::Job;

const MODEL: &str = "out/m_quantized.pb";

/// The end of a pipe whose other end is closed before anything is written.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// A disk without room.
fn full() -> Option<Stdio> {
    OpenOptions::new().write(true).open("/dev/full").ok().map(Stdio::from)
}

/// Five classes; quantized as `out/m_quantized.pb`, and with a wrong scale as `broken.pb`.
fn job() -> Job {
    let weights: Vec<f32> = (0..240).map(|index| ((index * 37 % 101) as f32 - 50.0) / 50.0).collect();
    let model = Builder::default()
        .placeholder("input", &[-1, 4, 4, 3])
        .constant("logits/weights", &Tensor::from_vec([4, 4, 3, 5], weights).unwrap())
        .convolution("logits/Conv2D", "input", "logits/weights")
        .attr("padding", AttrValue::string("VALID"));
    let job = Job::with_model(model);
    assert_eq!(job.quantize(&[]).status.code(), Some(0));
    let mut graph = amct::graphdef::load(&job.path(MODEL)).unwrap();
    let quant = graph.nodes().find(|(_, node)| node.op == "AscendQuant").map(|(id, _)| id).unwrap();
    let mut patch = Patch::new();
    patch.set_attr(quant, "scale", AttrValue::I(1));
    graph.apply(&patch).unwrap();
    job.file("broken.pb", &amct::graphdef::encode(&graph).unwrap());
    job.file("om.json", include_bytes!("../../../../tests/golden/compiled/three_layers_om.json"));
    job
}

/// Every command that prints, with its exit code.
fn commands() -> Vec<(i32, Vec<&'static str>)> {
    let with =
        |code: i32, start: &[&'static str], further: &[&'static str]| (code, [start, further].concat());
    let run = ["run", "model.pb", "--input", "images/a.png"];
    let compare = ["compare", "model.pb", MODEL, "--input", "images", "--format"];
    let sensitivity = ["sensitivity", "--model", "model.pb", "--calibration", "images", "--format"];
    let auto = ["auto", "--model", "model.pb", "--calibration", "images", "--save-path", "auto/m"];
    let quantize = ["quantize", "--model", "model.pb", "--calibration", "images", "--save-path", "again/m"];
    vec![
        with(0, &["--help"], &[]),
        with(0, &["--version"], &[]),
        with(0, &["help", "run"], &[]),
        with(0, &["quantize", "-h"], &[]),
        with(0, &["inspect", "model.pb"], &[]),
        with(0, &["inspect", "model.pb", "--json"], &[]),
        with(0, &["inspect", "--om-json", "om.json"], &[]),
        with(0, &["inspect", "--om-json", "om.json", "--json"], &[]),
        with(0, &["verify", MODEL], &[]),
        with(1, &["verify", "broken.pb"], &[]),
        with(1, &["verify", "broken.pb", "--format", "json"], &[]),
        with(0, &run, &[]),
        with(0, &run, &["--dump", "dump"]),
        with(0, &run, &["--profile"]),
        with(0, &run, &["--profile", "json"]),
        with(0, &compare, &["table", "--min-cosine", "none", "--max-relative-euclidean", "none"]),
        with(1, &compare, &["table", "--max-rmse", "0"]),
        with(1, &compare, &["csv", "--max-rmse", "0"]),
        with(1, &compare, &["json", "--max-rmse", "0"]),
        with(0, &sensitivity, &["table"]),
        with(0, &sensitivity, &["csv"]),
        with(0, &sensitivity, &["json"]),
        with(0, &auto, &["--metric", "sqnr", "--max-loss", "5%"]),
        with(1, &auto, &["--evaluator", "sh worse.sh {model}"]),
        with(0, &quantize, &["--test-image", "images/a.png"]),
    ]
}

/// An evaluator that finds the float model good and everything else bad.
fn judge(job: &Job) {
    job.file("worse.sh", b"test -e judged && echo accuracy: 0 || echo accuracy: 100; touch judged\n");
    let _ = std::fs::remove_file(job.path("judged"));
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs each command and hands over what came of it, with the exit code that it has when all is read.
fn each(stdout: impl Fn() -> Stdio, stderr: impl Fn() -> Stdio, check: impl Fn(&[&str], i32, &Output)) {
    let job = job();
    for (code, args) in commands() {
        judge(&job);
        let output = job.command(&args).stdout(stdout()).stderr(stderr()).output().unwrap();
        assert!(!text(&output.stderr).contains("panicked"), "{args:?}: {output:?}");
        check(&args, code, &output);
    }
    // Whatever became of the output, the work was done.
    for directory in ["again", "auto"] {
        for file in ["config.json", "m_quant.json", "m_quantized.pb", "record.txt"] {
            assert!(job.path(directory).join(file).exists(), "{directory}/{file}");
        }
    }
    assert!(job.path("dump").read_dir().unwrap().count() > 1);
}

#[test]
fn all_of_these_commands_print() {
    each(Stdio::piped, Stdio::piped, |args, code, output| {
        assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
        assert!(!output.stdout.is_empty(), "{args:?}: {output:?}");
    });
}

#[test]
fn a_reader_that_is_gone_changes_nothing() {
    each(unread, Stdio::piped, |args, code, output| {
        assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
        let stderr = text(&output.stderr);
        assert!(!stderr.contains("ERROR") && !stderr.to_lowercase().contains("pipe"), "{args:?}: {stderr}");
    });
}

#[test]
fn a_full_disk_is_an_error_with_a_reason() {
    if full().is_none() {
        return;
    }
    each(
        || full().unwrap(),
        Stdio::piped,
        |args, _, output| {
            assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
            let stderr = text(&output.stderr);
            let last = stderr.lines().last().unwrap();
            let words = "ERROR - [AMCT]:[AMCT]: cannot write the results to standard output: ";
            assert!(last.starts_with(words) && last.contains("space"), "{args:?}: {stderr}");
            assert_eq!(stderr.matches("ERROR").count(), 1, "{args:?}: {stderr}");
        },
    );
}

#[test]
fn every_file_of_a_run_is_written() {
    let job = Job::with_model(one_convolution());
    let args = ["run", "model.pb", "--input", "images/a.png"];
    let outputs = ["--output", "conv/Conv2D=a.npy", "--output", "input=b.npy"];
    let command = || job.command(&[&args[..], &outputs].concat());
    for (stdout, code) in [(Some(unread()), 0), (full(), 2)] {
        let Some(stdout) = stdout else { continue };
        let output = command().stdout(stdout).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        for file in ["a.npy", "b.npy"] {
            std::fs::remove_file(job.path(file)).unwrap();
        }
    }
}

#[test]
fn a_log_that_nobody_reads_changes_nothing() {
    each(Stdio::piped, unread, |args, code, output| {
        assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
        assert!(!output.stdout.is_empty(), "{args:?}: {output:?}");
    });
    if full().is_some() {
        each(
            Stdio::piped,
            || full().unwrap(),
            |args, code, output| {
                assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
                assert!(!output.stdout.is_empty(), "{args:?}: {output:?}");
            },
        );
    }
}

#[test]
fn nobody_reads_anything() {
    each(unread, unread, |args, code, output| {
        assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
    });
}

#[test]
fn an_error_that_nobody_reads_is_still_one() {
    let job = Job::new();
    for args in
        [&["inspect", "none.pb"][..], &["inspect", "--nonsense"], &[], &["quantize", "--model", "none.pb"]]
    {
        for stderr in [Some(unread()), full()].into_iter().flatten() {
            let output = job.command(args).stdout(unread()).stderr(stderr).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
        }
    }
}
