//! `config`, and the configuration that `quantize` and `calibration` are given.

use std::path::Path;
use std::process::Output;

use amct_artifacts::config::activation::ALGORITHMS;
use amct_artifacts::config::{ActivationConfig, QuantConfig};
use amct_graph::AttrValue;
use amct_tensor::Tensor;

use crate::builder::{Builder, one_convolution};
use crate::job::Job;

/// An input of 4x4 pixels, two convolutions with a bias each, and a pooling.
fn two_convolutions() -> Builder {
    let biased = |builder: Builder, name: &str, input: &str, values: [f32; 2]| {
        builder.constant(&format!("{name}/biases"), &Tensor::vector(values.to_vec())).node(
            &format!("{name}/Add"),
            "AddV2",
            &[input, &format!("{name}/biases")],
        )
    };
    let weights = Tensor::from_vec([1, 1, 2, 2], vec![1.0_f32, -0.5, 0.25, 2.0]).unwrap();
    let first = Builder::default().placeholder("input", &[-1, 4, 4, 3]).filter("a/weights").convolution(
        "a/Conv2D",
        "input",
        "a/weights",
    );
    let second = biased(first, "a", "a/Conv2D", [1.0, 2.0]).constant("b/weights", &weights).convolution(
        "b/Conv2D",
        "a/Add",
        "b/weights",
    );
    biased(second, "b", "b/Conv2D", [0.5, -1.0]).node("out", "Relu", &["b/Add"])
}

fn read(job: &Job, name: &str) -> String {
    std::fs::read_to_string(job.path(name)).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
fn done(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
}

#[test]
fn the_file_is_that_of_the_job() {
    let job = Job::with_model(two_convolutions());
    let output = job.run(&["config", "--model", "model.pb"]);
    done(&output);
    assert!(stderr(&output).contains("INFO - [AMCT]:[Config]: Generate config file:./config.json success!"));
    assert!(read(&job, "amct_log/amct_tensorflow.log").contains("Generate config file:"));
    assert!(output.stdout.is_empty());
    done(&job.quantize(&[]));
    assert_eq!(read(&job, "config.json"), read(&job, "out/config.json"));
}

#[test]
fn the_file_of_the_shipped_model_is_that_of_the_job() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let model = root.join("model/mobilenetv2_tf.pb");
    let model = model.to_str().unwrap();
    let job = Job::new();
    job.image("images", "a.png");
    done(&job.run(&["config", "--model", model]));
    let quantize = ["quantize", "--model", model, "--calibration", "images", "--save-path", "out/m"];
    done(&job.run(&[&quantize[..], &["--test-image", "none"]].concat()));
    let config = read(&job, "config.json");
    assert_eq!(config, read(&job, "out/config.json"));
    assert_eq!(QuantConfig::from_json(&config).unwrap().layers.len(), 54);
    // Read back, it gives the same job.
    let again = ["--save-path", "again/m", "--config", "config.json", "--test-image", "none"];
    done(&job.run(&[&quantize[..5], &again[..]].concat()));
    for file in ["config.json", "record.txt", "m_quantized.pb", "m_quant.json"] {
        let bytes = |directory: &str| std::fs::read(job.path(&format!("{directory}/{file}"))).unwrap();
        assert!(bytes("out") == bytes("again"), "{file}");
    }
}

#[test]
fn arguments_arrive_in_either_spelling() {
    for [skip, num, offset, file] in [
        ["--skip-layers", "--batch-num", "--no-activation-offset", "--config-file"],
        ["--skip_layers", "--batch_num", "--no_activation_offset", "--config_file"],
    ] {
        let job = Job::with_model(two_convolutions());
        done(&job.run(&[
            "config",
            "--model=model.pb",
            "--output",
            "out:0",
            file,
            "c.json",
            skip,
            "a/Conv2D",
            num,
            "3",
            offset,
        ]));
        let config = QuantConfig::read(job.path("c.json")).unwrap();
        assert_eq!((config.batch_num, config.activation_offset), (3, false));
        let enabled: Vec<bool> = config.layers.values().map(|layer| layer.quant_enable).collect();
        assert_eq!(enabled, [false, true]);
    }
}

