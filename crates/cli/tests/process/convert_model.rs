//! `convert-model`: a record applied to a model, and each record that is refused.

use std::process::Output;

use amct_graph::{AttrValue, FuncAttr, Graph, TensorLiteral};
use amct_tensor::Tensor;
use amct_tensor::quantization::DeqScale;

use crate::builder::{Builder, deep, one_convolution};
use crate::job::{Job, SAVE_PATH};

/// The factors of `conv/Conv2D`, two output channels.
const CONV: &str = "scale_d: 0.05 offset_d: -128 scale_w: 0.01 scale_w: 0.02 offset_w: 0 offset_w: 0";

fn record(key: &str, value: &str) -> String {
    format!("record {{ key: \"{key}\" value {{ {value} }} }}\n")
}

fn convert(job: &Job, record: &str) -> Output {
    job.file("record.txt", record.as_bytes());
    job.run(&["convert-model", "--model=model.pb", "--record=record.txt", "--save-path", SAVE_PATH])
}

#[track_caller]
fn converted(model: Builder, record: &str) -> (Job, Graph) {
    let job = Job::with_model(model);
    let output = convert(&job, record);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    assert_eq!(job.results(), ["m_quant.json", "m_quantized.pb"], "and no config.json");
    let graph = amct::graphdef::load(&job.path("out/m_quantized.pb")).unwrap();
    (job, graph)
}

#[track_caller]
fn refused_by(model: Builder, record: &str, words: &[&str]) {
    let job = Job::with_model(model);
    job.assert_refused(&convert(&job, record), words);
}

#[track_caller]
fn refused(record: &str, words: &[&str]) {
    refused_by(one_convolution(), record, words);
}

#[track_caller]
fn node<'g>(graph: &'g Graph, name: &str) -> &'g amct_graph::Node {
    graph.node(graph.find(name).unwrap_or_else(|| panic!("no node '{name}'")))
}

fn words(graph: &Graph, name: &str) -> Vec<DeqScale> {
    let tensor = graph.constant(graph.outlet(name).unwrap()).unwrap().unwrap();
    tensor.as_slice::<u64>().unwrap().iter().map(|&word| DeqScale::from_bits(word)).collect()
}

#[test]
fn a_record_is_applied_without_calibration() {
    let (job, graph) = converted(one_convolution(), &record("conv/Conv2D", CONV));
    let quant = &node(&graph, "conv/act_quant/AscendQuant").attrs;
    assert_eq!((&quant["scale"], &quant["offset"]), (&AttrValue::F(1.0 / 0.05), &AttrValue::F(-128.0)));
    let expected = [0.01, 0.02].map(|scale_w| DeqScale::new(0.05, scale_w));
    assert_eq!(words(&graph, "conv/dequant/deq_scale"), expected);
    let log = std::fs::read_to_string(job.path("amct_log/amct_tensorflow.log")).unwrap();
    assert!(log.contains("[save_model]: The model is saved in out/m_quantized.pb"), "{log}");
    let verified = job.run(&["verify", "out/m_quantized.pb", "--original", "model.pb"]);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
    let run = job.run(&["run", "out/m_quantized.pb", "--input", "images/a.png"]);
    assert_eq!(run.status.code(), Some(0), "{run:?}");
}

#[test]
fn the_record_of_a_job_gives_the_model_of_the_job() {
    let job = Job::with_model(deep());
    assert_eq!(job.quantize(&[]).status.code(), Some(0));
    let record = std::fs::read_to_string(job.path("out/record.txt")).unwrap();
    let (other, _) = converted(deep(), &record);
    for file in ["out/m_quantized.pb", "out/m_quant.json"] {
        assert_eq!(
            std::fs::read(other.path(file)).unwrap(),
            std::fs::read(job.path(file)).unwrap(),
            "{file}"
        );
    }
}

