//! `amct auto`: what it leaves, however it ends.
#![cfg(unix)]

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use amct_graph::AttrValue;
use amct_tensor::Tensor;

use crate::builder::Builder;
use crate::job::{Job, SAVE_PATH};

const FILES: [&str; 6] = [
    "accuracy_based_auto_calibration_final_config.json",
    "accuracy_based_auto_calibration_ranking_information.json",
    "config.json",
    "m_quant.json",
    "m_quantized.pb",
    "record.txt",
];
const HISTORY: &str = "amct_log/accuracy_based_auto_calibration_record.json";

/// Two layers; the output is a row of five classes.
fn classifier() -> Builder {
    classifier_of(-1)
}

/// The same with a batch size.
fn classifier_of(batch: i64) -> Builder {
    let weights: Vec<f32> = (0..160).map(|index| ((index * 37 % 101) as f32 - 50.0) / 50.0).collect();
    Builder::default()
        .placeholder("input", &[batch, 4, 4, 3])
        .filter("first/weights")
        .convolution("first/Conv2D", "input", "first/weights")
        .node("first/Relu", "Relu", &["first/Conv2D"])
        .constant("logits/weights", &Tensor::from_vec([4, 4, 2, 5], weights).unwrap())
        .convolution("logits/Conv2D", "first/Relu", "logits/weights")
        .attr("padding", AttrValue::string("VALID"))
}

/// With an evaluator that prints the lines of `metrics`, one a call, after noting the call.
fn with_metrics(metrics: &str) -> Job {
    let job = Job::with_model(classifier());
    job.file("metrics", metrics.as_bytes());
    job.file(
        "judge.sh",
        b"test -s \"$1\" || exit 9\n\
          echo call >> calls\n\
          line=$(sed -n \"$(wc -l < calls)p\" metrics)\n\
          case $line in\n\
          hang) exec sleep 600 ;;\n\
          fail) echo 'no validation data' >&2; exit 3 ;;\n\
          *) echo \"accuracy: $line\" ;;\n\
          esac\n",
    );
    job
}

const JUDGE: [&str; 2] = ["--evaluator", "sh judge.sh {model}"];

fn arguments<'a>(further: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["auto", "--model", "model.pb", "--calibration", "images", "--save-path", SAVE_PATH];
    args.extend(further);
    args
}