#[test]
fn the_algorithm_of_activations_is_an_argument() {
    for algorithm in ALGORITHMS {
        let job = Job::with_model(two_convolutions());
        done(&job.run(&["config", "--model=model.pb", "--act_algo", algorithm.name]));
        done(&job.quantize(&["--act-algo", algorithm.name]));
        assert_eq!(read(&job, "config.json"), read(&job, "out/config.json"));
        let config = QuantConfig::read(job.path("config.json")).unwrap();
        for (name, layer) in &config.layers {
            let expected = ActivationConfig::new(algorithm).with_asymmetric(true);
            assert_eq!(layer.activation, expected, "{name}, {}", algorithm.name);
        }
        // The file says the same.
        let record = read(&job, "out/record.txt");
        done(&job.quantize(&["--config", "config.json"]));
        assert_eq!(read(&job, "out/record.txt"), record, "{}", algorithm.name);
        // So does the simplified one, in which AMCT has names for the first two.
        job.file("q.cfg", format!("common_config {{ {} {{}} }}", algorithm.message).as_bytes());
        done(&job.quantize(&["--config-definition", "q.cfg"]));
        assert_eq!(read(&job, "out/record.txt"), record, "{}", algorithm.name);
    }
    let job = Job::with_model(two_convolutions());
    let plain = |args: &[&str]| {
        done(&job.quantize(args));
        read(&job, "out/record.txt")
    };
    assert_eq!(plain(&[]), plain(&["--act-algo", "ifmr"]));
    assert_ne!(plain(&[]), plain(&["--act-algo", "hfmg"]));

    done(&job.run(&["config", "--model=model.pb"]));
    let both = job.quantize(&["--config", "config.json", "--act-algo", "minmax"]);
    assert_eq!(both.status.code(), Some(2));
    let text = |output: &Output| stderr(output).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text(&both).contains("cannot be used with"), "{}", text(&both));
    let unknown = job.run(&["config", "--model=model.pb", "--act-algo", "kl"]);
    assert_eq!(unknown.status.code(), Some(2));
    let names = "[possible values: ifmr, hfmg, percentile, minmax]";
    assert!(text(&unknown).contains(names), "{}", text(&unknown));
    job.file("q.cfg", b"batch_num: 1");
    let ignored = job.run(&["config", "--model=model.pb", "--act-algo=hfmg", "--config-definition=q.cfg"]);
    done(&ignored);
    assert!(text(&ignored).contains("act_algo is ignored: config_defination q.cfg"), "{}", text(&ignored));
}

#[test]
fn an_existing_file_is_overwritten_with_amcts_warning() {
    let job = Job::with_model(two_convolutions());
    job.file("config.json", b"old");
    let output = job.run(&["config", "--model", "model.pb"]);
    done(&output);
    assert!(
        stderr(&output)
            .contains("The file already exists at ./config.json, and it will be overwritten by AMCT")
    );
    QuantConfig::read(job.path("config.json")).unwrap();
}

#[test]
fn names_that_are_not_in_the_graph_are_refused() {
    let job = Job::with_model(two_convolutions());
    let refused = |args: &[&str], words: &[&str]| {
        let output = job.run(&[&["config", "--model", "model.pb"], args].concat());
        job.assert_refused(&output, words);
        assert!(!job.path("config.json").exists());
    };
    refused(&["--skip-layers", "x"], &["Layer x does not exist in the graph."]);
    refused(&["--skip-layers", "out"], &["Layer out does not support quantization."]);
    refused(&["--skip-layers", "a/Conv2D,b/Conv2D"], &["Except skip_layers, no layer needs to quantize."]);
    refused(&["--batch-num", "0"], &["The batch_num must be greater than zero."]);
    refused(&["--output", "no"], &["'no'"]);
}

#[test]
fn a_definition_takes_the_place_of_arguments() {
    let job = Job::with_model(two_convolutions());
    job.file("q.cfg", b"batch_num: 2\nskip_layers: 'b/Conv2D'\n");
    let definition = ["config", "--model", "model.pb", "--config-definition", "q.cfg"];
    done(&job.run(&definition));
    let expected = read(&job, "config.json");
    let ignored = ["--skip-layers", "a/Conv2D", "--batch-num", "1", "--no-activation-offset"];
    let output = job.run(&[&definition[..], &ignored[..]].concat());
    done(&output);
    assert_eq!(read(&job, "config.json"), expected);
    for argument in ["skip_layers", "batch_num", "activation_offset"] {
        let warning = format!("{argument} is ignored: config_defination q.cfg is given");
        assert!(stderr(&output).contains(&warning), "{}", stderr(&output));
    }
    assert!(expected.contains("\"batch_num\":2"));
}

#[test]
fn a_definition_is_refused_with_its_place() {
    let job = Job::with_model(two_convolutions());
    for (text, words) in [
        ("batch_num: 2\n  batch_nun: 1", "q.cfg:2:3: unknown field \"batch_nun\""),
        ("skip_layers: [\n 'x']", "q.cfg:2:2: Layer x does not exist in the graph."),
        ("skip_fusion_layers: 'out'", "q.cfg:1:1: Skip fusion layer \"out\"'s type not in supported list"),
    ] {
        job.file("q.cfg", text.as_bytes());
        let output = job.run(&["config", "--model", "model.pb", "--config_definition", "q.cfg"]);
        job.assert_refused(&output, &[words]);
        job.assert_refused(&job.quantize(&["--config-definition", "q.cfg"]), &[words]);
    }
}

