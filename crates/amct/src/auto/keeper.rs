//! The output directory of a search: always the files of the best model so far, the ranking and the history.

use amct_artifacts::atomic::{self, FileSet};
use amct_artifacts::auto_calibration::{
    FINAL_CONFIG_FILE, HISTORY_FILE, RANKING_FILE, Ranking, SearchRecord, history_to_json,
};
use amct_artifacts::config::QuantConfig;
use std::path::{Path, PathBuf};

use super::candidates::Candidate;
use crate::Error;
use crate::pipeline::{Artifacts, Outputs};

/// The model that lies in the output directory.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Kept {
    /// The layers that are float in it and were to be quantized, in graph order.
    pub rolled_back: Vec<String>,
    /// How many layers are quantized in it.
    pub quantized: usize,
    /// Its metric, and the evaluator's verdict; `None` if the search ended before it was evaluated.
    pub result: Option<Evaluation>,
}

/// What an evaluator found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// The metric.
    pub metric: f64,
    /// Whether it satisfies.
    pub satisfied: bool,
    /// The loss against the original model.
    pub loss: f64,
}

impl Evaluation {
    pub(super) fn metric_eval(&self) -> (bool, f64) {
        (self.satisfied, self.loss)
    }

    /// Whether a model with this is the better one: first of all one that satisfies, of two that do the
    /// one with fewer float layers, of two that do not the one that loses less.
    fn beats(&self, rolled_back: usize, other: &Evaluation, others_rolled_back: usize) -> bool {
        match (self.satisfied, other.satisfied) {
            (true, true) => rolled_back < others_rolled_back,
            (false, false) => {
                let loss = |found: &Evaluation| if found.loss.is_nan() { f64::INFINITY } else { found.loss };
                loss(self) < loss(other) || loss(self) == loss(other) && rolled_back < others_rolled_back
            }
            (satisfied, _) => satisfied,
        }
    }
}

/// Writes the files of the search; of the models always the best so far.
pub(super) struct Keeper<'a> {
    outputs: &'a Outputs,
    /// The configuration that the search began with.
    config: &'a QuantConfig,
    history_file: PathBuf,
    kept: Option<Kept>,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(outputs: &'a Outputs, config: &'a QuantConfig, log_directory: &Path) -> Self {
        Self { outputs, config, history_file: log_directory.join(HISTORY_FILE), kept: None }
    }

    pub(super) fn kept(&self) -> Option<&Kept> {
        self.kept.as_ref()
    }

    /// Makes sure that all files can be written.
    ///
    /// # Errors
    /// [`Error::Write`] naming the file.
    pub(super) fn check_writable(&self) -> Result<(), Error> {
        self.outputs.check_writable()?;
        let mut files = FileSet::new();
        for path in [self.beside_model(FINAL_CONFIG_FILE), self.beside_model(RANKING_FILE), self.history()] {
            files.stage(path, b"")?;
        }
        Ok(())
    }

    /// Takes a model that is not evaluated, if there is none yet.
    ///
    /// # Errors
    /// [`Error::Write`] naming the file.
    pub(super) fn keep_unevaluated(&mut self, candidate: &Candidate) -> Result<(), Error> {
        if self.kept.is_none() {
            self.write(candidate, None)?;
        }
        Ok(())
    }

    /// Takes an evaluated model if it is better than the one there. One that is there already, and was
    /// evaluated again, keeps the new result.
    ///
    /// # Errors
    /// [`Error::Write`] naming the file.
    pub(super) fn offer(&mut self, candidate: &Candidate, result: Evaluation) -> Result<(), Error> {
        match &mut self.kept {
            Some(kept) if kept.rolled_back == candidate.rolled_back => kept.result = Some(result),
            Some(Kept { result: Some(old), rolled_back, .. })
                if !result.beats(candidate.rolled_back.len(), old, rolled_back.len()) => {}
            _ => self.write(candidate, Some(result))?,
        }
        Ok(())
    }

    fn write(&mut self, candidate: &Candidate, result: Option<Evaluation>) -> Result<(), Error> {
        let Candidate { config: final_config, record, quantized, rolled_back } = candidate;
        let encoded = Artifacts { quantized, config: Some(self.config), record: Some(record) }.encode()?;
        let mut files = FileSet::new();
        self.outputs.stage(&encoded, &mut files)?;
        files.stage(self.beside_model(FINAL_CONFIG_FILE), final_config.to_json().as_bytes())?;
        self.outputs.commit(files)?;
        let quantized = quantized.layers.len();
        self.kept = Some(Kept { rolled_back: rolled_back.clone(), quantized, result });
        Ok(())
    }

    /// Writes the ranking.
    ///
    /// # Errors
    /// [`Error::Write`] naming the file.
    pub(super) fn write_ranking(&self, ranking: &Ranking) -> Result<(), Error> {
        Ok(atomic::write(self.beside_model(RANKING_FILE), ranking.to_json().as_bytes())?)
    }

    /// Writes the history.
    ///
    /// # Errors
    /// [`Error::Write`] naming the file.
    pub(super) fn write_history(&self, history: &[SearchRecord]) -> Result<(), Error> {
        Ok(atomic::write(self.history(), history_to_json(history).as_bytes())?)
    }

    fn beside_model(&self, name: &str) -> PathBuf {
        self.outputs.config().with_file_name(name)
    }

    fn history(&self) -> PathBuf {
        self.history_file.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_of_two_models() {
        let satisfied = Evaluation { metric: 1.0, satisfied: true, loss: 0.4 };
        let failed = Evaluation { satisfied: false, loss: 0.6, ..satisfied };
        let worse = Evaluation { loss: f64::NAN, ..failed };
        assert!(satisfied.beats(9, &failed, 0) && !failed.beats(0, &satisfied, 9));
        assert!(satisfied.beats(1, &satisfied, 2) && !satisfied.beats(2, &satisfied, 2));
        assert!(failed.beats(9, &worse, 0) && !worse.beats(0, &failed, 9));
        assert!(failed.beats(1, &failed, 2) && !failed.beats(2, &failed, 1));
        assert!(worse.beats(1, &worse, 2));
    }
}
