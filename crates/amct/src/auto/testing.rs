//! Golden graphs made ready for calibration.

use std::path::{Path, PathBuf};

use amct_graph::Graph;
use amct_interpreter::Feeds;
use amct_tensor::Tensor;

/// A graph of `tests/golden/graphs` with its outputs and the data it was run on.
pub(super) struct Case {
    pub(super) graph: Graph,
    pub(super) outputs: Vec<String>,
    input: String,
    data: Tensor,
}

impl Case {
    pub(super) fn load(name: &str) -> Self {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/graphs");
        let file = |end: &str| -> PathBuf { directory.join(format!("{name}.{end}")) };
        let names = std::fs::read_to_string(file("names")).unwrap();
        let mut names = names.lines().map(str::to_owned);
        Self {
            graph: crate::graphdef::load(&file("pb")).unwrap(),
            input: names.next().unwrap(),
            outputs: names.collect(),
            data: amct_dataset::read_npy(file("input.npy")).unwrap(),
        }
    }

    pub(super) fn feeds(&self) -> Feeds {
        Feeds::from([(self.input.as_str(), self.data.clone())])
    }
}