#[test]
fn what_a_definition_asks_in_vain_is_told() {
    let pool = |builder: Builder| {
        builder
            .node("pool/AvgPool", "AvgPool", &["out"])
            .attr("ksize", AttrValue::ints([1, 2, 2, 1]))
            .attr("strides", AttrValue::ints([1, 2, 2, 1]))
            .attr("padding", AttrValue::string("VALID"))
            .attr("data_format", AttrValue::string("NHWC"))
    };
    let job = Job::with_model(pool(two_convolutions()));
    let warnings = |text: &str, words: &[&str]| {
        job.file("q.cfg", text.as_bytes());
        let output = job.run(&["config", "--model", "model.pb", "--config-definition", "q.cfg"]);
        done(&output);
        let found = stderr(&output);
        assert!(words.iter().all(|words| found.contains(words)), "{found}");
    };
    warnings(
        "common_config { dmq_balancer {} }",
        &["Layer pool/AvgPool does not support dmq_balancer, remove dmq_balancer in config file"],
    );
    assert_eq!(read(&job, "config.json").matches("dmq_balancer_param").count(), 2);
    warnings(
        "common_config { dmq_balancer {} } skip_layer_types: 'Conv2D'",
        &["Except skip_layers or skip_types, no layer in graph support dmq_balancer"],
    );
    warnings("skip_approximation_layers: 'a'", &["1:1: skip_approximation_layers is ignored"]);
    warnings(
        "override_layer_configs { layer_name: 'out' calibration_config {} }",
        &["1:26: the override for layer out is ignored: the layer does not support quant."],
    );
}

#[test]
fn free_sizes_are_asked_for() {
    let model = || {
        Builder::default().placeholder("input", &[-1, -1, -1, 3]).filter("a/weights").convolution(
            "a/Conv2D",
            "input",
            "a/weights",
        )
    };
    let job = Job::with_model(model());
    let output = job.run(&["config", "--model", "model.pb"]);
    job.assert_refused(&output, &["input 'input' has shape [?, ?, ?, 3]", "--input-shape \"input:...\""]);
    done(&job.run(&["config", "--model", "model.pb", "--input_shape", "input:1,8,8,3"]));
}

#[test]
fn a_job_follows_its_configuration() {
    let job = Job::with_model(two_convolutions());
    let text = r#"{"batch_num":2,"a/Conv2D":{"quant_enable":false},
        "b/Conv2D":{"weight_quant_params":{"channel_wise":false}}}"#;
    job.file("c.json", text.as_bytes());
    done(&job.quantize(&["--config", "c.json"]));
    let record = read(&job, "out/record.txt");
    assert_eq!(record.matches("key:").count(), 1);
    assert_eq!((record.contains("b/Conv2D"), record.matches("scale_w").count()), (true, 1));
    let written = QuantConfig::read(job.path("out/config.json")).unwrap();
    assert_eq!(written.batch_num, 2);
    assert_eq!(written.layers["b/Conv2D"].activation.asymmetric, Some(true), "defaults are filled in");

    job.file(
        "q.cfg",
        b"batch_num: 2 skip_layers: 'a/Conv2D' common_config { arq_quantize { channel_wise: false } }",
    );
    done(&job.quantize(&["--config-definition", "q.cfg"]));
    assert_eq!(read(&job, "out/record.txt"), record);
}

