//! The sums of a quantized layer: how its input uses the integers, and the parts of its error.

use amct_graph::{AttrError, Graph, GraphError};
use amct_interpreter::Value;
use amct_metrics::{CodeHistogram, Errors, SplitSums};
use amct_tensor::quantization::quantize;
use amct_tensor::{Tensor, internal};

use super::LayerComparison;
use super::float_layers::{FloatLayer, FloatLayers};
use super::rows::LayerRow;
use super::values::{clipped_at_six, floats, mapped, values};
use crate::Error;

/// What a value is to a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// What its `AscendQuant` reads.
    Input,
    /// The counterpart of that, where the output has none.
    FloatInput,
    FloatOutput,
    Output,
}

const ROLES: usize = 4;

/// A layer with its float counterpart.
pub(super) struct Layer {
    pub(super) row: LayerRow,
    float: Result<FloatLayer, String>,
    weights: Vec<[f32; 2]>,
    inverse_scale: f32,
    offset: i32,
}

impl Layer {
    pub(super) fn new(row: LayerRow, quantized: &Graph, counterparts: &FloatLayers) -> Result<Self, Error> {
        let attrs = quantized.node(row.quant).attributes();
        let graph_error = |error: AttrError| Error::Graph(GraphError::from(error));
        let inverse_scale = attrs.float("scale").map_err(graph_error)?;
        let offset = attrs.float_or("offset", 0.0).map_err(graph_error)? as i32;
        let float = if row.float_output.is_none() && row.float_input.is_none() {
            Err("neither its input nor its output has a counterpart in the float model".to_owned())
        } else {
            counterparts.layer(&row.name)
        };
        let weights = counterparts.weights(&row.name)?;
        Ok(Self { row, float, weights, inverse_scale, offset })
    }

    /// What it waits for, in the order of computation.
    pub(super) fn needed(&self) -> Vec<Role> {
        if self.float.is_err() {
            return vec![Role::Input];
        }
        let float = if self.row.float_output.is_some() { Role::FloatOutput } else { Role::FloatInput };
        vec![float, Role::Input, Role::Output]
    }
}

/// The sums of a layer.
pub(super) struct LayerSums {
    codes: CodeHistogram,
    sums: SplitSums,
    waiting: [Option<Tensor>; ROLES],
    /// Why there is no split, besides what is known before a run.
    problem: Option<String>,
}

impl LayerSums {
    pub(super) fn new(layer: &Layer) -> Self {
        let codes = CodeHistogram::new(layer.inverse_scale, layer.offset);
        Self { codes, sums: SplitSums::default(), waiting: [const { None }; ROLES], problem: None }
    }

    /// Takes in the sums of later inputs.
    pub(super) fn merge(&mut self, later: Self) {
        self.codes.merge(&later.codes);
        self.sums.merge(&later.sums);
        self.problem = self.problem.take().or(later.problem);
    }

    /// Takes a value, and takes the error apart once all are there.
    pub(super) fn take(&mut self, layer: &Layer, role: Role, value: &Value) -> Result<(), Error> {
        // What no layer may read its operator refuses, with the names.
        let Value::Plain(tensor) = value else { return Ok(()) };
        let Some(mut tensor) = floats(tensor) else { return Ok(()) };
        if role == Role::Input {
            if layer.row.clips_at_six {
                tensor = clipped_at_six(&tensor)?;
            }
            self.codes.add(values(&tensor)?);
        }
        let place = self.waiting.get_mut(role as usize);
        *place.ok_or_else(|| internal!("no place for {role:?}"))? = Some(tensor);
        let is_there = |role: &Role| self.waiting.get(*role as usize).is_some_and(Option::is_some);
        if !layer.needed().iter().all(is_there) {
            return Ok(());
        }
        let waiting = std::mem::replace(&mut self.waiting, [const { None }; ROLES]);
        if let Ok(float) = &layer.float {
            self.add(layer, float, waiting)?;
        }
        Ok(())
    }

    /// Adds the parts of the error for one input.
    fn add(
        &mut self,
        layer: &Layer,
        float_layer: &FloatLayer,
        waiting: [Option<Tensor>; ROLES],
    ) -> Result<(), Error> {
        let [Some(input), float_input, float_output, Some(output)] = waiting else {
            return Err(internal!("input or output of layer '{}' is not there", layer.row.name).into());
        };
        let (inverse, offset) = (layer.inverse_scale, layer.offset);
        let [low, high] = self.codes.range();
        let clipped = mapped(&input, |x| {
            if x < low {
                low
            } else if x > high {
                high
            } else {
                x
            }
        })?;
        let rounded =
            mapped(&input, |x| (i32::from(quantize(x, inverse, offset)) - offset) as f32 / inverse)?;
        let stages = [float_layer.run(&input)?, float_layer.run(&clipped)?, float_layer.run(&rounded)?];
        let float = match (float_output, float_input) {
            (Some(output), _) => output,
            (None, Some(input)) => float_layer.run(&input)?,
            (None, None) => {
                return Err(internal!("layer '{}' has no counterpart", layer.row.name).into());
            }
        };
        let [a, b, c] = &stages;
        if [a, b, c, &output].iter().any(|other| other.len() != float.len()) {
            self.problem = Some("the float layer's output has another size".to_owned());
            return Ok(());
        }
        self.sums.add(values(&float)?, [values(a)?, values(b)?, values(c)?], values(&output)?);
        Ok(())
    }

    pub(super) fn finish(self, layer: Layer, quantized: &Graph, errors: Option<Errors>) -> LayerComparison {
        let no_split = self.problem.or(layer.float.err());
        LayerComparison {
            layer: layer.row.name,
            op: layer.row.op,
            dequant: quantized.node(layer.row.dequant).name.clone(),
            errors,
            split: no_split.is_none().then(|| self.sums.split()),
            no_split,
            weights: layer.weights,
            codes: self.codes.usage(),
            histogram: self.codes,
        }
    }
}
