//! `amct convert`: models of quantization-aware training.

use std::path::Path;

use amct_graph::{AttrValue, Patch};
use amct_tensor::Tensor;

use crate::builder::{Builder, float, one_convolution};
use crate::job::Job;

/// `x -> fake quantization -> convolution` with fake-quantized weights.
fn trained() -> Builder {
    Builder::default()
        .placeholder("input", &[-1, 4, 4, 3])
        .node("act_quant", "FakeQuantWithMinMaxArgs", &["input"])
        .filter("conv/weights")
        .constant("min", &Tensor::scalar(-1.0_f32))
        .constant("max", &Tensor::scalar(1.0_f32))
        .node("conv/weights_quant", "FakeQuantWithMinMaxVars", &["conv/weights", "min", "max"])
        .attr("narrow_range", AttrValue::B(true))
        .convolution("conv/Conv2D", "act_quant", "conv/weights_quant")
}

fn job(model: Builder) -> Job {
    let job = Job::new();
    model.write(&job.path("model.pb"));
    job
}

fn convert(job: &Job, further: &[&str]) -> std::process::Output {
    let args = ["convert", "--model=model.pb", "--outputs", "conv/Conv2D:0", "--save_path", "out/m"];
    job.run(&[&args, further].concat())
}

#[test]
fn the_results_are_two_files_and_the_record_if_asked_for() {
    let job = job(trained());
    let output = convert(&job, &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(job.results(), ["m_quant.json", "m_quantized.pb"]);
    let log = std::fs::read_to_string(job.path("amct_log/amct_tensorflow.log")).unwrap();
    assert!(log.contains("The model is saved in out/m_quantized.pb"), "{log}");
    for original in [&[][..], &["--original", "model.pb"]] {
        let verified = job.run(&[&["verify", "out/m_quantized.pb"], original].concat());
        assert_eq!(verified.status.code(), Some(0), "{verified:?}");
    }
    let output = convert(&job, &["--record_file=out/record.txt"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(job.results(), ["m_quant.json", "m_quantized.pb", "record.txt"]);
    let record = std::fs::read_to_string(job.path("out/record.txt")).unwrap();
    // 12 / 255 with the zero at step 128; 2 / 254.
    let expected = "record {\n  key: \"conv/Conv2D\"\n  value {\n    scale_d: 0.0470588244\n    offset_d: 0\n    \
                    scale_w: 0.00787401572\n    offset_w: 0\n  }\n}\n";
    assert_eq!(record, expected);
}

#[test]
fn every_spelling_of_the_options_gives_the_same_files() {
    let job = job(trained());
    let spellings: [&[&str]; 4] = [
        &["--model=model.pb", "--outputs=conv/Conv2D:0", "--save_path=out/m", "--record_file=out/r.txt"],
        &[
            "--model",
            "model.pb",
            "--outputs",
            "conv/Conv2D",
            "--save-path",
            "out/m",
            "--record-file",
            "out/r.txt",
        ],
        &["--mod=model.pb", "--out=conv/Conv2D:0", "--save=out/m", "--rec", "out/r.txt"],
        &["--model=model.pb", "--outputs=;conv/Conv2D:0;", "--save_path=./out/m", "--record=out/r.txt"],
    ];
    let mut first: Option<Vec<Vec<u8>>> = None;
    for spelling in spellings {
        let output = job.run(&[&["convert"], spelling].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let files = ["out/m_quantized.pb", "out/m_quant.json", "out/r.txt"];
        let contents = files.map(|file| std::fs::read(job.path(file)).unwrap()).to_vec();
        assert_eq!(first.get_or_insert(contents.clone()), &contents, "{spelling:?}");
    }
}

#[test]
fn several_outputs() {
    let model = trained().node("left", "Relu", &["conv/Conv2D"]).node("right", "Relu6", &["conv/Conv2D"]);
    let job = job(model);
    let output = job.run(&["convert", "--model=model.pb", "--outputs=left:0;right:0", "--save_path=out/m"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let graph = amct::graphdef::load(Path::new(&job.path("out/m_quantized.pb"))).unwrap();
    assert!(graph.find("left").is_some() && graph.find("right").is_some());
}

#[test]
fn inspect_proposes_it() {
    let job = job(trained());
    let output = job.run(&["inspect", "model.pb"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let proposal = "amct convert --model model.pb --outputs \"conv/Conv2D:0\" --save_path outputs/model";
    assert!(text.contains(proposal) && !text.contains("amct calibration"), "{text}");
}

#[test]
fn a_model_without_fake_quantization() {
    let job = job(one_convolution());
    job.assert_refused(
        &convert(&job, &[]),
        &["no FakeQuantWithMinMaxArgs, FakeQuantWithMinMaxVars", "`quantize` or `calibration`"],
    );
}

#[test]
fn a_model_that_is_already_quantized() {
    let job = job(trained());
    convert(&job, &[]);
    std::fs::rename(job.path("out/m_quantized.pb"), job.path("model.pb")).unwrap();
    std::fs::remove_dir_all(job.path("out")).unwrap();
    job.assert_refused(&convert(&job, &[]), &["already quantized", "'conv/act_quant/AscendQuant'"]);
}

#[test]
fn an_output_that_is_not_there() {
    let job = job(trained());
    let output = job.run(&["convert", "--model=model.pb", "--outputs=conv/Conv2d:0", "--save_path=out/m"]);
    job.assert_refused(&output, &["no node 'conv/Conv2d", "'conv/Conv2D'"]);
}

#[test]
fn a_range_that_was_never_trained() {
    let model = trained();
    let mut graph = model.build();
    let mut patch = Patch::new();
    let fake = graph.find("act_quant").unwrap();
    patch.set_attr(fake, "min", AttrValue::F(-1e-6));
    patch.set_attr(fake, "max", AttrValue::F(0.0));
    graph.apply(&patch).unwrap();
    let job = Job::new();
    job.file("model.pb", &amct::graphdef::encode(&graph).unwrap());
    job.assert_refused(
        &convert(&job, &[]),
        &["'act_quant' has the range [-0.000001, 0]", "train until it is set"],
    );
}

#[test]
fn a_range_that_is_fed() {
    let model = Builder::default()
        .placeholder("input", &[-1, 4, 4, 3])
        .node("min", "Placeholder", &[])
        .attr("dtype", float())
        .constant("max", &Tensor::scalar(1.0_f32))
        .node("act_quant", "FakeQuantWithMinMaxVars", &["input", "min", "max"])
        .filter("conv/weights")
        .node("conv/weights_quant", "FakeQuantWithMinMaxArgs", &["conv/weights"])
        .convolution("conv/Conv2D", "act_quant", "conv/weights_quant");
    let job = job(model);
    job.assert_refused(&convert(&job, &[]), &["'act_quant' are not constant", "freeze the graph"]);
}

#[test]
fn layers_that_were_not_trained() {
    let model = Builder::default()
        .placeholder("input", &[-1, 4, 4, 3])
        .filter("conv/weights")
        .node("conv/weights_quant", "FakeQuantWithMinMaxArgs", &["conv/weights"])
        .convolution("conv/Conv2D", "input", "conv/weights_quant");
    let job = job(model);
    job.assert_refused(
        &convert(&job, &[]),
        &[
            "no layer of the model can be quantized",
            "'conv/Conv2D': its input comes from Placeholder 'input'",
        ],
    );
}

#[test]
fn a_record_that_cannot_be_written() {
    let job = job(trained());
    job.file("way", b"in the way");
    let output = convert(&job, &["--record_file=way/record.txt"]);
    job.assert_refused(&output, &["cannot write way/record.txt"]);
}