fn auto(job: &Job, further: &[&str]) -> Output {
    job.run(&arguments(further))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn read(job: &Job, name: &str) -> String {
    std::fs::read_to_string(job.path(name)).unwrap()
}

/// The objects of the history, which stand one behind the other.
fn history(job: &Job) -> Vec<serde_json::Value> {
    let text = read(job, HISTORY);
    serde_json::Deserializer::from_str(&text).into_iter().map(|object| object.unwrap()).collect()
}

#[track_caller]
fn assert_verifies(job: &Job) {
    let verified = job.run(&["verify", "out/m_quantized.pb", "--original", "model.pb"]);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
}

/// How many layers the quantized model has.
fn quantized_layers(job: &Job) -> usize {
    let graph = amct::graphdef::load(&job.path("out/m_quantized.pb")).unwrap();
    graph.nodes().filter(|(_, node)| node.op == "AscendDequant").count()
}

/// Checks that the log has these texts in this order.
#[track_caller]
fn assert_in_order(log: &str, texts: &[&str]) {
    let mut rest = log;
    for text in texts {
        let at = rest.find(text).unwrap_or_else(|| panic!("'{text}' is not in the rest of the log: {rest}"));
        rest = &rest[at + text.len()..];
    }
}

#[test]
fn a_model_that_loses_little_is_quantized_whole() {
    let job = Job::with_model(classifier());
    let output = auto(&job, &["--metric", "sqnr", "--max-loss", "5%"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(job.results(), FILES);
    assert_verifies(&job);
    assert_eq!(quantized_layers(&job), 2);
    assert_eq!(read(&job, "out/config.json"), read(&job, &format!("out/{}", FILES[0])));
    let ranking: Vec<(String, f64)> =
        serde_json::from_str(&read(&job, &format!("out/{}", FILES[1]))).unwrap();
    let names: Vec<&str> = ranking.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"first/Conv2D") && names.contains(&"logits/Conv2D") && names.len() == 2);
    assert!(ranking.iter().all(|(_, similarity)| (0.9..=1.0).contains(similarity)), "{ranking:?}");
    let history = history(&job);
    assert_eq!(history.len(), 1);
    assert_eq!(history[0]["roll_back_config"]["first/Conv2D"], true);
    assert_eq!(history[0]["metric_eval"][0], true);
    assert_in_order(
        &read(&job, "amct_log/amct_tensorflow.log"),
        &[
            "[AMCT]:[AMCT]: The model satisfy the requirement after all layers are quantized, automatic calibration succeed!",
            "[AMCT]:[AMCT]: Accuracy of original model is inf",
            "[AMCT]:[AMCT]: Accuracy of global quantized model is ",
            "[AMCT]:[AMCT]: Accuracy of saved model is ",
            "[AMCT]:[AMCT]: The generated model is stored in dir: out",
            "[AMCT]:[AMCT]: The records file is stored in dir: out",
        ],
    );
}

#[test]
fn layers_that_the_configuration_leaves_out_stay_out() {
    let job = with_metrics("100\n99.5\n");
    let configured = job.run(&["config", "--model", "model.pb", "--skip-layers", "first/Conv2D"]);
    assert_eq!(configured.status.code(), Some(0), "{configured:?}");
    let output = auto(&job, &[JUDGE[0], JUDGE[1], "--config", "config.json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(read(&job, "out/config.json"), read(&job, "config.json"));
    let ranking: Vec<(String, f64)> =
        serde_json::from_str(&read(&job, &format!("out/{}", FILES[1]))).unwrap();
    let names: Vec<&str> = ranking.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["logits/Conv2D"]);
    assert_eq!(quantized_layers(&job), 1);

    job.file("short.cfg", b"batch_num: 1\nskip_layers: 'logits/Conv2D'\n");
    std::fs::remove_file(job.path("calls")).unwrap();
    let output = auto(&job, &[JUDGE[0], JUDGE[1], "--config-definition", "short.cfg"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(!read(&job, "out/record.txt").contains("logits/Conv2D"));
}

#[test]
fn the_most_sensitive_layer_is_given_back() {
    let job = with_metrics("100\n90\n99.5\n");
    let output = auto(&job, &JUDGE);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(job.results(), FILES);
    assert_verifies(&job);
    assert_eq!(quantized_layers(&job), 1);
    let ranking: Vec<(String, f64)> =
        serde_json::from_str(&read(&job, &format!("out/{}", FILES[1]))).unwrap();
    let worst = &ranking[0].0;
    let stdout = text(&output.stdout);
    for line in ["saved model:                99.5", "layers quantized:           1 of 2"] {
        assert!(stdout.lines().any(|found| found == line), "{stdout}");
    }
    assert!(stdout.contains(&format!("layers left float:          {worst}")), "{stdout}");
    let enabled = |file: &str| -> bool {
        let config: serde_json::Value = serde_json::from_str(&read(&job, &format!("out/{file}"))).unwrap();
        config[worst]["quant_enable"].as_bool().unwrap()
    };
    assert!(enabled("config.json"), "config.json is the configuration before layers are given back");
    assert!(!enabled(FILES[0]));
    assert!(!read(&job, "out/record.txt").contains(worst.as_str()));
    let verdicts: Vec<_> = history(&job).iter().map(|record| record["metric_eval"].clone()).collect();
    assert_eq!(verdicts, [serde_json::json!([false, 10.0]), serde_json::json!([true, 0.5])]);
    assert_in_order(
        &read(&job, "amct_log/amct_tensorflow.log"),
        &[
            "******************** fine search step 1 ********************",
            "quant layers:",
            &format!("[('{worst}', False), ("),
            "metric_eval: (True, 0.5)",
            "Fine search finish, automatic calibration succeed!",
            "accuracy based auto calibration search record:",
            "metric_eval: (False, 10.0)",
            "metric_eval: (True, 0.5)",
            "Accuracy of original model is 100.0",
            "Accuracy of global quantized model is 90.0",
            "Accuracy of saved model is 99.5",
        ],
    );
}

#[test]
fn an_unmet_target_is_exit_code_1_and_leaves_the_best_model() {
    let job = with_metrics("100\n80\n90\n");
    let output = auto(&job, &JUDGE);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(job.results(), FILES);
    assert_verifies(&job);
    // The second one is better than the first, and the third would have no layer.
    assert_eq!(quantized_layers(&job), 1);
    let history = history(&job);
    assert_eq!(history.len(), 3);
    let last = history[2]["roll_back_config"].as_object().unwrap();
    assert!(last.len() == 2 && last.values().all(|quantized| quantized == false));
    assert_eq!(history[2]["metric_eval"], serde_json::json!([true, 0.0]));
    assert_in_order(
        &text(&output.stderr),
        &[
            "Fine search finish, automatic calibration succeed!",
            "No quantized model are generated due to all quant layers are roll backed, the accuracy target may be too difficult to achieve.",
            "WARNING - [AMCT]:[AMCT]: The accuracy target is not met. The best model found so far, with 1 layers rolled back and an accuracy of 90.0, is left in dir: out",
        ],
    );
}

#[test]
fn an_original_model_that_does_not_satisfy_is_refused_in_amcts_words() {
    // Not even the model itself is like this one, whose output is NaN.
    let weights = Tensor::full([1, 1, 3, 2], 0.5_f32).unwrap();
    let model = Builder::default()
        .placeholder("input", &[-1, 4, 4, 3])
        .constant("weights", &weights)
        .convolution("conv/Conv2D", "input", "weights")
        .constant("nan", &Tensor::full([1], f32::NAN).unwrap())
        .node("sum", "AddV2", &["conv/Conv2D", "nan"]);
    let job = Job::with_model(model);
    let output = auto(&job, &["--metric", "sqnr"]);
    job.assert_refused(
        &output,
        &["Compare between original_accuracy and original_accuracy can not satisfy the acc requirement, please check the metric_eval() function."],
    );
}

#[test]
fn an_evaluator_that_fails_is_an_error_with_its_stderr() {
    let job = with_metrics("fail\n");
    job.assert_refused(
        &auto(&job, &JUDGE),
        &["'sh judge.sh {model}' failed with exit status: 3", "no validation data"],
    );
    let job = with_metrics("100\nfail\n");
    let output = auto(&job, &JUDGE);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_verifies(&job);
    assert_in_order(&text(&output.stderr), &["The search failed.", "not known yet", "no validation data"]);
}

#[test]
fn an_evaluator_must_take_a_model_and_print_a_number() {
    let job = with_metrics("none\n");
    job.assert_refused(&auto(&job, &JUDGE), &["printed no finite number", "accuracy: none"]);
    for (command, words) in [
        ("sh judge.sh model.pb", "write {model} in its place"),
        ("./missing {model}", "cannot start the evaluator './missing {model}'"),
        ("sh 'judge.sh {model}", "does not end"),
    ] {
        job.assert_refused(&auto(&job, &["--evaluator", command]), &[words]);
    }
}

#[test]
fn labelled_images_are_counted() {
    let job = Job::with_model(classifier());
    job.file("images/labels.txt", b"a.png 0\nb.png 1\n");
    // Both images are the same, so just one of them can be right; among five of five classes both are.
    let output = auto(&job, &["--metric", "top5"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stdout).contains("original model:             100\n"), "{output:?}");
    let predicted = job.run(&["run", "model.pb", "--input", "images/a.png"]);
    let stdout = text(&predicted.stdout);
    let class = stdout.lines().find_map(|line| line.trim().strip_prefix("arg-max: ")).unwrap().to_owned();
    let other = if class == "0" { "1" } else { "0" };
    job.file("images/labels.txt", format!("a.png {class}\nb.png {other}\n").as_bytes());
    let output = auto(&job, &["--max-loss", "100"]);
    assert!(text(&output.stdout).contains("original model:             50\n"), "{output:?}");
}

#[test]
fn without_labels_the_float_model_is_the_judge() {
    let job = Job::with_model(classifier());
    let output = auto(&job, &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stdout).contains("original model:             100\n"), "{output:?}");
}

#[test]
fn images_of_another_directory_may_judge_and_those_without_label_are_told() {
    let job = Job::with_model(classifier());
    for name in ["c.png", "d.png", "e.png"] {
        job.image("judge", name);
    }
    job.file("judge/labels.txt", b"e.png 0\nd.png 0\n");
    let output = auto(&job, &["--evaluation", "judge", "--metric", "top5"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(
        text(&output.stderr).contains("1 images of 'judge' have no label and judge nothing"),
        "{output:?}"
    );
}

#[test]
fn a_graph_of_a_fixed_batch_judges_every_image_once() {
    let job = Job::with_model(classifier_of(3));
    job.image("images", "c.png");
    job.image("images", "d.png");
    let predicted = job.run(&["run", "model.pb", "--input", "images/a.png"]);
    let stdout = text(&predicted.stdout);
    let class = stdout.lines().find_map(|line| line.trim().strip_prefix("arg-max: ")).unwrap();
    let class: usize = class.parse::<usize>().unwrap() % 5;
    let other = (class + 1) % 5;
    // All images are the same, and the fourth is alone in its batch.
    let labels = format!("a.png {class}\nb.png {class}\nc.png {other}\nd.png {class}\n");
    job.file("images/labels.txt", labels.as_bytes());
    let output = auto(&job, &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stdout).contains("original model:             75\n"), "{output:?}");
}

#[test]
fn errors_in_labels_name_file_and_line() {
    let job = Job::with_model(classifier());
    for (labels, words) in [
        (&b"a.png 0\nb.png\n"[..], "images/labels.txt:2: 'b.png' has no class"),
        (b"a.png 0\n\nc.png 0\n", "images/labels.txt:3: there is no image 'c.png'"),
        (b"a.png 0\nb.png 5\n", "images/labels.txt:2: class 5 is not one of the model's 5 classes"),
    ] {
        job.file("images/labels.txt", labels);
        job.assert_refused(&auto(&job, &[]), &[words]);
    }
    std::fs::remove_file(job.path("images/labels.txt")).unwrap();
    job.assert_refused(&auto(&job, &["--metric", "top1"]), &["no images/labels.txt", "'FILE CLASS'"]);
}

#[test]
fn losses_and_outputs_that_do_not_fit_the_metric_are_refused() {
    let job = Job::with_model(classifier());
    job.assert_refused(
        &auto(&job, &["--metric", "sqnr", "--max-loss", "0.5"]),
        &["0.5 has no '%'", "1% is 20 dB"],
    );
    job.assert_refused(
        &auto(&job, &["--metric", "agreement", "--output", "first/Relu"]),
        &["'first/Relu' is float32 of shape [2, 4, 4, 2]", "--metric sqnr"],
    );
    let output = auto(&job, &["--max-loss=-1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("'-1' is not a loss"), "{output:?}");
}

/// Runs until the evaluator has been called so many times, then sends SIGINT.
fn interrupt_at_call(job: &Job, calls: usize) -> Output {
    let child = Command::new(env!("CARGO_BIN_EXE_amct"))
        .args(arguments(&JUDGE))
        .current_dir(job.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let called = || std::fs::read_to_string(job.path("calls")).map_or(0, |calls| calls.lines().count());
    while called() < calls {
        assert!(begun.elapsed() < Duration::from_secs(120), "the evaluator is not called");
        std::thread::sleep(Duration::from_millis(5));
    }
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    child.wait_with_output().unwrap()
}

#[test]
fn an_interrupted_search_leaves_the_best_model_so_far() {
    let job = with_metrics("100\n90\nhang\n");
    let output = interrupt_at_call(&job, 3);
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(job.results(), FILES);
    assert_verifies(&job);
    assert_eq!(quantized_layers(&job), 2, "the one with all layers, since no other was evaluated");
    assert_eq!(history(&job).len(), 1);
    assert!(text(&output.stdout).contains("saved model:                90\n"), "{output:?}");
    assert_in_order(
        &text(&output.stderr),
        &[
            "WARNING - [AMCT]:[AMCT]: Interrupted. The best model found so far, with 0 layers rolled back and an accuracy of 90.0, is left in dir: out",
        ],
    );
}

#[test]
fn a_model_is_left_even_if_the_first_one_was_not_evaluated() {
    let job = with_metrics("100\nhang\n");
    let output = interrupt_at_call(&job, 2);
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_verifies(&job);
    assert_eq!(read(&job, HISTORY), "");
    assert!(text(&output.stderr).contains("an accuracy of not known yet"), "{output:?}");
}

#[test]
fn an_interruption_before_there_is_a_model_leaves_none_and_says_so() {
    let job = with_metrics("hang\n");
    let output = interrupt_at_call(&job, 1);
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(job.results(), [""; 0]);
    assert!(text(&output.stderr).contains("Interrupted. There was no quantized model yet"), "{output:?}");
}
