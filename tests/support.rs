//! Where the fixtures are and how to read them.

use std::path::{Path, PathBuf};

use amct_graph::Graph;
use amct_tensor::Tensor;

/// The folder of the repository.
///
/// Nearly every test asks for it first, so this is where the instruction set is chosen that `AMCT_ISA` names.
pub(crate) fn root() -> &'static Path {
    amct::Isa::from_environment().unwrap().choose().unwrap();
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of the repository, in order: the crates with their tests, the tests, benches and examples of the
/// root, and its build script.
pub(crate) fn rust_files() -> Vec<PathBuf> {
    let mut files = vec![root().join("build.rs")];
    let mut directories = ["benches", "crates", "examples", "tests"].map(|name| root().join(name)).to_vec();
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The sources of the crates, without tests, and with the path that they have from the root.
pub(crate) fn sources() -> Vec<(PathBuf, String)> {
    let files = rust_files().into_iter().filter_map(|path| {
        let short = path.strip_prefix(root()).unwrap().to_owned();
        let words = short.to_string_lossy();
        let is_source = words.starts_with("crates/") && words.contains("/src/");
        if !is_source || words.contains("/tests/") || words.ends_with("tests.rs") {
            return None;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
        Some((short, code))
    });
    files.collect()
}

pub(crate) fn golden(name: &str) -> PathBuf {
    root().join("tests/golden/model").join(name)
}

pub(crate) fn shipped_model() -> Graph {
    amct::graphdef::load(&root().join("model/mobilenetv2_tf.pb")).unwrap()
}

pub(crate) fn npy(name: &str) -> Tensor {
    amct_dataset::read_npy(golden(name)).unwrap()
}

/// The largest absolute difference of two tensors of one shape.
pub(crate) fn max_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

pub(crate) fn arg_max(values: &[f32]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}
