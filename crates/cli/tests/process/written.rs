//! Files with something odd about them: what is written passes `verify`, or nothing is written.

use std::path::Path;

use amct_graph::Graph;

use crate::job::Job;

/// A job on a model of `tests/golden/graphs`, with its input as one raw batch, calibrated.
fn calibrated(name: &str) -> (Job, Graph) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/graphs");
    let job = Job::new();
    job.file("model.pb", &std::fs::read(golden.join(format!("{name}.pb"))).unwrap());
    let input = amct_dataset::read_npy(golden.join(format!("{name}.input.npy"))).unwrap();
    let floats: Vec<u8> = input.as_slice::<f32>().unwrap().iter().flat_map(|v| v.to_le_bytes()).collect();
    job.file("bins/0.bin", &floats);
    let output = job.run(&[
        "calibration",
        "--model=model.pb",
        "--outputs=out:0",
        "--input_shape=input:2,13,13,3",
        "--data_dir=bins",
        "--data_types=float32",
        "--save_path=out/m",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let graph = amct::graphdef::load(&job.path("out/m_quantized.pb")).unwrap();
    (job, graph)
}

fn assert_verified(job: &Job) {
    for original in [&[][..], &["--original", "model.pb"]] {
        let verified = job.run(&[&["verify", "out/m_quantized.pb"], original].concat());
        assert_eq!(verified.status.code(), Some(0), "{verified:?}");
        let text = String::from_utf8(verified.stdout).unwrap();
        assert!(text.contains(": 0 violation(s), 0 warning(s), "), "{text}");
    }
    let converted =
        job.run(&["convert-model", "--model=model.pb", "--record=out/record.txt", "--save-path=again/m"]);
    assert_eq!(converted.status.code(), Some(0), "{converted:?}");
    let files =
        ["out/m_quantized.pb", "again/m_quantized.pb"].map(|file| std::fs::read(job.path(file)).unwrap());
    assert_eq!(files[0], files[1], "a record without data gives the same");
}

#[test]
fn a_library_that_nobody_calls_is_not_written() {
    let (job, graph) = calibrated("leftover_library");
    assert!(!amct::graphdef::load(&job.path("model.pb")).unwrap().meta().functions.is_empty());
    assert_eq!((graph.meta().library.is_some(), graph.meta().functions.len()), (false, 0));
    assert_verified(&job);
}

#[test]
fn rank_and_channels_of_an_input_are_written_where_the_file_lacks_them() {
    let (job, graph) = calibrated("unknown_rank");
    let input = graph.node(graph.find("input").unwrap());
    let shape = input.attributes().shape("shape").unwrap().unwrap();
    assert_eq!(shape.sizes(), Some(vec![None, None, None, Some(3)]));
    assert_verified(&job);
    // Another batch and another size are as good as before.
    job.image("images", "a.png");
    let run = job.run(&["run", "out/m_quantized.pb", "--input", "images/a.png", "--size", "9x5"]);
    assert_eq!(run.status.code(), Some(0), "{run:?}");
}
