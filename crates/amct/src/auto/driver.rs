//! The course of automatic calibration: evaluate the float model, quantize all layers, rank them, and
//! give layers back to float until the accuracy is good enough.

use std::collections::BTreeSet;
use std::path::Path;

use amct_artifacts::auto_calibration::{Ranking, SearchRecord, python_number};
use amct_artifacts::config::QuantConfig;
use amct_calibration::{Batches, Progress};
use amct_graph::Graph;

use super::candidates::{Candidate, Candidates};
use super::fine_search::{SearchEnd, fine_search};
use super::keeper::{Evaluation, Keeper};
use super::{
    AutoError, BinarySearch, Calibrated, CosineSimilarity, Evaluator, Kept, Sensitivity, Stop, Strategy,
};
use crate::pipeline::{Outputs, Prepared};
use crate::{Chain, Error};

/// Whose lines these are in the log.
const LOG: &str = "AMCT";

/// A search for the layers that may be quantized.
pub struct AutoCalibration<'a> {
    /// The float model.
    pub original: &'a Graph,
    /// The same, made ready for calibration.
    pub prepared: &'a Prepared,
    /// How to quantize its layers. A layer that is not enabled is left float and not ranked.
    pub config: &'a QuantConfig,
    /// The calibration data.
    pub batches: &'a dyn Batches,
    /// Where the results go.
    pub outputs: &'a Outputs,
    /// What judges the models.
    pub evaluator: &'a dyn Evaluator,
    /// What chooses the configurations; [`BinarySearch`] unless changed.
    pub strategy: Box<dyn Strategy + 'a>,
    /// What ranks the layers; [`CosineSimilarity`] unless changed.
    pub sensitivity: Box<dyn Sensitivity + 'a>,
    /// Where the history goes; AMCT's `amct_log` in the working directory unless changed.
    pub log_directory: &'a Path,
    /// Asks for an early end.
    pub stop: Stop,
    /// Told how far each calibration has come.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

impl<'a> AutoCalibration<'a> {
    /// A search with AMCT's strategy and sensitivity.
    pub fn new(
        original: &'a Graph,
        prepared: &'a Prepared,
        config: &'a QuantConfig,
        batches: &'a dyn Batches,
        outputs: &'a Outputs,
        evaluator: &'a dyn Evaluator,
    ) -> Self {
        Self {
            original,
            prepared,
            config,
            batches,
            outputs,
            evaluator,
            strategy: Box::new(BinarySearch::new()),
            sensitivity: Box::new(CosineSimilarity),
            log_directory: Path::new("amct_log"),
            stop: Stop::default(),
            progress: &|_| {},
        }
    }

    /// Runs the search; see [`accuracy_based_auto_calibration`](crate::amct_api::accuracy_based_auto_calibration).
    pub(crate) fn run(mut self) -> Result<AutoReport, Error> {
        let mut strategy = std::mem::replace(&mut self.strategy, Box::new(BinarySearch::new()));
        let keeper = Keeper::new(self.outputs, self.config, self.log_directory);
        keeper.check_writable()?;
        let mut search = Search {
            candidates: Candidates::new(
                self.prepared,
                self.config,
                self.batches,
                self.progress,
                self.outputs.prefix(),
            )?,
            keeper,
            history: Vec::new(),
            ranking: None,
            original: None,
            global: None,
            job: &self,
        };
        let ended = match search.run(&mut *strategy) {
            Ok(ended) => ended,
            // Whatever failed, failed because the end was asked for, or no longer matters.
            Err(error) if self.stop.is_requested() => {
                log::debug!(target: LOG, "interrupted: {}", Chain(&error));
                search.write_lists()?;
                Verdict::Interrupted
            }
            Err(error) => {
                search.report_failure();
                return Err(error);
            }
        };
        search.report(ended)
    }
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The model kept satisfies the evaluator.
    Met,
    /// No model satisfies it; the model kept is the best of those tried.
    NotMet,
    /// The end was asked for; the model kept, if any, is the best until then.
    Interrupted,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AutoReport {
    /// How it ended.
    pub verdict: Verdict,
    /// Metric of the original model, if the search came so far.
    pub original: Option<f64>,
    /// Metric of the model with all layers quantized, if the search came so far.
    pub global: Option<f64>,
    /// The model in the output directory.
    pub kept: Option<Kept>,
    /// How many configurations were tried, an evaluation of the last one again counted.
    pub tried: usize,
}

struct Search<'a> {
    job: &'a AutoCalibration<'a>,
    candidates: Candidates<'a>,
    keeper: Keeper<'a>,
    history: Vec<SearchRecord>,
    ranking: Option<Ranking>,
    original: Option<f64>,
    global: Option<f64>,
}

