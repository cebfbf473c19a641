//! Automatic calibration of the shipped model.

use amct::amct_api::accuracy_based_auto_calibration;
use amct::auto::evaluators::Sqnr;
use amct::auto::{AutoCalibration, AutoReport, EvaluationImages, Limit, Stop, Verdict};
use amct::data::ImageBatches;
use amct::model::Model;
use amct::pipeline::{self, Outputs, PrepareOptions};
use amct::signature;
use amct_artifacts::auto_calibration::{FINAL_CONFIG_FILE, RANKING_FILE};
use amct_graph::Graph;
use amct_interpreter::Arithmetic;

use crate::sample::{copy_images, image_input, normalization};
use crate::support::shipped_model;

/// The report, and names and contents of all files.
type Found = (AutoReport, Vec<(String, Vec<u8>)>);

/// At least 23 dB, over two images.
fn search(original: &Graph, batch_size: usize, threads: usize) -> Found {
    let directory = tempfile::tempdir().unwrap();
    let images = directory.path().join("images");
    std::fs::create_dir(&images).unwrap();
    copy_images(2, &images);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let names = signature::outputs(original, &[]).unwrap();
        let input = image_input(original, &names);
        let files = amct_dataset::list_images(&images).unwrap().images;
        let judged = EvaluationImages::load(files, &input, normalization(), Stop::default()).unwrap();
        let model = Model::new(original, &names, Arithmetic::Integer).unwrap();
        let evaluator = Sqnr::new(model, judged, Limit::Relative(0.005)).unwrap();
        let images = ImageBatches::load(&images, &input, normalization(), Some(batch_size), None).unwrap();
        let prepared =
            pipeline::prepare(original, &names, &PrepareOptions::default(), Some(&images)).unwrap();
        let config = pipeline::default_config(&prepared, 1, true).unwrap();
        let out = directory.path().join("out");
        let outputs = Outputs::new(out.join("m").to_str().unwrap()).unwrap();
        let log = out.clone();
        let job = AutoCalibration::new(original, &prepared, &config, &images, &outputs, &evaluator);
        let job = AutoCalibration { log_directory: &log, ..job };
        let report = accuracy_based_auto_calibration(job).unwrap();
        let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(&out)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
            .collect();
        files.sort();
        (report, files)
    })
}

#[test]
fn a_target_is_met_by_giving_layers_back_and_nothing_depends_on_threads_or_batch_size() {
    let original = shipped_model();
    let (report, files) = search(&original, 1, 2);
    assert_eq!(report.verdict, Verdict::Met);
    let kept = report.kept.clone().unwrap();
    assert!(!kept.rolled_back.is_empty() && kept.quantized + kept.rolled_back.len() == 54, "{kept:?}");
    let result = kept.result.unwrap();
    assert!(result.satisfied && result.metric > report.global.unwrap(), "{report:?}");

    let file = |name: &str| &files.iter().find(|(found, _)| found == name).unwrap().1;
    let quantized = amct::graphdef::decode(file("m_quantized.pb").clone()).unwrap();
    let output = signature::outputs(&original, &[]).unwrap();
    assert_eq!(amct_rewrite::verify(&quantized, Some(&original), &output), []);
    let ranking: Vec<(String, f64)> = serde_json::from_slice(file(RANKING_FILE)).unwrap();
    let worst: Vec<&String> = ranking.iter().map(|(name, _)| name).take(kept.rolled_back.len()).collect();
    assert!(kept.rolled_back.iter().all(|layer| worst.contains(&layer)), "the most sensitive are given back");
    let config: serde_json::Value = serde_json::from_slice(file(FINAL_CONFIG_FILE)).unwrap();
    let float = ranking.iter().filter(|(name, _)| config[name]["quant_enable"] == false).count();
    assert_eq!(float, kept.rolled_back.len());

    let again = search(&original, 2, 1);
    assert_eq!(again.0, report);
    for ((name, found), (_, expected)) in again.1.iter().zip(&files) {
        assert!(found == expected, "{name} differs with a batch of 2 on one thread");
    }
}
