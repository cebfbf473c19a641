//! IFMR on the inputs of layers, in two passes over the calibration data.
//!
//! The first pass finds the range of every activation, the second runs the graph again and adds up
//! the loss of all candidates. No activation is kept: it is looked at as soon as it is computed. There
//! are as many batches in flight as threads, or one, if there are fewer batches than threads. Ranges do
//! not depend on any order; losses are added batch by batch in order, so the result has the same bits
//! for any number of threads and any batch size.

mod turns;
mod workers;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use amct_graph::{Graph, Outlet};
use amct_interpreter::{Plan, PlanOptions, RunError, Value};
use amct_tensor::Tensor;
use amct_tensor::quantization::ActivationParams;

use self::turns::{Stopped, Turns};
use self::workers::Workers;
use crate::ifmr::{ActivationRange, CandidateSearch, IfmrError, IfmrParams, RangeCollector};
use crate::{Batches, CalibrationError, Phase, Progress};

/// One activation to calibrate.
#[derive(Clone, Debug)]
pub struct Activation {
    /// Where it is in the graph.
    pub outlet: Outlet,
    /// Names of the layers that read it, for messages.
    pub layers: Vec<String>,
    /// How to search.
    pub params: IfmrParams,
    /// An upper bound of its values over all batches.
    pub count: usize,
}

/// Finds scale and offset of every activation; the result is in the order of `activations`.
///
/// `graph` is the folded graph with fake-quantized weights, `outputs` what it computes.
///
/// # Errors
/// [`CalibrationError`]; one about an activation names the layers that read it.
pub fn calibrate(
    graph: &Graph,
    outputs: &[Outlet],
    activations: &[Activation],
    batches: &Batches<'_>,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<ActivationParams>, CalibrationError> {
    if batches.count() == 0 {
        return Err(CalibrationError::NoBatches);
    }
    let calibration = Calibration::new(graph, outputs, activations, batches, progress)?;
    let ranges = calibration.ranges()?;
    calibration.search(&ranges)
}

struct Calibration<'a> {
    plan: Plan,
    activations: &'a [Activation],
    /// Which activations are at an outlet.
    at: BTreeMap<Outlet, Vec<usize>>,
    batches: &'a Batches<'a>,
    workers: Workers,
    progress: &'a (dyn Fn(Progress) + Sync),
}

impl<'a> Calibration<'a> {
    fn new(
        graph: &Graph,
        outputs: &[Outlet],
        activations: &'a [Activation],
        batches: &'a Batches<'a>,
        progress: &'a (dyn Fn(Progress) + Sync),
    ) -> Result<Self, CalibrationError> {
        let mut at: BTreeMap<Outlet, Vec<usize>> = BTreeMap::new();
        for (index, activation) in activations.iter().enumerate() {
            at.entry(activation.outlet).or_default().push(index);
        }
        let observed = at.keys().copied().collect();
        let (plan, whole) = rayon::join(
            // What lies behind the last activation need not be computed.
            || Plan::compile(graph, &[], &PlanOptions { observed, ..PlanOptions::default() }),
            // The outputs are compiled all the same, so that an operator that is missing behind it is
            // told now and not after calibration.
            || Plan::compile(graph, outputs, &PlanOptions::default()).map(|_| ()),
        );
        whole?;
        let workers = Workers::for_batches(batches.count());
        Ok(Self { plan: plan?, activations, at, batches, workers, progress })
    }

    fn ranges(&self) -> Result<Vec<ActivationRange>, CalibrationError> {
        let done = Mutex::new(0);
        let found = self.workers.for_each(
            self.batches.count(),
            || self.collectors(),
            |collectors, batch| {
                self.observe(batch, |index, tensor| {
                    if let Some(collector) = collectors.get_mut(index) {
                        collector.add(floats(tensor));
                    }
                    Ok(())
                })?;
                self.report(Phase::Range, &done);
                Ok(())
            },
        )?;
        let mut total = self.collectors()?;
        for collectors in found {
            for (sum, collector) in total.iter_mut().zip(collectors) {
                sum.merge(collector);
            }
        }
        total
            .into_iter()
            .zip(self.activations)
            .map(|(collector, activation)| collector.finish().map_err(|error| activation.failed(error)))
            .collect()
    }

    fn collectors(&self) -> Result<Vec<RangeCollector>, CalibrationError> {
        self.activations
            .iter()
            .map(|activation| {
                RangeCollector::new(activation.count, &activation.params)
                    .map_err(|error| activation.failed(error))
            })
            .collect()
    }

