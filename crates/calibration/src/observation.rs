//! Runs of a graph over all batches that look at some of its values.
//!
//! No value is kept: it is looked at as soon as it is computed. There are as many batches in flight
//! as threads, or one, if there are fewer batches than threads.

mod turns;
mod workers;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use amct_graph::{Graph, Outlet};
use amct_interpreter::{Plan, PlanOptions, Value};
use amct_kernels::CacheAligned;
use amct_tensor::{Internal, Tensor, internal};

use self::turns::Turns;
use self::workers::Workers;
use crate::{Batches, CalibrationError, Phase, Progress, tidied};

/// Batches after which free memory is given back, so that many of them take no more than few.
const RELEASED_AFTER: usize = 16;

/// A value to look at.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    /// Where it is in the graph.
    pub(crate) outlet: Outlet,
    /// Names of the layers it is looked at for, for messages.
    pub(crate) layers: Vec<String>,
}

/// A graph made ready to be looked at. Several spots may be at one outlet.
pub(crate) struct Observation<'a> {
    plan: Plan,
    spots: Vec<Spot>,
    /// Which spots are at an outlet.
    at: BTreeMap<Outlet, Vec<usize>>,
    batches: &'a dyn Batches,
    workers: Workers,
    progress: &'a (dyn Fn(Progress) + Sync),
}

impl<'a> Observation<'a> {
    /// `outputs` are compiled but not run, so that an operator that is missing behind the spots is
    /// told before all the work and not after it.
    pub(crate) fn new(
        graph: &Graph,
        outputs: &[Outlet],
        spots: Vec<Spot>,
        batches: &'a dyn Batches,
        progress: &'a (dyn Fn(Progress) + Sync),
    ) -> Result<Self, CalibrationError> {
        if batches.is_empty() {
            return Err(CalibrationError::NoBatches);
        }
        let mut at: BTreeMap<Outlet, Vec<usize>> = BTreeMap::new();
        for (index, spot) in spots.iter().enumerate() {
            at.entry(spot.outlet).or_default().push(index);
        }
        let observed = at.keys().copied().collect();
        let (plan, whole) = rayon::join(
            // What lies behind the last spot need not be computed.
            || tidied::plan(graph, &[], &PlanOptions { observed, ..PlanOptions::default() }),
            || tidied::plan(graph, outputs, &PlanOptions::default()).map(|_| ()),
        );
        whole?;
        let workers = Workers::for_batches(batches.len());
        Ok(Self { plan: plan?, spots, at, batches, workers, progress })
    }

    /// Shows every value to a state of its spot, in any order; each thread has states of its own,
    /// made by `states`, which are returned.
    pub(crate) fn gather<S: Send>(
        &self,
        phase: Phase,
        states: impl Fn() -> Result<Vec<S>, CalibrationError> + Sync,
        add: impl Fn(&mut S, usize, &Tensor) + Sync,
    ) -> Result<Vec<Vec<S>>, CalibrationError> {
        let done = Mutex::new(0);
        self.workers.for_each(self.batches.len(), states, |states, batch| {
            self.observe(batch, |index, tensor| {
                let state = states.get_mut(index).ok_or_else(|| no_state(index))?;
                add(state, batch, tensor);
                Ok(())
            })?;
            self.report(phase, &done);
            Ok(())
        })
    }

    /// Shows every value to the one state of its spot, batch by batch in order, so that what is
    /// summed up has the same bits for any number of threads. As many states as spots.
    pub(crate) fn in_order<S: Send>(
        &self,
        phase: Phase,
        states: Vec<S>,
        add: impl Fn(&mut S, usize, &Tensor) + Sync,
    ) -> Result<Vec<S>, CalibrationError> {
        let states: Vec<Turns<S>> = states.into_iter().map(Turns::new).collect();
        let done = Mutex::new(0);
        let work = |(): &mut (), batch| -> Result<(), CalibrationError> {
            self.add_in_turn(&states, batch, &add)?;
            self.report(phase, &done);
            Ok(())
        };
        self.workers.for_each(self.batches.len(), || Ok(()), work)?;
        Ok(states.into_iter().map(Turns::into_inner).collect())
    }

    /// Adds a batch's share. However it ends, no other batch waits for it any longer.
    fn add_in_turn<S: Send>(
        &self,
        states: &[Turns<S>],
        batch: usize,
        add: &(impl Fn(&mut S, usize, &Tensor) + Sync),
    ) -> Result<(), CalibrationError> {
        let mut unless_done = StopAll { states, done: false };
        match self.workers {
            Workers::OneBatchEach(_) => self.observe(batch, |index, tensor| {
                let state = states.get(index).ok_or_else(|| no_state(index))?;
                Ok(state.take(batch, |state| add(state, batch, tensor))?)
            })?,
            // This thread has the convolutions to split; sums cannot be split, so the other threads
            // take them whole. The turns are only for the order that there is anyway.
            Workers::AllForOneBatch => rayon::scope(|scope| {
                self.observe(batch, |index, tensor| {
                    let state = states.get(index).ok_or_else(|| no_state(index))?;
                    let tensor = tensor.clone();
                    scope.spawn(move |_| {
                        // Nobody has stopped: there is no other batch.
                        let _ = state.take(batch, |state| add(state, batch, &tensor));
                    });
                    Ok(())
                })
            })?,
        }
        for state in states {
            state.pass(batch)?;
        }
        unless_done.done = true;
        Ok(())
    }

    /// Runs a batch and shows each spot's tensor of f32, with the spot's index.
    fn observe(
        &self,
        batch: usize,
        mut see: impl FnMut(usize, &Tensor) -> Result<(), CalibrationError>,
    ) -> Result<(), CalibrationError> {
        let feeds = self.batches.feeds(batch)?;
        self.plan.run_observed(&feeds, &mut |outlet, value| {
            // The reader of a value that is quantized refuses it.
            let Value::Plain(tensor) = value else { return Ok(()) };
            for &index in self.at.get(&outlet).into_iter().flatten() {
                if let Err(error) = tensor.as_slice::<f32>() {
                    let spot = self.spots.get(index).ok_or_else(|| no_state(index))?;
                    return Err(CalibrationError::ActivationType { layers: spot.layers.clone(), error });
                }
                see(index, tensor)?;
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Counts a batch as done and tells; the lock keeps the numbers in order.
    fn report(&self, phase: Phase, done: &Mutex<usize>) {
        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        if done.is_multiple_of(RELEASED_AFTER) {
            CacheAligned::release_free_memory();
        }
        (self.progress)(Progress { phase, done: *done, total: self.batches.len() });
    }
}

/// Ends the waiting of later batches when a batch is left undone, be it by a panic.
struct StopAll<'a, S> {
    states: &'a [Turns<S>],
    done: bool,
}

impl<S> Drop for StopAll<'_, S> {
    fn drop(&mut self) {
        if !self.done {
            self.states.iter().for_each(Turns::stop);
        }
    }
}

/// What looks at the spots has no state for one of them.
fn no_state(spot: usize) -> Internal {
    internal!("nothing is there for spot {spot}")
}

/// The values of a tensor that an [`Observation`] shows. It has looked at the type: they are f32.
pub(crate) fn floats(tensor: &Tensor) -> &[f32] {
    debug_assert!(tensor.as_slice::<f32>().is_ok(), "values of type {}", tensor.dtype());
    tensor.as_slice().unwrap_or_default()
}
