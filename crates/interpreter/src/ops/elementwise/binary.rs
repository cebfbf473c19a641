//! Arithmetic on two tensors with broadcasting.

use amct_graph::op;
use amct_tensor::{DType, Tensor};

use super::bias_add;
use super::cast::cast;
use crate::fusible::{Absorbable, EpilogueStep};
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::broadcast::broadcast;
use crate::ops::support::half::or_half;
use crate::ops::support::number::{Number, with_number};
use crate::ops::support::per_image::broadcasts_per_image;
use crate::ops::support::wide;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    if bias_add::is_of_product(context) {
        return bias_add::build(context);
    }
    let op = context.node().op.as_str();
    let function = FUNCTIONS.iter().find(|(name, _)| *name == op);
    let &(_, function) = function.ok_or_else(|| OpError::Unsupported(format!("no arithmetic {op}")))?;
    Ok(or_half(Binary(function), context))
}

const FUNCTIONS: &[(&str, Function)] = &[
    (op::ADD, Function::Add),
    (op::ADD_V2, Function::Add),
    (op::DIV, Function::Div),
    (op::DIV_NO_NAN, Function::DivNoNan),
    (op::FLOOR_DIV, Function::FloorDiv),
    (op::FLOOR_MOD, Function::FloorMod),
    (op::MAXIMUM, Function::Maximum),
    (op::MINIMUM, Function::Minimum),
    (op::MUL, Function::Mul),
    (op::POW, Function::Pow),
    (op::REAL_DIV, Function::Div),
    (op::SQUARED_DIFFERENCE, Function::SquaredDifference),
    (op::SUB, Function::Sub),
];

/// The ops of the table.
#[cfg(test)]
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|(name, _)| *name)
}

#[derive(Clone, Copy)]
enum Function {
    Add,
    Sub,
    Mul,
    Div,
    DivNoNan,
    FloorDiv,
    FloorMod,
    Maximum,
    Minimum,
    Pow,
    SquaredDifference,
}

struct Binary(Function);

impl Operator for Binary {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let (left, right) = (inputs.tensor(0)?, inputs.tensor(1)?);
        let left = inputs.memory().unshared(left);
        Ok(vec![self.apply(left, right)?.into()])
    }

    fn absorbable(&self) -> Option<Absorbable> {
        matches!(self.0, Function::Add).then_some(EpilogueStep::Accumulate.into())
    }

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        broadcasts_per_image(inputs, batched)
    }
}

/// The sum of two tensors of numbers.
pub(in crate::ops) fn sum(left: Tensor, right: Tensor) -> Result<Tensor, OpError> {
    Binary(Function::Add).apply(left, right)
}

impl Binary {
    fn apply(&self, left: Tensor, right: Tensor) -> Result<Tensor, OpError> {
        let dtype = left.dtype();
        let (left, right) = wide::both(left, right)?;
        let output = match left.dtype() {
            DType::F32 => self.single(left, right)?,
            number => {
                with_number!(number, T => broadcast::<T>(left, self.checked::<T>(right)?, self.of::<T>()))?
            }
        };
        cast(output, dtype)
    }

    /// What is quick, and so worth a loop of its own, on the type that models compute in.
    fn single(&self, left: Tensor, right: Tensor) -> Result<Tensor, OpError> {
        match self.0 {
            Function::Add => broadcast::<f32>(left, right, f32::add),
            Function::Sub => broadcast::<f32>(left, right, f32::sub),
            Function::Mul => broadcast::<f32>(left, right, f32::mul),
            Function::Div => broadcast::<f32>(left, right, f32::div),
            Function::DivNoNan => broadcast::<f32>(left, right, f32::div_no_nan),
            Function::Maximum => broadcast::<f32>(left, right, Number::max),
            Function::Minimum => broadcast::<f32>(left, right, Number::min),
            Function::SquaredDifference => broadcast::<f32>(left, right, f32::squared_difference),
            Function::FloorDiv | Function::FloorMod | Function::Pow => {
                broadcast::<f32>(left, right, self.of::<f32>())
            }
        }
    }

    fn of<T: Number>(&self) -> fn(T, T) -> T {
        match self.0 {
            Function::Add => T::add,
            Function::Sub => T::sub,
            Function::Mul => T::mul,
            Function::Div => T::div,
            Function::DivNoNan => T::div_no_nan,
            Function::FloorDiv => T::floor_div,
            Function::FloorMod => T::floor_mod,
            Function::Maximum => T::max,
            Function::Minimum => T::min,
            Function::Pow => T::pow,
            Function::SquaredDifference => T::squared_difference,
        }
    }

    /// The right operand, unless there is no result for one of its integers.
    fn checked<T: Number>(&self, right: Tensor) -> Result<Tensor, OpError> {
        let refused = |refused: fn(&T) -> bool, what: &str| match T::INTEGER
            && right.as_slice::<T>()?.iter().any(refused)
        {
            true => Err(OpError::Unsupported(format!("an integer is {what}"))),
            false => Ok(()),
        };
        match self.0 {
            Function::Div | Function::FloorDiv | Function::FloorMod => {
                refused(|&x| x == T::ZERO, "divided by zero")?;
            }
            Function::Pow => refused(|&x| x < T::ZERO, "raised to a negative power")?,
            _ => {}
        }
        Ok(right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_wrap_and_division_by_zero_is_an_error() {
        let sum = Binary(Function::Add).apply(Tensor::scalar(i32::MAX), Tensor::scalar(1)).unwrap();
        assert_eq!(sum.as_slice::<i32>().unwrap(), [i32::MIN]);
        for function in [Function::Div, Function::FloorDiv, Function::FloorMod] {
            assert!(Binary(function).apply(Tensor::scalar(1), Tensor::scalar(0)).is_err());
        }
        assert!(Binary(Function::Pow).apply(Tensor::scalar(1), Tensor::scalar(-1)).is_err());
    }

    #[test]
    fn nan_wins_in_maximum_and_minimum() {
        let nan = || Tensor::scalar(f32::NAN);
        for function in [Function::Maximum, Function::Minimum] {
            let one = || Tensor::scalar(1.0_f32);
            for (a, b) in [(nan(), one()), (one(), nan())] {
                let found = Binary(function).apply(a, b).unwrap();
                assert!(found.as_slice::<f32>().unwrap()[0].is_nan());
            }
        }
    }

    #[test]
    fn operands_of_two_types_are_refused() {
        assert!(Binary(Function::Add).apply(Tensor::scalar(1.0_f32), Tensor::scalar(1)).is_err());
    }
}
