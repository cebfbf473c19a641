//! Arithmetic on two tensors with broadcasting.

use amct_tensor::Tensor;

use super::bias_add;
use super::broadcast::broadcast;
use super::half::or_half;
use super::number::{Number, with_number};
use super::per_image::broadcasts_per_image;
use crate::fusible::{Absorbable, EpilogueStep};
use crate::operator::{BuildContext, Inputs, Operator};
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
    ("Add", Function::Add),
    ("AddV2", Function::Add),
    ("Div", Function::Div),
    ("DivNoNan", Function::DivNoNan),
    ("FloorDiv", Function::FloorDiv),
    ("FloorMod", Function::FloorMod),
    ("Maximum", Function::Maximum),
    ("Minimum", Function::Minimum),
    ("Mul", Function::Mul),
    ("Pow", Function::Pow),
    ("RealDiv", Function::Div),
    ("SquaredDifference", Function::SquaredDifference),
    ("Sub", Function::Sub),
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
        let output = with_number!(left.dtype(), T => self.apply::<T>(left, right))?;
        Ok(vec![output.into()])
    }

    fn absorbable(&self) -> Option<Absorbable> {
        matches!(self.0, Function::Add).then_some(EpilogueStep::Accumulate.into())
    }

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        broadcasts_per_image(inputs, batched)
    }
}

impl Binary {
    fn apply<T: Number>(&self, left: Tensor, right: Tensor) -> Result<Tensor, OpError> {
        match self.0 {
            Function::Add => broadcast::<T>(left, right, T::add),
            Function::Sub => broadcast::<T>(left, right, T::sub),
            Function::Mul => broadcast::<T>(left, right, T::mul),
            Function::Div => broadcast::<T>(left, no_zero::<T>(right)?, T::div),
            Function::DivNoNan => {
                broadcast::<T>(left, right, |a, b| if b == T::ZERO { T::ZERO } else { a.div(b) })
            }
            Function::FloorDiv => broadcast::<T>(left, no_zero::<T>(right)?, T::floor_div),
            Function::FloorMod => broadcast::<T>(left, no_zero::<T>(right)?, T::floor_mod),
            Function::Maximum => broadcast::<T>(left, right, T::max),
            Function::Minimum => broadcast::<T>(left, right, T::min),
            Function::Pow => broadcast::<T>(left, no_negative::<T>(right)?, T::pow),
            Function::SquaredDifference => broadcast::<T>(left, right, |a, b| {
                let difference = a.sub(b);
                difference.mul(difference)
            }),
        }
    }
}

fn no_zero<T: Number>(divisor: Tensor) -> Result<Tensor, OpError> {
    if T::INTEGER && divisor.as_slice::<T>()?.contains(&T::ZERO) {
        return Err(OpError::Unsupported("an integer is divided by zero".to_owned()));
    }
    Ok(divisor)
}

fn no_negative<T: Number>(exponent: Tensor) -> Result<Tensor, OpError> {
    if T::INTEGER && exponent.as_slice::<T>()?.iter().any(|&x| x < T::ZERO) {
        return Err(OpError::Unsupported("an integer is raised to a negative power".to_owned()));
    }
    Ok(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_wrap_and_division_by_zero_is_an_error() {
        let sum = Binary(Function::Add).apply::<i32>(Tensor::scalar(i32::MAX), Tensor::scalar(1)).unwrap();
        assert_eq!(sum.as_slice::<i32>().unwrap(), [i32::MIN]);
        for function in [Function::Div, Function::FloorDiv, Function::FloorMod] {
            assert!(Binary(function).apply::<i32>(Tensor::scalar(1), Tensor::scalar(0)).is_err());
        }
        assert!(Binary(Function::Pow).apply::<i32>(Tensor::scalar(1), Tensor::scalar(-1)).is_err());
    }

    #[test]
    fn nan_wins_in_maximum_and_minimum() {
        let nan = || Tensor::scalar(f32::NAN);
        for function in [Function::Maximum, Function::Minimum] {
            let one = || Tensor::scalar(1.0_f32);
            for (a, b) in [(nan(), one()), (one(), nan())] {
                let found = Binary(function).apply::<f32>(a, b).unwrap();
                assert!(found.as_slice::<f32>().unwrap()[0].is_nan());
            }
        }
    }

    #[test]
    fn operands_of_two_types_are_refused() {
        assert!(Binary(Function::Add).apply::<f32>(Tensor::scalar(1.0_f32), Tensor::scalar(1)).is_err());
    }
}
