//! `amct compare`: a quantized model beside its float model, and dumps beside each other.

use amct_dataset::{read_npy, write_npy};
use amct_tensor::Tensor;
use serde_json::Value;

use crate::builder::{deep, one_convolution};
use crate::job::Job;
use crate::quantized;

const QUANTIZED: &str = "out/m_quantized.pb";
const NO_LIMITS: [&str; 10] = [
    "--min-cosine",
    "none",
    "--max-relative-euclidean",
    "none",
    "--max-kl",
    "none",
    "--max-rmse",
    "none",
    "--max-mean-relative",
    "none",
];

fn job() -> Job {
    let job = Job::with_model(deep());
    assert_eq!(job.quantize(&[]).status.code(), Some(0));
    job
}

/// Exit code, stdout and stderr.
fn compare(job: &Job, args: &[&str]) -> (i32, String, String) {
    let output = job.run(&[&["compare"], args].concat());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn models<'a>(further: &[&'a str]) -> Vec<&'a str> {
    [&["model.pb", QUANTIZED, "--input", "images"], further].concat()
}

fn json(job: &Job, args: &[&str]) -> Value {
    let (_, stdout, stderr) = compare(job, args);
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout} {stderr}"))
}

fn columns(csv: &str) -> Vec<Vec<String>> {
    csv.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn layers_outputs_and_nodes_are_told() {
    let job = job();
    let (code, stdout, stderr) = compare(&job, &models(&NO_LIMITS));
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    for words in ["outputs, over 2 input(s)", "quantized layers, the worst first", "conv/Conv2D", "inherit%"]
    {
        assert!(stdout.contains(words), "{words}: {stdout}");
    }
    assert!(stdout.ends_with("all are within the thresholds\n"), "{stdout}");
    let found = json(&job, &models(&["--format", "json"]));
    let layers = found["comparison"]["layers"].as_array().unwrap();
    let names: Vec<&str> = layers.iter().map(|layer| layer["layer"].as_str().unwrap()).collect();
    assert_eq!(names, ["conv/Conv2D", "mean/AvgPool"]);
    for layer in layers {
        let split = &layer["split"];
        let shares = ["inherited", "clipping", "rounding", "weights"]
            .map(|part| split[part]["share"].as_f64().unwrap());
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-6, "{layer}");
    }
    // An AvgPool has no weights.
    assert!(layers[1]["split"]["weights"]["share"].as_f64().unwrap().abs() < 1e-3, "{layers:?}");
    assert_eq!(found["comparison"]["inputs"], 2);
}

