//! Comparisons of two tensors with broadcasting, to booleans.

use amct_tensor::{DType, Element, Tensor};

use super::broadcast::broadcast_into;
use super::half::or_half;
use super::number::with_number;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let relation = match context.node().op.as_str() {
        "Equal" => Relation::Equal,
        "NotEqual" => Relation::NotEqual,
        "Less" => Relation::Less,
        "LessEqual" => Relation::LessEqual,
        "Greater" => Relation::Greater,
        _ => Relation::GreaterEqual,
    };
    // With this attribute off, shapes that do not broadcast would give a single boolean.
    if !context.attributes().bool_or("incompatible_shape_error", true)? {
        return Err(OpError::Unsupported("incompatible_shape_error = false is not supported".to_owned()));
    }
    Ok(or_half(Comparison(relation), context))
}

#[derive(Clone, Copy)]
enum Relation {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

struct Comparison(Relation);

impl Operator for Comparison {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let (left, right) = (inputs.tensor(0)?, inputs.tensor(1)?);
        let equality = matches!(self.0, Relation::Equal | Relation::NotEqual);
        let output = match left.dtype() {
            DType::Bool if equality => self.apply::<bool>(left, right)?,
            number => with_number!(number, T => self.apply::<T>(left, right))?,
        };
        Ok(vec![output.into()])
    }
}

impl Comparison {
    fn apply<T: Element + Copy + PartialOrd>(&self, left: Tensor, right: Tensor) -> Result<Tensor, OpError> {
        match self.0 {
            Relation::Equal => broadcast_into::<T, bool>(left, right, |a, b| a == b),
            Relation::NotEqual => broadcast_into::<T, bool>(left, right, |a, b| a != b),
            Relation::Less => broadcast_into::<T, bool>(left, right, |a, b| a < b),
            Relation::LessEqual => broadcast_into::<T, bool>(left, right, |a, b| a <= b),
            Relation::Greater => broadcast_into::<T, bool>(left, right, |a, b| a > b),
            Relation::GreaterEqual => broadcast_into::<T, bool>(left, right, |a, b| a >= b),
        }
    }
}
