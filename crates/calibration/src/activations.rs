//! IFMR on the inputs of layers, in two passes over the calibration data.
//!
//! The first pass finds the range of every activation, the second runs the graph again and adds up
//! the loss of all candidates. So no activation is kept beyond the batches in flight, of which
//! there are as many as threads. Ranges do not depend on any order; losses are added batch by
//! batch in order, so the result has the same bits for any number of threads and any batch size.

use std::collections::BTreeMap;

use amct_graph::{Graph, Outlet};
use amct_interpreter::{Plan, PlanOptions, RunError, Value};
use amct_tensor::quantization::ActivationParams;
use amct_tensor::{Tensor, TensorError};
use rayon::prelude::*;

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
        // What lies behind the last activation need not be computed.
        let plan = Plan::compile(graph, &[], &PlanOptions { observed, ..PlanOptions::default() })?;
        // The outputs are compiled all the same, so that an operator that is missing behind it is
        // told now and not after calibration.
        Plan::compile(graph, outputs, &PlanOptions::default())?;
        Ok(Self { plan, activations, at, batches, progress })
    }

    fn ranges(&self) -> Result<Vec<ActivationRange>, CalibrationError> {
        let mut total = self.collectors()?;
        for group in self.groups() {
            let found: Vec<Vec<RangeCollector>> = group
                .clone()
                .into_par_iter()
                .map(|batch| {
                    let mut collectors = self.collectors()?;
                    self.observe(batch, |index, tensor| {
                        if let Some(collector) = collectors.get_mut(index) {
                            collector.add(tensor.as_slice()?);
                        }
                        Ok(())
                    })?;
                    Ok(collectors)
                })
                .collect::<Result<_, CalibrationError>>()?;
            for collectors in found {
                for (sum, collector) in total.iter_mut().zip(collectors) {
                    sum.merge(collector);
                }
            }
            self.report(Phase::Range, group.end);
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
        let mut searches: Vec<CandidateSearch> = ranges
            .iter()
            .zip(self.activations)
            .map(|(range, activation)| {
                CandidateSearch::new(*range, &activation.params).map_err(|error| activation.failed(error))
            })
            .collect::<Result<_, _>>()?;
        for group in self.groups() {
            let kept: Vec<Vec<Option<Tensor>>> = group
                .clone()
                .into_par_iter()
                .map(|batch| {
                    let mut tensors = vec![None; self.activations.len()];
                    self.observe(batch, |index, tensor| {
                        if let Some(place) = tensors.get_mut(index) {
                            *place = Some(tensor.clone());
                        }
                        Ok(())
                    })?;
                    Ok(tensors)
                })
                .collect::<Result<_, CalibrationError>>()?;
            searches.par_iter_mut().enumerate().for_each(|(index, search)| {
                for tensor in kept.iter().filter_map(|tensors| tensors.get(index)?.as_ref()) {
                    // `observe` let only float tensors through.
                    search.update(tensor.as_slice().unwrap_or_default());
                }
            });
            self.report(Phase::Search, group.end);
        }
        searches
            .into_iter()
            .zip(self.activations)
            .map(|(search, activation)| {
                let params = search.finish().map_err(|error| activation.failed(error))?;
                let names = activation.layers.join(", ");
                log::info!(target: "calibration", "Use {} batch to do layer {names} data calibration.", self.batches.count());
                log::debug!(target: "calibration", "Do layer {names} data calibration succeeded! scale_d {} offset_d {}", params.scale, params.offset);
                Ok(params)
            })
            .collect()
    }

    /// Runs a batch and shows each activation's tensor, with its index.
    fn observe(
        &self,
        batch: usize,
        mut see: impl FnMut(usize, &Tensor) -> Result<(), TensorError>,
    ) -> Result<(), CalibrationError> {
        let feeds = self.batches.feeds(batch)?;
        let feeds: Vec<(&str, Value)> =
            feeds.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let mut wrong = None;
        let run = self.plan.run_observed(&feeds, &mut |outlet, value| {
            let Value::Plain(tensor) = value else { return Ok(()) };
            for &index in self.at.get(&outlet).into_iter().flatten() {
                let checked = tensor.as_slice::<f32>().map(|_| ());
                if let Err(error) = checked.and_then(|()| see(index, tensor)) {
                    let layers = self.activations.get(index).map_or(Vec::new(), |a| a.layers.clone());
                    let message = error.to_string();
                    wrong = Some(CalibrationError::ActivationType { layers, error });
                    return Err(RunError::Observer(message));
                }
            }
            Ok(())
        });
        match wrong {
            Some(error) => Err(error),
            None => Ok(run.map(|_| ())?),
        }
    }

    /// The batches in groups of as many as there are threads.
    fn groups(&self) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
        let (count, size) = (self.batches.count(), rayon::current_num_threads().max(1));
        (0..count).step_by(size).map(move |start| start..(start + size).min(count))
    }

    fn report(&self, phase: Phase, done: usize) {
        (self.progress)(Progress { phase, done, total: self.batches.count() });
    }
}

impl Activation {
    fn failed(&self, error: IfmrError) -> CalibrationError {
        CalibrationError::Activation { layers: self.layers.clone(), error }
    }
}