#[test]
fn the_file_of_nodes_is_taken_from_beside_the_model_and_changes_nothing_here() {
    let job = job();
    let csv = |further: &[&str]| compare(&job, &models(&[&["--format", "csv"], further].concat())).1;
    let found = csv(&[]);
    assert_eq!(csv(&["--quant-json", "none"]), found);
    assert_eq!(csv(&["--quant-json", "out/m_quant.json"]), found);
    assert_eq!(csv(&["--threads", "1"]), found);
    let head = "Index,OpType,NPUDump,DataType,GroundTruth,DataType,TensorIndex,Shape,CosineSimilarity,\
        MaxAbsoluteError,AccumulatedRelativeError,RelativeEuclideanDistance,KullbackLeiblerDivergence,\
        StandardDeviation,MeanAbsoluteError,RootMeanSquareError,MaxRelativeError,MeanRelativeError,CompareFailReason";
    assert_eq!(found.lines().next(), Some(head));
    // The float model's batch norm is what the layer's dequantized output stands for.
    let row = found.lines().find(|line| line.contains("AscendDequant,conv/dequant/AscendDequant")).unwrap();
    assert!(row.contains(",float32,bn,float32,conv/dequant/AscendDequant:output:0,"), "{row}");
    // Another model's is refused.
    job.file("other.json", br#"{"name":"other","graph":[{"op":[{"name":"x","type":"Relu"}]}]}"#);
    let (code, _, stderr) = compare(&job, &models(&["--quant-json", "other.json"]));
    assert_eq!(code, 2);
    assert!(stderr.contains("is another model's"), "{stderr}");
}

#[test]
fn thresholds_set_the_exit_code() {
    let job = job();
    let with = |further: &[&str]| compare(&job, &models(&[&NO_LIMITS, further].concat()));
    assert_eq!(with(&[]).0, 0);
    assert_eq!(with(&["--min-sqnr", "5"]).0, 0);
    let (code, stdout, _) = with(&["--min-sqnr", "200"]);
    assert_eq!(code, 1);
    assert!(stdout.contains("beyond the thresholds, the first in order") && stdout.contains("by sqnr_db"));
    let found = json(&job, &models(&["--format", "json", "--max-rmse", "0"]));
    assert_eq!(found["thresholds"]["rmse"], 0.0);
    assert_eq!(found["thresholds"]["cosine"], 0.99, "as msaccucmp's adviser");
    let beyond = found["beyond"].as_array().unwrap();
    assert!(
        beyond.iter().any(|node| node["measures"].as_array().unwrap().contains(&"rmse".into())),
        "{found}"
    );
    let (code, _, stderr) = compare(&job, &models(&["--max-kl", "much"]));
    assert_eq!(code, 2);
    assert!(stderr.contains("'much' is not a number or \"none\""), "{stderr}");
}

#[test]
fn dumps_are_compared_as_the_models_are() {
    let job = job();
    let dump = |model: &str, to: &str, further: &[&str]| {
        let output = job.run(&[&["run", model, "--input", "images/a.png", "--dump", to], further].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    };
    dump("model.pb", "float", &[]);
    dump(QUANTIZED, "int8", &[]);
    let of_models = compare(&job, &["model.pb", QUANTIZED, "--input", "images/a.png", "--format", "csv"]).1;
    let of_dumps = compare(&job, &["float", "int8", "--quant-json", "out/m_quant.json", "--format", "csv"]).1;
    let end = |csv: &str, node: &str| {
        let row =
            columns(csv).into_iter().find(|row| row[2] == node).unwrap_or_else(|| panic!("{node} in {csv}"));
        row[row.len() - 11..].to_vec()
    };
    for (node, file) in [
        ("conv/dequant/AscendDequant", "conv_dequant_AscendDequant"),
        ("pool/MaxPool", "pool_MaxPool"),
        ("relu", "relu"),
    ] {
        assert_eq!(end(&of_models, node), end(&of_dumps, file), "{node}");
    }
    // Without the file only what kept its name is compared.
    assert!(compare(&job, &["float", "int8", "--format", "csv"]).1.contains("there is no array of"));
}

#[test]
fn integers_are_compared_in_lsb() {
    let job = job();
    for to in ["golden", "device"] {
        let args = ["run", QUANTIZED, "--input", "images/a.png", "--dump", to, "--dump-integers"];
        assert_eq!(job.run(&args).status.code(), Some(0));
    }
    let file = job.path("device/conv_act_quant_AscendQuant.0.1000000000000000.npy");
    let array = read_npy(&file).unwrap();
    let mut values = array.as_slice::<i8>().unwrap().to_vec();
    let moved = values.iter().position(|&q| q < 127).unwrap();
    values[moved] += 1;
    std::fs::remove_file(&file).unwrap();
    // Named as msaccucmp names what it converts from the dump of a device.
    let converted = "device/AscendQuant.conv_act_quant_AscendQuant.3.16000000.output.0.NHWC.npy";
    write_npy(job.path(converted), &Tensor::from_vec(array.shape(), values.clone()).unwrap()).unwrap();
    let found = json(&job, &["golden", "device", "--format", "json"]);
    let nodes = found["comparison"]["nodes"].as_array().unwrap();
    let node = |name: &str| nodes.iter().find(|node| node["node"] == name).unwrap();
    let lsb = &node("conv_act_quant_AscendQuant")["lsb"];
    assert_eq!((lsb["largest"].as_u64(), lsb["count"].as_u64()), (Some(1), Some(values.len() as u64)));
    assert_eq!(
        (lsb["differences"][9].as_u64(), lsb["differences"][8].as_u64()),
        (Some(1), Some(values.len() as u64 - 1))
    );
    assert_eq!(node("conv_Conv2D")["lsb"]["largest"], 0, "sums of int32");
    assert!(node("relu")["lsb"].is_null());
    let (_, table, _) = compare(&job, &["golden", "device"]);
    assert!(table.contains("LSB  0: ") && table.contains("at most 1)"), "{table}");
}

#[test]
fn what_cannot_be_compared_is_refused_by_name() {
    let job = job();
    let refused = |args: &[&str], words: &[&str]| {
        let (code, _, stderr) = compare(&job, args);
        assert_eq!(code, 2, "{args:?}: {stderr}");
        assert!(words.iter().all(|word| stderr.contains(word)), "{stderr}");
    };
    refused(&["model.pb", "model.pb", "--input", "images"], &["holds no quantized layer"]);
    refused(&["model.pb", "images"], &["'model.pb' and 'images' are a model and a directory"]);
    refused(&["images", "images"], &["'images' holds no .npy file named NODE.SLOT.TIME.npy"]);
    refused(&["model.pb", QUANTIZED], &["data/calibration"]);
    refused(&models(&["--output", "nothing"]), &["nothing"]);
    refused(&["model.pb", QUANTIZED, "--input", "other=images"], &["'other'", "input"]);
    refused(&["model.pb", QUANTIZED, "--input", "images", "--input", "images/a.png"], &["'input'", "twice"]);
    let output = job.run(&["run", "model.pb", "--input", "images"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("a run takes one, `amct compare` many"));
    one_convolution().write(&job.path("small.pb"));
    refused(&["small.pb", QUANTIZED, "--input", "images"], &["no value of the one has a counterpart"]);
    job.file("a/x.0.1.npy", b"no array");
    job.file("b/x.0.1.npy", b"no array");
    refused(&["a", "b"], &["a/x.0.1.npy"]);
    job.file("a/mapping.csv", b"nonsense\n");
    refused(&["a", "b"], &["mapping.csv', line 1"]);
    write_npy(job.path("c.npy"), &Tensor::vector(vec![1.0_f32])).unwrap();
    std::fs::create_dir(job.path("c")).unwrap();
    std::fs::create_dir(job.path("d")).unwrap();
    std::fs::copy(job.path("c.npy"), job.path("c/x.0.1.npy")).unwrap();
    write_npy(job.path("d/x.0.1.npy"), &Tensor::vector(vec![1.0_f32, 2.0])).unwrap();
    refused(&["c", "d"], &["'x:0' has shape [2], but its counterpart 'x:0' has [1]"]);
    std::fs::rename(job.path("d/x.0.1.npy"), job.path("d/y.0.1.npy")).unwrap();
    refused(&["c", "d"], &["no value of the one has a counterpart"]);
}

/// A device runs the layer in float, so nothing of it is an error of int8.
#[test]
fn a_compiled_model_is_compared_as_it_runs() {
    let job = quantized::job(quantized::three_layers(2.0), [0.3, -0.1]);
    job.file("om.json", include_bytes!("../../../../tests/golden/compiled/three_layers_om.json"));
    let names = |further: &[&str]| {
        let args = [&["float.pb", "m.pb", "--input", "x.npy", "--format", "json"], further].concat();
        let layers = json(&job, &args)["comparison"]["layers"].clone();
        layers
            .as_array()
            .unwrap()
            .iter()
            .map(|layer| layer["layer"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    std::fs::copy(job.path("m.pb"), job.path("float.pb")).unwrap();
    assert_eq!(names(&[]), ["stem/Conv2D", "a/Conv2D", "b/Conv2D"]);
    assert_eq!(names(&["--om-json", "om.json"]), ["a/Conv2D", "b/Conv2D"]);
    assert_eq!(names(&["--semantics", "npu-910", "--no-rollback"]).len(), 3);
    // All three have one channel.
    let args = ["compare", "float.pb", "m.pb", "--input", "x.npy", "--semantics", "npu-910"];
    job.assert_refused(&job.run(&args), &["gives all 3 quantized layer(s)", "--no-rollback"]);
}

/// A device's dump: the fused node has the names of all its parts, and what it gives is told by the compiled
/// model.
#[test]
fn the_dump_of_a_device_is_found_through_the_compiled_model() {
    let job = job();
    let args = ["run", "model.pb", "--input", "images/a.png", "--dump", "float"];
    assert_eq!(job.run(&args).status.code(), Some(0));
    let bn = read_npy(job.path("float/bn.0.1000000000000000.npy")).unwrap();
    std::fs::create_dir(job.path("device")).unwrap();
    let fused = "conv/Conv2Dconv/dequant/AscendDequant";
    let file = "device/Conv2D.conv_Conv2Dconv_dequant_AscendDequant.4.2.1600000000000000.output.0.NHWC.npy";
    write_npy(job.path(file), &bn).unwrap();
    let om = serde_json::json!({ "name": "m", "graph": [{ "op": [{
        "name": fused,
        "type": "Conv2D",
        "attr": [{
            "key": "_datadump_original_op_names",
            "value": { "list": { "s": ["conv/Conv2D", "conv/dequant/AscendDequant"] } },
        }],
        "output_desc": [{ "attr": [
            { "key": "_datadump_origin_name", "value": { "s": "conv/dequant/AscendDequant" } },
            { "key": "_datadump_origin_output_index", "value": { "i": 0 } },
        ] }],
    }] }] });
    job.file("om.json", om.to_string().as_bytes());
    let args =
        ["float", "device", "--om-json", "om.json", "--quant-json", "out/m_quant.json", "--format", "json"];
    let found = json(&job, &args);
    let node = &found["comparison"]["nodes"][0];
    assert_eq!((node["reference"].as_str(), node["errors"]["cosine"].as_f64()), (Some("bn:0"), Some(1.0)));
    assert_eq!(node["op"], "Conv2D");
}