#[test]
fn fusion_is_switched_off() {
    let job = Job::with_model(two_convolutions());
    let folded = |config: &str| {
        job.file("c.json", config.as_bytes());
        done(&job.quantize(&["--config", "c.json"]));
        let graph = amct::graphdef::load(&job.path("out/m_quantized.pb")).unwrap();
        ["a/Add", "b/Add"].map(|name| graph.find(name).is_none_or(|id| graph.node(id).op != "AddV2"))
    };
    let layers = r#""a/Conv2D":{},"b/Conv2D":{}"#;
    assert_eq!(folded(&format!("{{{layers}}}")), [true, true]);
    assert_eq!(folded(&format!(r#"{{"do_fusion":false,{layers}}}"#)), [false, false]);
    assert_eq!(folded(&format!(r#"{{"skip_fusion_layers":["a/Conv2D"],{layers}}}"#)), [false, true]);
}

#[test]
fn a_configuration_that_does_not_fit_is_refused_with_its_place() {
    let job = Job::with_model(two_convolutions());
    for (text, words) in [
        ("{\"batch_num\":0}", "c.json:1:2: The batch_num must be greater than zero."),
        ("{\n\"x\":{}}", "c.json:2:1: x is an invalid layer name or parameter."),
        ("{\n\"out\":{}}", "c.json:2:1: layer out does not support quant."),
        (
            "{\"skip_fusion_layers\":[\n\"x\"]}",
            "c.json:2:1: Layer \"x\" in skip_fusion_layers does not exist",
        ),
        ("{}", "c.json: No quant enable layer in quant config file"),
    ] {
        job.file("c.json", text.as_bytes());
        job.assert_refused(&job.quantize(&["--config", "c.json"]), &[words]);
    }
    job.assert_refused(&job.quantize(&["--config", "no.json"]), &["Can not find the config_file at no.json"]);
}

#[test]
fn batch_num_is_the_number_of_batches_used() {
    let job = Job::with_model(one_convolution());
    let record = |further: &[&str], batch_num: u32| {
        job.file("c.json", format!("{{\"batch_num\":{batch_num},\"conv/Conv2D\":{{}}}}").as_bytes());
        done(&job.quantize(&[&["--config", "c.json"], further].concat()));
        read(&job, "out/record.txt")
    };
    done(&job.quantize(&[]));
    let all = read(&job, "out/record.txt");
    assert_eq!(record(&[], 1), all, "without a batch size all images are used");
    assert_eq!(record(&[], 2), all);
    assert_eq!(record(&["--batch-size", "1"], 2), all);
    let output = job.quantize(&["--config", "c.json", "--batch-size", "2"]);
    let words =
        ["The number of given data batches is not enough", "Total batches found: 1, but trying to load: 2"];
    assert_eq!(output.status.code(), Some(2));
    assert!(words.iter().all(|words| stderr(&output).contains(words)), "{}", stderr(&output));
    job.file("c.json", b"{\"batch_num\":3,\"conv/Conv2D\":{}}");
    let output = job.quantize(&["--config", "c.json"]);
    assert!(stderr(&output).contains("Total batches found: 2, but trying to load: 3"), "{}", stderr(&output));
}

#[test]
fn what_excludes_each_other() {
    let job = Job::with_model(one_convolution());
    job.file("c.json", b"{\"conv/Conv2D\":{}}");
    job.file("q.cfg", b"batch_num: 1");
    let (json, cfg) = (["--config", "c.json"], ["--config-definition", "q.cfg"]);
    let num = ["--batch-num", "1"];
    for args in [[json, cfg].concat(), [json, num].concat(), [cfg, num].concat()] {
        let output = job.quantize(&args);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("cannot be used with"), "{}", stderr(&output));
    }
    let calibration = calibration(&job, &["--calibration_config", "q.cfg", "--batch_num", "1"]);
    assert_eq!(calibration.status.code(), Some(2));
    assert!(stderr(&calibration).contains("cannot be used with"), "{}", stderr(&calibration));
}

fn calibration(job: &Job, further: &[&str]) -> Output {
    let args = [
        "calibration",
        "--model=model.pb",
        "--outputs=conv/Conv2D:0",
        "--input_shape=input:1,4,4,3",
        "--data_dir=bins",
        "--data_types=float32",
        "--save_path=out/m",
    ];
    job.run(&[&args[..], further].concat())
}

#[test]
fn calibration_takes_a_definition() {
    let job = Job::with_model(one_convolution());
    for (file, last) in [("bins/0.bin", 1.0_f32), ("bins/1.bin", 4.0)] {
        let floats: Vec<u8> = (0..48).flat_map(|i| (i as f32 / 48.0 * last).to_le_bytes()).collect();
        job.file(file, &floats);
    }
    done(&calibration(&job, &[]));
    let first = read(&job, "out/record.txt");
    for spelling in ["--calibration_config", "--calibration-config"] {
        job.file("q.cfg", b"batch_num: 2 activation_offset: false");
        done(&calibration(&job, &[spelling, "q.cfg"]));
        let both = read(&job, "out/record.txt");
        assert!(both != first && both.contains("offset_d: 0\n"), "{both}");
        assert!(read(&job, "out/config.json").contains("\"batch_num\":2"));
    }
    job.file("q.cfg", b"batch_num: 3");
    let output = calibration(&job, &["--calibration_config", "q.cfg"]);
    assert!(stderr(&output).contains("Total batches found: 2, but trying to load: 3"), "{}", stderr(&output));
    job.file("q.cfg", b"\n batch_num: 0");
    let output = calibration(&job, &["--calibration_config", "q.cfg"]);
    assert!(stderr(&output).contains("q.cfg:2:2: The batch_num must be greater than zero."));
}
