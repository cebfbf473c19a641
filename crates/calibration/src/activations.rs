//! Calibration of activations, in one or two passes over the data.
//!
//! The first pass surveys the values of every activation, its range for instance; the second runs the graph
//! again for the algorithms that search, and adds up the loss of all candidates (IFMR), or counts the values
//! into a histogram (HFMG). No activation is kept. What the first pass finds does not depend on any order; the
//! second shows the values batch by batch in order, so the result has the same bits for any number of threads.
//!
//! # What a batch is
//! IFMR takes all data at once, however they are cut. HFMG merges histograms batch by batch, and where
//! one batch ends and the next begins makes a difference. There a batch is one of the configured
//! `batch_num`, not what runs at a time: see [`Grouping`].

use std::sync::Arc;

use amct_graph::{Graph, Outlet};
use rayon::prelude::*;

use crate::algorithm::{AlgorithmError, AnyCalibrator, AnySearch, AnySurvey, Calibrated, Surveyed};
use crate::observation::{Observation, Spot, floats};
use crate::{Batches, CalibrationError, Grouping, Phase, Progress};

/// One activation to calibrate.
#[derive(Clone, Debug)]
pub struct Activation {
    /// Where it is in the graph.
    pub outlet: Outlet,
    /// Names of the layers that read it, for messages.
    pub layers: Vec<String>,
    /// How scale and offset are found.
    pub calibrator: Arc<dyn AnyCalibrator>,
    /// An upper bound of its values over all batches.
    pub count: usize,
}

/// Finds scale and offset of every activation; the result is in the order of `activations`.
///
/// `graph` is the folded graph with fake-quantized weights, `outputs` what it computes, `batch_num`
/// into how many batches an algorithm takes the data that minds them.
///
/// # Errors
/// [`CalibrationError`]; one about an activation names the layers that read it.
pub fn calibrate(
    graph: &Graph,
    outputs: &[Outlet],
    activations: &[Activation],
    batches: &dyn Batches,
    batch_num: usize,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<Calibrated>, CalibrationError> {
    let spots = activations
        .iter()
        .map(|activation| Spot { outlet: activation.outlet, layers: activation.layers.clone() })
        .collect();
    let observation = Observation::new(graph, outputs, spots, batches, progress)?;
    let grouping = Grouping::new(batches.len(), batch_num);
    let surveyed = survey(&observation, activations, grouping)?;
    let is_searched = |surveyed: &Surveyed<_>| matches!(surveyed, Surveyed::Search(_));
    let searched = if surveyed.iter().any(is_searched) {
        observation.in_order(Phase::Search, surveyed, |surveyed, run, tensor| {
            if let Surveyed::Search(search) = surveyed {
                search.add(grouping.batch_of(run), floats(tensor));
            }
        })?
    } else {
        let total = batches.len();
        progress(Progress { phase: Phase::Search, done: total, total });
        surveyed
    };
    // Collected before the first error is looked for, so that it is that of the first activation.
    let found: Vec<_> = searched.into_par_iter().map(result).collect();
    found
        .into_iter()
        .zip(activations)
        .map(|(found, activation)| {
            let found = found.map_err(|error| activation.failed(error))?;
            let names = activation.layers.join(", ");
            log::info!(target: "calibration", "Use {} batch to do layer {names} data calibration.", grouping.batches());
            log::debug!(target: "calibration", "Do layer {names} data calibration succeeded! scale_d {} offset_d {}", found.params.scale, found.params.offset);
            Ok(found)
        })
        .collect()
}

/// The first pass.
fn survey(
    observation: &Observation<'_>,
    activations: &[Activation],
    grouping: Grouping,
) -> Result<Vec<Surveyed<Box<dyn AnySearch>>>, CalibrationError> {
    let begin = |activation: &Activation| {
        let survey = activation.calibrator.survey(activation.count, grouping.batches());
        survey.map_err(|error| activation.failed(error))
    };
    let surveys: Vec<Box<dyn AnySurvey>> = activations.iter().map(begin).collect::<Result<_, _>>()?;
    let shared = || Ok(surveys.iter().map(|survey| &**survey).collect::<Vec<&dyn AnySurvey>>());
    observation.gather(Phase::Range, shared, |survey, run, tensor| {
        survey.add(grouping.batch_of(run), floats(tensor));
    })?;
    let finish = |(survey, activation): (Box<dyn AnySurvey>, &Activation)| {
        survey.finish().map_err(|error| activation.failed(error))
    };
    surveys.into_iter().zip(activations).map(finish).collect()
}

fn result(surveyed: Surveyed<Box<dyn AnySearch>>) -> Result<Calibrated, AlgorithmError> {
    match surveyed {
        Surveyed::Found(found) => Ok(found),
        Surveyed::Search(search) => search.finish(),
    }
}

impl Activation {
    fn failed(&self, error: AlgorithmError) -> CalibrationError {
        CalibrationError::Activation { layers: self.layers.clone(), error }
    }
}
