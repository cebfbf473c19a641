//! The sums of a value and its counterpart.

use amct_graph::Graph;
use amct_interpreter::Value;
use amct_metrics::ErrorSums;
use amct_tensor::{Tensor, internal};

use super::rows::Row;
use super::values::{clipped_at_six, floats, values};
use super::{CompareError, Prediction};
use crate::Error;
use crate::predict::{Class, class_rows, top};

/// The sums of a row.
pub(super) struct NodeSums {
    pub(super) sums: ErrorSums,
    waiting: [Option<Tensor>; 2],
    pub(super) shape: Vec<usize>,
    pub(super) dtypes: [String; 2],
    pub(super) predictions: Option<Vec<Prediction>>,
    /// Why there is nothing to compare.
    pub(super) problem: Option<String>,
}

impl NodeSums {
    pub(super) fn new(row: &Row) -> Self {
        let predictions = row.output.map(|_| Vec::new());
        let (sums, dtypes) = (ErrorSums::default(), [String::new(), String::new()]);
        Self { sums, waiting: [None, None], shape: Vec::new(), dtypes, predictions, problem: None }
    }

    /// Takes in the sums of later inputs.
    pub(super) fn merge(&mut self, later: Self) {
        self.sums.merge(&later.sums);
        self.shape = later.shape;
        self.dtypes = later.dtypes;
        self.predictions = self.predictions.take().zip(later.predictions).map(|(mut all, later)| {
            all.extend(later);
            all
        });
        self.problem = self.problem.take().or(later.problem);
    }

    /// Takes the reference (`side` 0) or what is compared with it (1), and compares once both are there.
    pub(super) fn take(
        &mut self,
        row: &Row,
        side: usize,
        value: &Value,
        graphs: (&Graph, &Graph),
    ) -> Result<(), Error> {
        match value {
            Value::Plain(tensor) => {
                let place = self.waiting.get_mut(side).ok_or_else(|| internal!("side {side} of two"))?;
                *place = Some(tensor.clone());
            }
            Value::Quantized { .. } => {
                self.problem = Some("it is int8, inside a quantized layer".to_owned());
            }
        }
        let [Some(reference), Some(found)] = &self.waiting else { return Ok(()) };
        let (reference, found) = (reference.clone(), found.clone());
        self.waiting = [None, None];
        if self.problem.is_some() {
            return Ok(());
        }
        self.shape = found.shape().to_vec();
        self.dtypes = [found.dtype().to_string(), reference.dtype().to_string()];
        let (Some(y), Some(x)) = (floats(&reference), floats(&found)) else {
            self.problem = Some("strings are not compared".to_owned());
            return Ok(());
        };
        if x.len() != y.len() {
            return Err(CompareError::Shapes {
                node: graphs.1.outlet_name(row.found),
                found: found.shape().to_vec(),
                reference: graphs.0.outlet_name(row.reference),
                expected: reference.shape().to_vec(),
            }
            .into());
        }
        let x = if row.clips_at_six { clipped_at_six(&x)? } else { x };
        self.sums.add(values(&y)?, values(&x)?);
        if let Some(predictions) = &mut self.predictions {
            match classes(&reference).zip(classes(&found)) {
                Some((float, quantized)) => predictions.extend(
                    float
                        .into_iter()
                        .zip(quantized)
                        .map(|(float, quantized)| Prediction { float, quantized }),
                ),
                None => self.predictions = None,
            }
        }
        Ok(())
    }
}

/// The largest class of each row; `None` if the output has no rows of classes.
fn classes(tensor: &Tensor) -> Option<Vec<Class>> {
    let count = if tensor.rank() > 1 { tensor.shape().first().copied()? } else { 1 };
    class_rows(tensor, count)?.map(|row| top(row, 1).first().copied()).collect()
}
