//! IFMR or HFMG on activations, in two passes over the calibration data.
//!
//! The first pass finds the range of every activation; the second runs the graph again and adds up
//! the loss of all candidates (IFMR), or counts the values into a histogram (HFMG). No activation is
//! kept. Ranges do not depend on any order; losses are added and histograms merged batch by batch
//! in order, so the result has the same bits for any number of threads.
//!
//! # What a batch is
//! IFMR takes all data at once, however they are cut. HFMG merges histograms batch by batch, and where
//! one batch ends and the next begins makes a difference. There a batch is one of the configured
//! `batch_num`, not what runs at a time: see [`Grouping`].

mod algorithm;

use amct_graph::{Graph, Outlet};
use rayon::prelude::*;

pub use self::algorithm::{Algorithm, AlgorithmError, Calibrated};
use self::algorithm::{Search, Survey};
use crate::observation::{Observation, Spot, floats};
use crate::{Batches, CalibrationError, Grouping, Phase, Progress};

/// One activation to calibrate.
#[derive(Clone, Debug)]
pub struct Activation {
    /// Where it is in the graph.
    pub outlet: Outlet,
    /// Names of the layers that read it, for messages.
    pub layers: Vec<String>,
    /// How to search.
    pub algorithm: Algorithm,
    /// An upper bound of its values over all batches.
    pub count: usize,
}

/// Finds scale and offset of every activation; the result is in the order of `activations`.
///
/// `graph` is the folded graph with fake-quantized weights, `outputs` what it computes, `batch_num`
/// into how many batches HFMG takes the data.
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
    let surveys = survey(&observation, activations, grouping)?;
    let searches: Vec<Search> = surveys
        .into_iter()
        .zip(activations)
        .map(|(survey, activation)| {
            survey.search(&activation.algorithm).map_err(|error| activation.failed(error))
        })
        .collect::<Result<_, _>>()?;
    let searches = observation.in_order(Phase::Search, searches, |search, run, tensor| {
        search.add(grouping.batch_of(run), floats(tensor));
    })?;
    // Collected before the first error is looked for, so that it is that of the first activation.
    let found: Vec<_> = searches.into_par_iter().map(Search::finish).collect();
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
) -> Result<Vec<Survey>, CalibrationError> {
    let surveys = || -> Result<Vec<Survey>, CalibrationError> {
        activations
            .iter()
            .map(|activation| {
                Survey::new(&activation.algorithm, activation.count, grouping.batches())
                    .map_err(|error| activation.failed(error))
            })
            .collect()
    };
    let found = observation.gather(Phase::Range, surveys, |survey, run, tensor| {
        survey.add(grouping.batch_of(run), floats(tensor));
    })?;
    let mut total = surveys()?;
    for surveys in found {
        for (sum, survey) in total.iter_mut().zip(surveys) {
            sum.merge(survey);
        }
    }
    Ok(total)
}

impl Activation {
    fn failed(&self, error: AlgorithmError) -> CalibrationError {
        CalibrationError::Activation { layers: self.layers.clone(), error }
    }
}
