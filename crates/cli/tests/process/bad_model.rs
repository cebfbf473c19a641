//! Models that cannot be quantized.

use amct_graph::AttrValue;
use amct_tensor::Tensor;

use crate::builder::{Builder, one_convolution};
use crate::job::Job;

fn refused_file(contents: &[u8], words: &[&str]) {
    let job = Job::with_model(one_convolution());
    job.file("model.pb", contents);
    job.assert_refused(&job.quantize(&[]), &[&["model 'model.pb'"], words].concat());
}

#[track_caller]
fn refused(model: Builder, further: &[&str], words: &[&str]) {
    let job = Job::with_model(model);
    job.assert_refused(&job.quantize(further), words);
}

#[test]
fn a_truncated_model() {
    let bytes = one_convolution().encode();
    refused_file(&bytes[..bytes.len() - 10], &["cut short"]);
}

#[test]
fn an_empty_model() {
    refused_file(b"", &["the file is empty"]);
}

#[test]
fn a_model_that_is_no_protobuf() {
    refused_file(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x08", &["frozen .pb graphs"]);
}

#[test]
fn a_text_model() {
    refused_file(
        b"node {\n  name: \"input\"\n  op: \"Placeholder\"\n}\n",
        &["text GraphDef", "as_text=False"],
    );
}

#[test]
fn a_missing_model() {
    let job = Job::with_model(one_convolution());
    std::fs::remove_file(job.path("model.pb")).unwrap();
    job.assert_refused(&job.quantize(&[]), &["cannot read the model 'model.pb'"]);
}

#[test]
fn an_output_that_is_not_there() {
    refused(
        one_convolution(),
        &["--output", "conv/Conv2d"],
        &["no node 'conv/Conv2d'", "nearest names are 'conv/Conv2D'"],
    );
}

#[test]
fn operators_that_nobody_has() {
    let model = one_convolution()
        .node("first", "Frobnicate", &["conv/Conv2D"])
        .node("second", "Frobnicate", &["first"])
        .node("third", "Twiddle", &["second"]);
    refused(
        model,
        &[],
        &["Frobnicate (node 'first' and 1 other node)", "Twiddle (node 'third')", "rewritten"],
    );
}

#[test]
fn a_model_that_is_already_quantized() {
    let model = Builder::default()
        .placeholder("input", &[-1, 4, 4, 3])
        .node("conv/act_quant/AscendQuant", "AscendQuant", &["input"])
        .attr("scale", AttrValue::F(1.0))
        .attr("offset", AttrValue::F(0.0))
        .filter("conv/weights")
        .convolution("conv/Conv2D", "conv/act_quant/AscendQuant", "conv/weights");
    refused(
        model,
        &[],
        &["already quantized", "'conv/act_quant/AscendQuant'", "give the original float model"],
    );
}

#[test]
fn a_model_of_quantization_aware_training() {
    let model = Builder::default()
        .placeholder("input", &[-1, 4, 4, 3])
        .node("act_quant", "FakeQuantWithMinMaxArgs", &["input"])
        .filter("conv/weights")
        .convolution("conv/Conv2D", "act_quant", "conv/weights");
    refused(model, &[], &["quantization-aware training", "'act_quant'", "use `convert`"]);
}

#[test]
fn a_batch_norm_in_training() {
    let channel = Tensor::vector(vec![1.0_f32, 1.0]);
    let model = one_convolution()
        .constant("scale", &channel)
        .constant("shift", &channel)
        .constant("mean", &channel)
        .constant("variance", &channel)
        .node("bn", "FusedBatchNormV3", &["conv/Conv2D", "scale", "shift", "mean", "variance"])
        .attr("is_training", AttrValue::B(true));
    refused(model, &[], &["is_training", "'bn'", "freeze the graph"]);
}

#[test]
fn weights_that_are_computed_from_the_input() {
    let model = Builder::default()
        .placeholder("input", &[1, 4, 4, 3])
        .constant("shape", &Tensor::vector(vec![1_i32, 1, 3, 16]))
        .node("weights", "Reshape", &["input", "shape"])
        .convolution("conv/Conv2D", "input", "weights");
    refused(model, &[], &["no layer of the model can be quantized", "'conv/Conv2D'", "not constant"]);
}

#[test]
fn a_model_without_layers() {
    let model = Builder::default().placeholder("input", &[-1, 4, 4, 3]).node("relu", "Relu", &["input"]);
    refused(model, &[], &["no layer of the model can be quantized", "has no Conv2D"]);
}

#[test]
fn several_outputs() {
    let model =
        one_convolution().node("left", "Relu", &["conv/Conv2D"]).node("right", "Relu6", &["conv/Conv2D"]);
    refused(model, &[], &["2 possible outputs", "'left', 'right'", "--output"]);
}

#[test]
fn several_inputs() {
    let model = one_convolution().placeholder("other", &[-1, 4, 4, 2]).node(
        "sum",
        "AddV2",
        &["conv/Conv2D", "other"],
    );
    refused(model, &[], &["2 inputs", "'input', 'other'", "calibration"]);
}

#[test]
fn an_input_that_is_no_image() {
    let model = Builder::default()
        .placeholder("input", &[-1, 12])
        .constant("weights", &Tensor::full([12, 2], 1.0_f32).unwrap())
        .node("fc", "MatMul", &["input", "weights"]);
    refused(model, &[], &["input 'input' has shape [?, 12]", "RGB images"]);
}

#[test]
fn a_size_that_contradicts_the_graph() {
    refused(one_convolution(), &["--size", "5x4"], &["'input' takes images of 4x4", "but 5x4 was asked for"]);
}