impl Search<'_> {
    /// All of it, in AMCT's order, with AMCT's lines in the log.
    fn run(&mut self, strategy: &mut dyn Strategy) -> Result<Verdict, Error> {
        let job = self.job;
        job.stop.check()?;
        let original = job.evaluator.evaluate(job.original, &job.prepared.outputs)?;
        self.original = Some(original);
        log::info!(target: "auto_calibration", "original evaluation accuracy: {}", python_number(original));
        if !job.evaluator.metric_eval(original, original).0 {
            return Err(AutoError::OriginalRefused.into());
        }

        let candidate = self.candidates.make(&BTreeSet::new())?;
        // Whatever comes, there is a model.
        self.keeper.keep_unevaluated(&candidate)?;
        let global = self.evaluate(&candidate)?;
        self.global = Some(global.metric);
        log::info!(target: "auto_calibration", "global calibration accuracy: {}", python_number(global.metric));
        let layers = self.candidates.layers().into_iter().map(|name| (name, true)).collect();
        self.history.push(SearchRecord { roll_back_config: layers, metric_eval: global.metric_eval() });

        job.stop.check()?;
        let calibrated = Calibrated {
            prepared: job.prepared,
            record: &candidate.record,
            batches: job.batches,
            stop: &job.stop,
        };
        let ranking = self.ranking.insert(job.sensitivity.rank(&calibrated)?).clone();

        let mut verdict = Verdict::Met;
        if global.satisfied {
            log::info!(target: LOG, "The model satisfy the requirement after all layers are quantized, automatic calibration succeed!");
        } else if ranking.layers().is_empty() {
            log::info!(target: LOG, "No layer can be rolled back in your model . Accuracy based auto calibration search stopped.");
            verdict = Verdict::NotMet;
        } else {
            strategy.initialize(&ranking);
            let end = fine_search(strategy, global.metric_eval(), |step, layers| self.attempt(step, layers))?;
            if let SearchEnd::AllRolledBack(layers) = end {
                verdict = Verdict::NotMet;
                let metric_eval = job.evaluator.metric_eval(original, original);
                self.history.push(SearchRecord { roll_back_config: layers, metric_eval });
            }
            log::info!(target: LOG, "Fine search finish, automatic calibration succeed!");
            log::info!(target: LOG, "accuracy based auto calibration search record:");
            self.history.iter().for_each(log_record);
        }
        self.write_lists()?;
        log::info!(target: LOG, "Accuracy of original model is {}", python_number(original));
        log::info!(target: LOG, "Accuracy of global quantized model is {}", python_number(global.metric));
        Ok(verdict)
    }

    /// Tries a configuration of the ranked layers.
    fn attempt(&mut self, step: usize, layers: &[(String, bool)]) -> Result<(bool, f64), Error> {
        self.job.stop.check()?;
        let rolled_back = layers.iter().filter(|(_, quantized)| !quantized).map(|(name, _)| name.as_str());
        let candidate = self.candidates.make(&rolled_back.collect())?;
        let found = self.evaluate(&candidate)?;
        let record = SearchRecord { roll_back_config: layers.to_vec(), metric_eval: found.metric_eval() };
        let stars = "*".repeat(20);
        log::info!(target: LOG, "{stars} fine search step {step} {stars}");
        log_record(&record);
        self.history.push(record);
        Ok(found.metric_eval())
    }

    /// Evaluates a candidate, and keeps it if it is the best so far.
    fn evaluate(&mut self, candidate: &Candidate) -> Result<Evaluation, Error> {
        self.job.stop.check()?;
        let metric = self.job.evaluator.evaluate(&candidate.quantized.graph, &self.job.prepared.outputs)?;
        let (satisfied, loss) = self.job.evaluator.metric_eval(self.original.unwrap_or(f64::NAN), metric);
        let result = Evaluation { metric, satisfied, loss };
        self.keeper.offer(candidate, result)?;
        Ok(result)
    }

    /// Writes the ranking, if there is one, and the history.
    fn write_lists(&self) -> Result<(), Error> {
        if let Some(ranking) = &self.ranking {
            self.keeper.write_ranking(ranking)?;
        }
        self.keeper.write_history(&self.history)
    }

    /// Says what was kept.
    fn report(self, ended: Verdict) -> Result<AutoReport, Error> {
        let directory = self.job.outputs.directory().display();
        let kept = self.keeper.kept();
        let result = kept.and_then(|kept| kept.result);
        // An evaluator that is not deterministic may refuse in the end what it accepted before.
        let satisfied = result.is_some_and(|result| result.satisfied);
        let verdict = if ended == Verdict::Met && !satisfied { Verdict::NotMet } else { ended };
        let metric = result.map(|result| python_number(result.metric));
        match (ended, &metric) {
            (Verdict::NotMet, _) => {
                log::info!(target: LOG, "No quantized model are generated due to all quant layers are roll backed, the accuracy target may be too difficult to achieve.");
            }
            (Verdict::Met, Some(metric)) => {
                log::info!(target: LOG, "Accuracy of saved model is {metric}");
                log::info!(target: LOG, "The generated model is stored in dir: {directory}");
                log::info!(target: LOG, "The records file is stored in dir: {directory}");
            }
            _ => {}
        }
        match verdict {
            Verdict::Met => {}
            Verdict::NotMet => log::warn!(target: LOG, "The accuracy target is not met. {}", self.left()),
            Verdict::Interrupted => log::warn!(target: LOG, "Interrupted. {}", self.left()),
        }
        Ok(AutoReport {
            verdict,
            original: self.original,
            global: self.global,
            kept: kept.cloned(),
            tried: self.history.len(),
        })
    }

    /// Says what is left when an error ends the search; the error itself is for the caller.
    fn report_failure(&self) {
        if self.keeper.kept().is_none() {
            return;
        }
        if let Err(error) = self.write_lists() {
            log::warn!(target: LOG, "{}", Chain(&error));
        }
        log::warn!(target: LOG, "The search failed. {}", self.left());
    }

    /// The model that is left, for the log.
    fn left(&self) -> String {
        let Some(kept) = self.keeper.kept() else {
            return "There was no quantized model yet, so none is left.".to_owned();
        };
        let metric = kept.result.map_or("not known yet".to_owned(), |result| python_number(result.metric));
        format!(
            "The best model found so far, with {} layers rolled back and an accuracy of {metric}, is left in dir: {}",
            kept.rolled_back.len(),
            self.job.outputs.directory().display()
        )
    }
}

fn log_record(record: &SearchRecord) {
    for line in record.log_lines() {
        log::info!(target: LOG, "{line}");
    }
}
