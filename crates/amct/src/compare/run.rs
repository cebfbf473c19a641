//! Both models on every input.

use std::collections::{BTreeMap, BTreeSet};

use amct_calibration::{Batches, tidied};
use amct_graph::{Graph, Outlet};
use amct_interpreter::{Arithmetic, Feeds, Plan, PlanOptions, Value};
use amct_tensor::{Internal, internal};
use rayon::prelude::*;

use super::float_layers::FloatLayers;
use super::joined::{FIRST, Joined, SECOND};
use super::layer_sums::{Layer, LayerSums, Role};
use super::node_sums::NodeSums;
use super::rows::{Row, Rows};
use super::{CompareError, Comparison, NodeComparison, OutputComparison, Unmatched};
use crate::Error;

/// Two models ready to run beside each other.
pub(super) struct Run<'a> {
    float: &'a Graph,
    quantized: &'a Graph,
    rows: Vec<Row>,
    layers: Vec<Layer>,
    outputs: Vec<String>,
    unmatched: Vec<Unmatched>,
    left_float: Vec<Unmatched>,
    plan: Plan,
    wanted: Wanted,
}

/// Who waits for a value.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// A row, for its reference (0) or what is compared with it (1).
    Node(usize, usize),
    Layer(usize, Role),
}

/// The sums of some inputs.
struct Sums {
    nodes: Vec<NodeSums>,
    layers: Vec<LayerSums>,
}

impl Sums {
    fn merge(&mut self, later: Self) {
        self.nodes.iter_mut().zip(later.nodes).for_each(|(sums, later)| sums.merge(later));
        self.layers.iter_mut().zip(later.layers).for_each(|(sums, later)| sums.merge(later));
    }
}

impl<'a> Run<'a> {
    pub(super) fn new(
        float: &'a Graph,
        quantized: &'a Graph,
        rows: Rows,
        counterparts: &FloatLayers,
        arithmetic: Arithmetic,
    ) -> Result<Self, Error> {
        let joined = Joined::new(float, quantized)?;
        let Rows { rows, layers, outputs, unmatched } = rows;
        let layers = layers
            .into_iter()
            .map(|row| Layer::new(row, quantized, counterparts))
            .collect::<Result<Vec<Layer>, Error>>()?;
        let (observed, wanted) = observed(&joined, &rows, &layers)?;
        let plan = tidied::plan(&joined.graph, &[], &PlanOptions { arithmetic, observed, fed: Vec::new() })?;
        check_inputs(&plan)?;
        let names: Vec<&str> = layers.iter().map(|layer| layer.row.name.as_str()).collect();
        let left_float = counterparts.left_float(&names);
        Ok(Self { float, quantized, rows, layers, outputs, unmatched, left_float, plan, wanted })
    }

    /// The comparison over all of `inputs`.
    pub(super) fn over(self, inputs: &dyn Batches) -> Result<Comparison, Error> {
        let mut all = self.no_sums();
        // As many inputs at a time as there are threads; their sums are added in order.
        let indices: Vec<usize> = (0..inputs.len()).collect();
        for some in indices.chunks(rayon::current_num_threads().max(1)) {
            let sums: Vec<Result<Sums, Error>> =
                some.par_iter().map(|&index| self.one(inputs, index)).collect();
            for sums in sums {
                all.merge(sums?);
            }
        }
        self.finish(inputs.len(), all)
    }

    fn no_sums(&self) -> Sums {
        let nodes = self.rows.iter().map(NodeSums::new).collect();
        Sums { nodes, layers: self.layers.iter().map(LayerSums::new).collect() }
    }

    /// The sums of one input.
    fn one(&self, inputs: &dyn Batches, index: usize) -> Result<Sums, Error> {
        let given = inputs.feeds(index)?;
        let given = &given;
        let feeds: Feeds = [FIRST, SECOND]
            .into_iter()
            .flat_map(|prefix| {
                given.iter().map(move |(name, value)| (format!("{prefix}{name}"), value.clone()))
            })
            .collect();
        let mut sums = self.no_sums();
        self.plan.run_observed(&feeds, &mut |outlet, value| self.hand_out(&mut sums, outlet, value))?;
        Ok(sums)
    }

    /// Gives a value to all who wait for it.
    fn hand_out(&self, sums: &mut Sums, outlet: Outlet, value: &Value) -> Result<(), Error> {
        for place in self.wanted.get(&outlet).into_iter().flatten() {
            match *place {
                Place::Node(index, side) => {
                    let (Some(row), Some(node)) = (self.rows.get(index), sums.nodes.get_mut(index)) else {
                        return Err(internal!("no sums of row {index}").into());
                    };
                    node.take(row, side, value, (self.float, self.quantized))?;
                }
                Place::Layer(index, role) => {
                    let (Some(layer), Some(sums)) = (self.layers.get(index), sums.layers.get_mut(index))
                    else {
                        return Err(internal!("no sums of layer {index}").into());
                    };
                    sums.take(layer, role, value)?;
                }
            }
        }
        Ok(())
    }