#[test]
fn amcts_spelling_and_a_named_output() {
    let job = Job::with_model(one_convolution());
    job.file("r.txt", record("conv/Conv2D", CONV).as_bytes());
    let output = job.run(&[
        "convert_model",
        "--model=model.pb",
        "--outputs=conv/Conv2D:0",
        "--record_file=r.txt",
        "--save_path=out/m",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let graph = amct::graphdef::load(&job.path("out/m_quantized.pb")).unwrap();
    assert_eq!(node(&graph, "conv/Conv2D").op, "Identity", "the name is that of the float value");
}

#[test]
fn batch_norm_is_folded_unless_the_record_says_skip_fusion() {
    let (_, folded) = converted(deep(), &record("conv/Conv2D", CONV));
    assert_eq!(folded.find("bn"), None);
    let (_, kept) = converted(deep(), &record("conv/Conv2D", &format!("{CONV} skip_fusion: true")));
    assert_eq!(node(&kept, "bn").op, "FusedBatchNormV3");
    // An entry without factors says so of a layer that stays float.
    let pooling = record("mean/AvgPool", "scale_d: 0.05 offset_d: -128");
    let (_, kept) = converted(deep(), &(pooling + &record("conv/Conv2D", "skip_fusion: true")));
    assert_eq!(node(&kept, "bn").op, "FusedBatchNormV3");
    assert_eq!(kept.find("conv/act_quant/AscendQuant"), None);
    assert!(kept.find("mean/act_quant/AscendQuant").is_some());
}

#[test]
fn a_tensor_is_quantized_by_itself() {
    let text = record("conv/Conv2D", CONV) + &record("pool/MaxPool:0", "scale_d: 0.1 offset_d: 5");
    let (job, graph) = converted(deep(), &text);
    let anti = &node(&graph, "pool/anti_quant/AscendAntiQuant").attrs;
    assert_eq!((&anti["scale"], &anti["offset"]), (&AttrValue::F(0.1), &AttrValue::F(-5.0)));
    let verified = job.run(&["verify", "out/m_quantized.pb", "--original", "model.pb"]);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
}

#[test]
fn fp16_precision_cuts_the_words() {
    let value = format!("{CONV} fakequant_precision_mode: \"FORCE_FP16_QUANT\"");
    let (_, graph) = converted(one_convolution(), &record("conv/Conv2D", &value));
    let expected = [0.01, 0.02].map(|scale_w| DeqScale::new(0.05, scale_w).truncated());
    assert_eq!(words(&graph, "conv/dequant/deq_scale"), expected);
}

#[test]
fn a_record_that_is_not_there() {
    let job = Job::with_model(one_convolution());
    let args = ["convert-model", "--model=model.pb", "--record=none.txt", "--save-path=out/m"];
    job.assert_refused(&job.run(&args), &["Can not find the record_file at none.txt"]);
}

#[test]
fn a_file_that_is_no_record() {
    let text = "the record_file cannot be parsered, please ensure it matches with scale_offset_record.proto!";
    refused("{\"version\": 1}", &["record.txt: ", text, "1:1"]);
    refused(&record("conv/Conv2D", "scale_e: 1"), &[text, "unknown field \"scale_e\""]);
    refused(&record("conv/Conv2D", "offset_d: 1.5"), &[text, "offset_d is 1.5"]);
}

#[test]
fn a_record_without_factors() {
    let text = "record_file is empty, no layers to be quantized. \
                Please ensure calibration is finished by checking information!";
    refused("", &[text]);
    refused(&record("conv/Conv2D", "skip_fusion: true"), &[text]);
}

#[test]
fn an_entry_without_key_or_value() {
    refused("record { value { scale_d: 1 } }", &["Cannot find \"key\" in record file."]);
    refused("record { key: \"conv/Conv2D\" }", &["cannot find 'value' in conv/Conv2D in record_file."]);
}

#[test]
fn a_key_that_is_not_in_the_model() {
    for key in ["conv/Conv2d", "conw:0"] {
        let text = format!("find {key} failure in model.pb. Please match model.pb and the record file.");
        refused(&record(key, "scale_d: 1 offset_d: 0"), &[&text]);
    }
    let text = record("conv/Conv2D", CONV) + &record("conw", "skip_fusion: true");
    refused(&text, &["find conw failure in model.pb."]);
}

#[test]
fn a_node_that_is_no_layer() {
    let pair = "scale_d: 1 offset_d: 0";
    refused_by(deep(), &record("relu", pair), &["layer relu cannot be quantized (its type is Relu)"]);
    refused_by(deep(), &record("relu:0", pair), &["layer relu:0 cannot be quantized (its type is Relu)"]);
    refused_by(deep(), &record("pool/MaxPool", pair), &["layer pool/MaxPool cannot be quantized"]);
    refused_by(deep(), &record("pool/MaxPool:1", pair), &["tensor 'pool/MaxPool:1'", "has 1 inputs"]);
}

#[test]
fn a_layer_that_the_outputs_do_not_need() {
    let job = Job::with_model(deep());
    job.file("record.txt", record("mean/AvgPool", "scale_d: 1 offset_d: 0").as_bytes());
    let output = job.run(&[
        "convert-model",
        "--model=model.pb",
        "--output=relu",
        "--record=record.txt",
        "--save-path=out/m",
    ]);
    job.assert_refused(&output, &["layer mean/AvgPool cannot be quantized", "no requested output needs it"]);
}

#[test]
fn layer_types_that_convert_model_does_not_take() {
    let tensor = |shape: &[usize]| Tensor::full(shape.to_vec(), 0.5_f32).unwrap();
    let value = "scale_d: 0.05 offset_d: 0 scale_w: 0.01 offset_w: 0";
    let volume = || {
        Builder::default()
            .placeholder("input", &[-1, 4, 4, 4, 3])
            .constant("w", &tensor(&[1, 1, 1, 3, 2]))
            .node("vol/Conv3D", "Conv3D", &["input", "w"])
            .attr("strides", AttrValue::ints([1, 1, 1, 1, 1]))
            .attr("padding", AttrValue::string("SAME"))
    };
    let only =
        "convert_model quantizes Conv2D, DepthwiseConv2dNative, Conv2DBackpropInput, MatMul and AvgPool only";
    refused_by(
        volume(),
        &record("vol/Conv3D", value),
        &["layer vol/Conv3D cannot be quantized (its type is Conv3D;", only],
    );
    let product = Builder::default().placeholder("input", &[-1, 4, 3]).constant("w", &tensor(&[3, 2])).node(
        "fc/BatchMatMulV2",
        "BatchMatMulV2",
        &["input", "w"],
    );
    refused_by(product, &record("fc/BatchMatMulV2", value), &["its type is BatchMatMulV2;", only]);
    let dilated = |op: &str, weights: &[usize]| {
        Builder::default()
            .placeholder("input", &[-1, 4, 4, 3])
            .constant("sizes", &Tensor::vector(vec![1_i32, 4, 4, 3]))
            .constant("w", &tensor(weights))
            .node(
                "layer",
                op,
                if op == "DepthwiseConv2dNative" { &["input", "w"] } else { &["sizes", "w", "input"] },
            )
            .attr("strides", AttrValue::ints([1, 1, 1, 1]))
            .attr("padding", AttrValue::string("SAME"))
            .attr("data_format", AttrValue::string("NHWC"))
            .attr("dilations", AttrValue::ints([1, 2, 2, 1]))
    };
    refused_by(
        dilated("DepthwiseConv2dNative", &[3, 3, 3, 1]),
        &record("layer", value),
        &["layer layer cannot be quantized", "its dilations are [1, 2, 2, 1]", "only without dilation"],
    );
    // The only layer there is, so that nothing is left to quantize.
    refused_by(
        dilated("Conv2DBackpropInput", &[3, 3, 3, 3]),
        &record("layer", value),
        &["no layer of the model can be quantized", "'layer': its dilations are [1, 2, 2, 1]"],
    );
}

#[test]
fn factors_that_are_missing_or_too_many() {
    let conv = |value: &str, words: &[&str]| refused(&record("conv/Conv2D", value), words);
    let check = "of layer conv/Conv2D in record_file, please check data calibration process!";
    conv("offset_d: 0 scale_w: 1 offset_w: 0", &["cannot find scale_d ", check]);
    conv("scale_d: 1 scale_w: 1 offset_w: 0", &["cannot find offset_d ", check]);
    conv("scale_d: 1 offset_d: 0", &["cannot find scale_w of layer conv/Conv2D in record_file"]);
    conv("scale_d: 1 offset_d: 0 scale_w: 1", &["cannot find offset_w of layer conv/Conv2D in record_file"]);
    conv(
        "scale_d: 1 offset_d: 0 scale_w: 1 scale_w: 1 scale_w: 1 offset_w: 0 offset_w: 0 offset_w: 0",
        &[
            "scale_w's length, offset_w's length(3) should be equal to the 2 when channel_wise be True.",
            "Cannot support to quantize conv/Conv2D",
        ],
    );
    let pool = record("mean/AvgPool", "scale_d: 1 offset_d: 0 scale_w: 1 offset_w: 0");
    refused_by(deep(), &pool, &["find undesirable scale_w of layer mean/AvgPool in record_file"]);
    let pool = record("mean/AvgPool", "scale_d: 1 offset_d: 0 tensor_balance_factor: 1");
    refused_by(
        deep(),
        &pool,
        &["tensor_balance_factor is not support, please delete tensor_balance_factor of layer mean/AvgPool"],
    );
}

#[test]
fn shift_bits_are_not_supported() {
    let text = "shift_bit is not support, please delete shift_bit of layer conv/Conv2D in record_file";
    refused(&record("conv/Conv2D", &format!("{CONV} shift_bit: 1 shift_bit: 1")), &[text]);
    refused(&record("conv/Conv2D", &format!("{CONV} shift_bit: 0 shift_bit: 0")), &[text]);
}

#[test]
fn values_out_of_range() {
    let with = |more: &str, words: &[&str]| refused(&record("conv/Conv2D", &format!("{CONV} {more}")), words);
    let layer = "in layer conv/Conv2D";
    with("offset_d: 128", &["offset_d's value should be in [-128, 127]", layer]);
    with("scale_d: 0", &["scale_d's value shoule be in positivate range of float32", layer]);
    with("scale_d: inf", &["scale_d's value shoule be in positivate range of float32", layer]);
    with("act_type: \"INT16\"", &["Do not support act_type INT16 in record file"]);
    with("wts_type: \"INT4\"", &["Do not support wts_type INT4 in record file"]);
    with("dst_type: \"INT4\"", &["Do not support dst_type INT4 in record file"]);
    with(
        "fakequant_precision_mode: \"FP16\"",
        &["Do not support fakequant_precision_mode FP16 in record file"],
    );
    with("cluster: 1", &["The length of cluster center is 16 or 32, but is 1"]);
    let value = "scale_d: 1 offset_d: 0 scale_w: 1 offset_w: 1";
    refused(&record("conv/Conv2D", value), &["offset_w's value should be 0", layer]);
    let value = "scale_d: 1 offset_d: 0 scale_w: nan offset_w: 0";
    refused(&record("conv/Conv2D", value), &["scale_w's value shoule be in positivate range", layer]);
}

#[test]
fn features_that_would_be_lost() {
    let with = |more: &str, words: &[&str]| refused(&record("conv/Conv2D", &format!("{CONV} {more}")), words);
    with(&"cluster: 1 ".repeat(16), &["layer 'conv/Conv2D' has cluster", "no non-uniform quantization"]);
    with("prune_producer: \"a\"", &["layer 'conv/Conv2D' has prune_producer", "no pruning"]);
    with("prune_consumer: \"a\"", &["layer 'conv/Conv2D' has prune_consumer", "no pruning"]);
}

#[test]
fn a_bias_beyond_int32() {
    let value = "scale_d: 1e-5 offset_d: 0 scale_w: 1e-5 offset_w: 0";
    refused_by(
        deep(),
        &record("conv/Conv2D", value),
        &["Quantized bias of layer \"conv/Conv2D\" exceed int32 range", "please add it to skip layer."],
    );
}

#[test]
fn a_model_that_is_already_quantized_is_refused_with_its_nodes() {
    let (job, _) = converted(one_convolution(), &record("conv/Conv2D", CONV));
    let output = job.run(&[
        "convert-model",
        "--model=out/m_quantized.pb",
        "--record=record.txt",
        "--save-path=again/m",
    ]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    for name in
        ["conv/act_quant/AscendQuant", "conv/weight_quant/AscendWeightQuant", "conv/dequant/AscendDequant"]
    {
        assert!(stderr.contains(&format!("'{name}'")), "{stderr}");
    }
    assert!(stderr.contains("already quantized") && stderr.contains("give the original float model"));
    assert!(!job.path("again").exists());
}

#[test]
fn an_output_or_a_place_that_is_not_there() {
    let job = Job::with_model(one_convolution());
    job.file("record.txt", record("conv/Conv2D", CONV).as_bytes());
    let run = |output: &str, save_path: &str| {
        job.run(&["convert-model", "--model=model.pb", "--record=record.txt", "--output", output, save_path])
    };
    job.assert_refused(&run("conv/Conv", "--save-path=out/m"), &["no node 'conv/Conv'"]);
    job.assert_refused(&run("conv/Conv2D", "--save-path=out/.."), &["prefix{..} is invalid"]);
    job.file("out", b"in the way");
    let output = run("conv/Conv2D", "--save-path=out/m");
    job.assert_refused(&output, &["cannot write out/m_quant.json", "another save path"]);
}

#[test]
fn what_atc_would_not_take_is_not_written() {
    let conv = &record("conv/Conv2D", CONV);
    let function = AttrValue::Func(FuncAttr { name: "net".to_owned(), ..FuncAttr::default() });
    let call = one_convolution().node("call", "PartitionedCall", &["conv/Conv2D"]).attr("f", function);
    refused_by(
        call,
        conv,
        &["rule 1", "call: found a call of the function 'net'", "it is not written", "change it there"],
    );

    let twice =
        TensorLiteral { content: vec![0; 4].into(), ..TensorLiteral::encode(&Tensor::scalar(1.0_f32)) };
    let twice =
        one_convolution().constant("one", &Tensor::scalar(1.0_f32)).attr("value", AttrValue::tensor(twice));
    refused_by(
        twice.node("end", "Maximum", &["conv/Conv2D", "one"]),
        conv,
        &["rule 4", "one: found float_val and tensor_content"],
    );

    let pool = deep().placeholder("free", &[-1, 4, 4, -1]).node("pooled", "AvgPool", &["free"]);
    let pool = pool
        .attr("ksize", AttrValue::ints([1, 2, 2, 1]))
        .attr("strides", AttrValue::ints([1, 1, 1, 1]))
        .attr("padding", AttrValue::string("VALID"))
        .node("end", "Relu", &["pooled"]);
    let job = Job::with_model(pool);
    job.file("record.txt", record("pooled", "scale_d: 0.05 offset_d: -128").as_bytes());
    let output = job.run(&[
        "convert-model",
        "--model=model.pb",
        "--record=record.txt",
        "--save-path",
        SAVE_PATH,
        "--output=end",
    ]);
    job.assert_refused(
        &output,
        &["rule 17", "free: found shape [?, 4, 4, ?], expected known rank and channels"],
    );
}
