//! `AMCT_ISA`: an instruction set that there is changes no byte, any other is refused.

use std::process::Output;

use amct::Isa;

use crate::builder::one_convolution;
use crate::job::{Job, SAVE_PATH};

fn quantize(job: &Job, isa: &str) -> Output {
    let arguments = ["quantize", "--model", "model.pb", "--save-path", SAVE_PATH, "--calibration", "images"];
    job.command(&arguments).args(["--test-image", "none"]).env(Isa::VARIABLE, isa).output().unwrap()
}

#[test]
fn a_name_that_there_is_not_is_refused() {
    let job = Job::with_model(one_convolution());
    let words =
        ["variable AMCT_ISA", "'avx521'", "accepted are generic, avx2, avx-vnni, avx512", "this CPU has"];
    job.assert_refused(&quantize(&job, "avx521"), &words);
    let inspect = job.command(&["inspect", "model.pb"]).env(Isa::VARIABLE, "AVX2").output().unwrap();
    job.assert_refused(&inspect, &["variable AMCT_ISA", "'AVX2'"]);
}

#[test]
fn one_that_the_cpu_lacks_is_refused() {
    let job = Job::with_model(one_convolution());
    for name in ["avx2", "avx-vnni", "avx512"] {
        if Isa::available().all(|isa| isa.name() != name) {
            let lacks = format!("this CPU lacks the instruction set '{name}'");
            job.assert_refused(&quantize(&job, name), &["variable AMCT_ISA", &lacks, "it has generic"]);
        }
    }
}

#[test]
fn those_of_the_cpu_give_the_same_bytes() {
    let written = |isa: &str| {
        let job = Job::with_model(one_convolution());
        let output = quantize(&job, isa);
        assert!(output.status.success(), "{isa}: {}", String::from_utf8_lossy(&output.stderr));
        let results = job.results();
        let files = results.iter().map(|name| std::fs::read(job.path(&format!("out/{name}"))).unwrap());
        files.collect::<Vec<Vec<u8>>>()
    };
    // Empty is as good as unset.
    let expected = written("");
    assert!(expected.len() >= 4);
    for isa in Isa::available() {
        assert!(written(isa.name()) == expected, "{}", isa.name());
    }
}

#[test]
fn the_help_is_shown_all_the_same() {
    let output = Job::new().command(&["--help"]).env(Isa::VARIABLE, "avx521").output().unwrap();
    assert!(output.status.success() && !output.stdout.is_empty());
}