    fn finish(self, inputs: usize, sums: Sums) -> Result<Comparison, Error> {
        let Self { float, quantized, rows, layers, outputs, mut unmatched, left_float, .. } = self;
        let (mut nodes, mut of_outputs) = (Vec::new(), Vec::new());
        let mut ends = BTreeMap::new();
        for (row, node) in rows.iter().zip(sums.nodes) {
            if let Some(reason) = node.problem {
                unmatched.push(Unmatched { node: quantized.outlet_name(row.found), reason });
                continue;
            }
            let errors = node.sums.errors();
            let mut of_layer = None;
            if let Some(index) = row.layer {
                let layer = layers.get(index).ok_or_else(|| no_layer(index, &layers))?;
                of_layer = Some(layer.row.name.clone());
                ends.insert(index, errors);
            }
            if let Some(output) = row.output {
                let name = outputs.get(output).cloned();
                let name = name.ok_or_else(|| internal!("output {output} of {}", outputs.len()))?;
                of_outputs.push(OutputComparison { name, errors, predictions: node.predictions });
            }
            let place = quantized.node(row.found.node);
            nodes.push(NodeComparison {
                node: place.name.clone(),
                op: place.op.clone(),
                slot: row.found.slot,
                layer: of_layer,
                reference: float.outlet_name(row.reference),
                shape: node.shape,
                dtypes: node.dtypes,
                errors,
                lsb: None,
            });
        }
        let layers = layers.into_iter().zip(sums.layers).enumerate();
        let layers = layers
            .map(|(index, (layer, sums))| sums.finish(layer, quantized, ends.get(&index).copied()))
            .collect();
        Ok(Comparison { inputs, outputs: of_outputs, layers, nodes, unmatched, left_float })
    }
}

fn no_layer(index: usize, layers: &[Layer]) -> Internal {
    internal!("layer {index} of {}", layers.len())
}

/// Who waits for an outlet.
type Wanted = BTreeMap<Outlet, Vec<Place>>;

/// What the run shows, and who waits for it. The order is that of computation: a value and its counterpart
/// follow each other.
fn observed(joined: &Joined, rows: &[Row], layers: &[Layer]) -> Result<(Vec<Outlet>, Wanted), Internal> {
    let mut observed = Vec::new();
    let mut wanted = Wanted::new();
    let mut want = |outlet: Outlet, place: Place| {
        let places = wanted.entry(outlet).or_default();
        // An outlet that is observed twice is shown twice.
        if places.is_empty() {
            observed.push(outlet);
        }
        places.push(place);
    };
    let mut with_row = BTreeSet::new();
    let mut want_layer = |index: usize, want: &mut dyn FnMut(Outlet, Place)| -> Result<(), Internal> {
        let layer = layers.get(index).ok_or_else(|| no_layer(index, layers))?;
        if !with_row.insert(index) {
            return Ok(());
        }
        for role in layer.needed() {
            let missing = || internal!("layer '{}' has no {role:?}", layer.row.name);
            let outlet = match role {
                Role::Input => joined.of_second(layer.row.input)?,
                Role::FloatInput => joined.of_first(layer.row.float_input.ok_or_else(missing)?)?,
                Role::FloatOutput => joined.of_first(layer.row.float_output.ok_or_else(missing)?)?,
                Role::Output => joined.of_second(layer.row.dequant.into())?,
            };
            want(outlet, Place::Layer(index, role));
        }
        Ok(())
    };
    for (index, row) in rows.iter().enumerate() {
        if let Some(layer) = row.layer {
            want_layer(layer, &mut want)?;
        }
        want(joined.of_first(row.reference)?, Place::Node(index, 0));
        want(joined.of_second(row.found)?, Place::Node(index, 1));
    }
    for index in 0..layers.len() {
        want_layer(index, &mut want)?;
    }
    Ok((observed, wanted))
}

/// Whatever the quantized model is fed, the float model must be fed, too.
fn check_inputs(plan: &Plan) -> Result<(), CompareError> {
    let of = |prefix: &str| -> Vec<String> {
        plan.feeds().iter().filter_map(|feed| feed.name.strip_prefix(prefix)).map(str::to_owned).collect()
    };
    let (float, quantized) = (of(FIRST), of(SECOND));
    if quantized.iter().all(|name| float.contains(name)) {
        return Ok(());
    }
    Err(CompareError::Inputs { float, quantized })
}
