//! `amct run --dump`: every node's output in files for comparison tools.

use amct_dataset::read_npy;
use amct_tensor::{DType, Tensor};

use crate::builder::{deep, one_convolution};
use crate::job::Job;

const TIME: &str = "1000000000000000";

fn files(job: &Job, directory: &str) -> Vec<String> {
    let entries = std::fs::read_dir(job.path(directory)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn dumped(job: &Job, directory: &str, node: &str) -> Tensor {
    read_npy(job.path(&format!("{directory}/{node}.0.{TIME}.npy"))).unwrap()
}

fn run(job: &Job, model: &str, further: &[&str]) -> String {
    let output = job.run(&[&["run", model, "--input", "images/a.png"], further].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_node_has_its_file() {
    let job = Job::with_model(deep());
    let stdout = run(&job, "model.pb", &["--dump", "float"]);
    assert_eq!(stdout, "11 arrays are in float\n");
    let names: Vec<String> = files(&job, "float")
        .into_iter()
        .map(|name| name.strip_suffix(&format!(".0.{TIME}.npy")).unwrap().to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "bn",
            "conv_Conv2D",
            "conv_weights",
            "input",
            "mean",
            "mean_AvgPool",
            "pool_MaxPool",
            "relu",
            "scale",
            "shift",
            "variance"
        ]
    );
    // A node that a layer would take in has its own value all the same, which is what a run gives.
    run(&job, "model.pb", &["--output", "bn=bn.npy"]);
    assert_eq!(dumped(&job, "float", "bn"), read_npy(job.path("bn.npy")).unwrap());
    assert!(dumped(&job, "float", "bn").shape().ends_with(&[2]), "channels last");
}

#[test]
fn a_quantized_model_is_dumped_as_tensorflow_would() {
    let job = Job::with_model(one_convolution());
    assert_eq!(job.quantize(&[]).status.code(), Some(0));
    run(&job, "out/m_quantized.pb", &["--dump", "whole"]);
    let [quant, sums, real] = ["act_quant_AscendQuant", "Conv2D_quantized", "dequant_AscendDequant"]
        .map(|part| dumped(&job, "whole", &format!("conv_{part}")));
    for tensor in [&quant, &sums, &real] {
        assert_eq!(tensor.dtype(), DType::F32);
    }
    let integers = |tensor: &Tensor| tensor.as_slice::<f32>().unwrap().iter().all(|x| x.fract() == 0.0);
    assert!(integers(&quant) && integers(&sums) && !integers(&real));
    run(&job, "out/m_quantized.pb", &["--simulate", "--dump", "simulated"]);
    assert_eq!(files(&job, "whole"), files(&job, "simulated"));
    assert_eq!(dumped(&job, "simulated", "conv_Conv2D_quantized"), sums);
    assert_eq!(dumped(&job, "simulated", "conv_act_quant_AscendQuant"), quant);
}

#[test]
fn some_nodes_may_be_named() {
    let job = Job::with_model(deep());
    run(&job, "model.pb", &["--dump", "some", "--dump-nodes", "*/Conv2D,relu"]);
    assert_eq!(files(&job, "some"), [format!("conv_Conv2D.0.{TIME}.npy"), format!("relu.0.{TIME}.npy")]);
}

#[test]
fn what_would_mislead_a_comparison_is_refused() {
    let job = Job::with_model(deep());
    run(&job, "model.pb", &["--dump", "float"]);
    let refused = |further: &[&str], words: &[&str]| {
        let output = job.run(&[&["run", "model.pb", "--input", "images/a.png"], further].concat());
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    };
    refused(&["--dump", "float"], &["'float' holds arrays already", "give an empty directory"]);
    refused(&["--dump", "new", "--dump-nodes", "nothing"], &["'nothing' fits no node"]);
    refused(&["--dump-nodes", "relu"], &["--dump"]);
    refused(&["--dump", "model.pb"], &["cannot use the directory 'model.pb'"]);
}