    fn search(&self, ranges: &[ActivationRange]) -> Result<Vec<ActivationParams>, CalibrationError> {
        let searches: Vec<Turns<CandidateSearch>> = ranges
            .iter()
            .zip(self.activations)
            .map(|(range, activation)| {
                let search = CandidateSearch::new(*range, &activation.params);
                search.map(Turns::new).map_err(|error| activation.failed(error))
            })
            .collect::<Result<_, _>>()?;
        let done = Mutex::new(0);
        let work = |(): &mut (), batch| -> Result<(), CalibrationError> {
            self.add_losses(&searches, batch)?;
            self.report(Phase::Search, &done);
            Ok(())
        };
        self.workers.for_each(self.batches.count(), || Ok(()), work)?;
        searches
            .into_iter()
            .zip(self.activations)
            .map(|(search, activation)| {
                let params = search.into_inner().finish().map_err(|error| activation.failed(error))?;
                let names = activation.layers.join(", ");
                log::info!(target: "calibration", "Use {} batch to do layer {names} data calibration.", self.batches.count());
                log::debug!(target: "calibration", "Do layer {names} data calibration succeeded! scale_d {} offset_d {}", params.scale, params.offset);
                Ok(params)
            })
            .collect()
    }

    /// Adds a batch's share to the losses. However it ends, no other batch waits for it any longer.
    fn add_losses(&self, searches: &[Turns<CandidateSearch>], batch: usize) -> Result<(), CalibrationError> {
        let mut unless_done = StopAll { searches, done: false };
        match self.workers {
            Workers::OneBatchEach(_) => self.observe(batch, |index, tensor| {
                let Some(search) = searches.get(index) else { return Ok(()) };
                search.take(batch, |search| search.update(floats(tensor)))
            })?,
            // This thread has the convolutions to split; sums cannot be split, so the other threads
            // take them whole. The turns are only for the order that there is anyway.
            Workers::AllForOneBatch => rayon::scope(|scope| {
                self.observe(batch, |index, tensor| {
                    let Some(search) = searches.get(index) else { return Ok(()) };
                    let tensor = tensor.clone();
                    scope.spawn(move |_| {
                        // Nobody has stopped: there is no other batch.
                        let _ = search.take(batch, |search| search.update(floats(&tensor)));
                    });
                    Ok(())
                })
            })?,
        }
        for search in searches {
            search.pass(batch).map_err(|stopped| RunError::Observer(stopped.to_string()))?;
        }
        unless_done.done = true;
        Ok(())
    }

    /// Runs a batch and shows each activation's tensor of f32, with its index.
    fn observe(
        &self,
        batch: usize,
        mut see: impl FnMut(usize, &Tensor) -> Result<(), Stopped>,
    ) -> Result<(), CalibrationError> {
        let feeds = self.batches.feeds(batch)?;
        let feeds: Vec<(&str, Value)> =
            feeds.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let mut wrong = None;
        let run = self.plan.run_observed(&feeds, &mut |outlet, value| {
            let Value::Plain(tensor) = value else { return Ok(()) };
            for &index in self.at.get(&outlet).into_iter().flatten() {
                if let Err(error) = tensor.as_slice::<f32>() {
                    let layers = self.activations.get(index).map_or(Vec::new(), |a| a.layers.clone());
                    let message = error.to_string();
                    wrong = Some(CalibrationError::ActivationType { layers, error });
                    return Err(RunError::Observer(message));
                }
                see(index, tensor).map_err(|stopped| RunError::Observer(stopped.to_string()))?;
            }
            Ok(())
        });
        match wrong {
            Some(error) => Err(error),
            None => Ok(run.map(|_| ())?),
        }
    }

    /// Counts a batch as done and tells; the lock keeps the numbers in order.
    fn report(&self, phase: Phase, done: &Mutex<usize>) {
        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        (self.progress)(Progress { phase, done: *done, total: self.batches.count() });
    }
}

/// Ends the waiting of later batches when a batch is left undone, be it by a panic.
struct StopAll<'a> {
    searches: &'a [Turns<CandidateSearch>],
    done: bool,
}

impl Drop for StopAll<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.searches.iter().for_each(Turns::stop);
        }
    }
}

/// The values of a tensor that [`Calibration::observe`] shows, which are f32.
fn floats(tensor: &Tensor) -> &[f32] {
    tensor.as_slice().unwrap_or_default()
}

impl Activation {
    fn failed(&self, error: IfmrError) -> CalibrationError {
        CalibrationError::Activation { layers: self.layers.clone(), error }
    }
}
