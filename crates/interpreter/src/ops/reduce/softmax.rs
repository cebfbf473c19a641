//! `Softmax` and `LogSoftmax` over the last axis.

use amct_graph::op;
use amct_kernels::elementwise;
use amct_tensor::{DType, Tensor};

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::elementwise::unary::in_rows;
use crate::ops::support::half::or_half;
use crate::ops::support::number::not_a_number;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    Ok(or_half(Softmax { log: context.node().op == op::LOG_SOFTMAX }, context))
}

struct Softmax {
    /// The logarithm of it.
    log: bool,
}

impl Operator for Softmax {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let shape = input.shape().to_vec();
        let Some(&classes) = shape.last() else {
            return Err(OpError::shape("an input of rank 1 or more", &shape));
        };
        let output = match (input.dtype(), self.log) {
            (DType::F32, false) => {
                let mut output = vec![0.0; input.len()];
                elementwise::softmax(input.as_slice()?, classes, &mut output)?;
                Tensor::from_vec(shape, output)?
            }
            (DType::F32, true) => in_rows::<f32>(input, classes, log_row)?,
            (DType::F64, log) => in_rows::<f64>(input, classes, |row| wide_row(row, log))?,
            (other, _) => return Err(not_a_number(other)),
        };
        Ok(vec![output.into()])
    }

    fn is_per_image(&self, inputs: &[Option<Value>], _batched: &[bool]) -> bool {
        inputs.iter().flatten().all(|input| input.shape().len() >= 2)
    }
}

/// `x - max - ln(sum of e^(x - max))`, the sum in f64.
fn log_row(row: &mut [f32]) {
    let max = row.iter().fold(f32::NEG_INFINITY, |max, &x| if x > max { x } else { max });
    let sum: f64 = row.iter().map(|&x| f64::from(elementwise::exp(x - max))).sum();
    let log = sum.ln();
    row.iter_mut().for_each(|x| *x = (f64::from(*x - max) - log) as f32);
}

fn wide_row(row: &mut [f64], log: bool) {
    let max = row.iter().fold(f64::NEG_INFINITY, |max, &x| if x > max { x } else { max });
    let sum: f64 = row.iter().map(|&x| (x - max).exp()).sum();
    let ln = sum.ln();
    row.iter_mut().for_each(|x| *x = if log { *x - max - ln } else { (*x - max).exp() / sum });
}
