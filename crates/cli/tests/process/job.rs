//! One run of the executable in a directory of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::builder::Builder;

/// Where the results go.
pub(crate) const SAVE_PATH: &str = "out/m";

pub(crate) struct Job {
    directory: TempDir,
}

impl Job {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    /// With `model.pb` and a directory `images` of two images.
    pub(crate) fn with_model(model: Builder) -> Self {
        let job = Self::new();
        model.write(&job.path("model.pb"));
        job.image("images", "a.png");
        job.image("images", "b.png");
        job
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, contents: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, contents).unwrap();
        path
    }

    pub(crate) fn image(&self, directory: &str, name: &str) {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/images/tall.png");
        self.file(&format!("{directory}/{name}"), &std::fs::read(source).unwrap());
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amct"));
        command.args(args).current_dir(self.directory.path());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// `amct quantize` on `model.pb` and `images`, with further arguments.
    pub(crate) fn quantize(&self, further: &[&str]) -> Output {
        let mut args = vec!["quantize", "--model", "model.pb", "--save-path", SAVE_PATH];
        if !further.contains(&"--calibration") {
            args.extend(["--calibration", "images"]);
        }
        args.extend(["--test-image", "none"]);
        args.extend(further);
        self.run(&args)
    }

    /// `amct calibration` on `model.pb` and raw batches; the output is the convolution.
    pub(crate) fn calibrate(&self, input_shape: &str, data_dir: &str, batch_num: &str) -> Output {
        self.run(&[
            "calibration",
            "--model=model.pb",
            "--outputs=conv/Conv2D:0",
            "--input_shape",
            input_shape,
            "--data_dir",
            data_dir,
            "--data_types=float32",
            "--save_path",
            SAVE_PATH,
            "--batch_num",
            batch_num,
        ])
    }

    /// The names of the results, sorted; none if there is no output directory.
    pub(crate) fn results(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path("out")) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The one error of a run that failed without leaving a result; every one of `words` is in it.
    #[track_caller]
    pub(crate) fn assert_refused(&self, output: &Output, words: &[&str]) {
        let stderr = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(!stderr.contains("panicked") && !stderr.contains("RUST_BACKTRACE"), "{stderr}");
        let errors: Vec<&str> = stderr.lines().filter(|line| line.starts_with("ERROR")).collect();
        assert_eq!(errors.len(), 1, "{stderr}");
        for word in words {
            assert!(errors[0].contains(word), "no \"{word}\" in: {}", errors[0]);
        }
        assert_eq!(stderr.lines().last(), Some(errors[0]), "the error comes last");
        assert!(output.stdout.is_empty(), "nothing was done, so nothing is reported");
        assert_eq!(self.results(), [""; 0], "no partial output");
    }
}
