//! Comparisons of two tensors with broadcasting, to booleans.

use amct_graph::op;
use amct_tensor::{DType, Tensor};

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::broadcast::broadcast_into;
use crate::ops::support::half::or_half;
use crate::ops::support::number::with_number;
use crate::ops::support::wide;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let relation = match context.node().op.as_str() {
        op::EQUAL => Relation::Equal,
        op::NOT_EQUAL => Relation::NotEqual,
        op::LESS => Relation::Less,
        op::LESS_EQUAL => Relation::LessEqual,
        op::GREATER => Relation::Greater,
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
        let (left, right) = wide::both(left, right)?;
        let output = match left.dtype() {
            DType::F32 => self.single(left, right)?,
            DType::Bool if equality => broadcast_into(left, right, self.of::<bool>())?,
            number => with_number!(number, T => broadcast_into(left, right, self.of::<T>()))?,
        };
        Ok(vec![output.into()])
    }
}

impl Comparison {
    /// A loop for each relation on the type that models compute in. What is greater on one side is less on the other.
    fn single(&self, left: Tensor, right: Tensor) -> Result<Tensor, OpError> {
        match self.0 {
            Relation::Equal => broadcast_into::<f32, bool>(left, right, |a, b| a == b),
            Relation::NotEqual => broadcast_into::<f32, bool>(left, right, |a, b| a != b),
            Relation::Less => less(left, right),
            Relation::LessEqual => less_or_equal(left, right),
            Relation::Greater => less(right, left),
            Relation::GreaterEqual => less_or_equal(right, left),
        }
    }

    fn of<T: PartialOrd>(&self) -> fn(T, T) -> bool {
        match self.0 {
            Relation::Equal => |a, b| a == b,
            Relation::NotEqual => |a, b| a != b,
            Relation::Less => |a, b| a < b,
            Relation::LessEqual => |a, b| a <= b,
            Relation::Greater => |a, b| a > b,
            Relation::GreaterEqual => |a, b| a >= b,
        }
    }
}

fn less(left: Tensor, right: Tensor) -> Result<Tensor, OpError> {
    broadcast_into::<f32, bool>(left, right, |a, b| a < b)
}

fn less_or_equal(left: Tensor, right: Tensor) -> Result<Tensor, OpError> {
    broadcast_into::<f32, bool>(left, right, |a, b| a <= b)
}
