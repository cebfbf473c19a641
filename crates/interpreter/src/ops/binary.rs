//! Arithmetic on two tensors with broadcasting.

use amct_tensor::{DType, Element, Tensor, checked_len};
use ndarray::{IxDyn, Zip};
use rayon::prelude::*;

use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let function = match context.node().op.as_str() {
        "Add" | "AddV2" => Function::Add,
        "Sub" => Function::Sub,
        "Mul" => Function::Mul,
        "RealDiv" | "Div" => Function::Div,
        "Maximum" => Function::Maximum,
        "Minimum" => Function::Minimum,
        _ => Function::SquaredDifference,
    };
    Ok(Box::new(Binary(function)))
}

#[derive(Clone, Copy)]
enum Function {
    Add,
    Sub,
    Mul,
    Div,
    Maximum,
    Minimum,
    SquaredDifference,
}

struct Binary(Function);

impl Operator for Binary {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let (left, right) = (inputs.tensor(0)?, inputs.tensor(1)?);
        let output = match left.dtype() {
            DType::F32 => self.floats(left, right)?,
            DType::I32 => self.integers::<i32>(left, right)?,
            DType::I64 => self.integers::<i64>(left, right)?,
            other => return Err(OpError::Unsupported(format!("arithmetic on {other} is not supported"))),
        };
        Ok(vec![output.into()])
    }
}

impl Binary {
    fn floats(&self, left: Tensor, right: Tensor) -> Result<Tensor, OpError> {
        match self.0 {
            Function::Add => broadcast::<f32>(left, right, |a, b| a + b),
            Function::Sub => broadcast::<f32>(left, right, |a, b| a - b),
            Function::Mul => broadcast::<f32>(left, right, |a, b| a * b),
            Function::Div => broadcast::<f32>(left, right, |a, b| a / b),
            // NaN wins on either side, as in TensorFlow.
            Function::Maximum => {
                broadcast::<f32>(left, right, |a, b| if a > b || a.is_nan() { a } else { b })
            }
            Function::Minimum => {
                broadcast::<f32>(left, right, |a, b| if a < b || a.is_nan() { a } else { b })
            }
            Function::SquaredDifference => broadcast::<f32>(left, right, |a, b| (a - b) * (a - b)),
        }
    }

    fn integers<T: Integer>(&self, left: Tensor, right: Tensor) -> Result<Tensor, OpError> {
        match self.0 {
            Function::Add => broadcast::<T>(left, right, T::add),
            Function::Sub => broadcast::<T>(left, right, T::sub),
            Function::Mul => broadcast::<T>(left, right, T::mul),
            Function::Maximum => broadcast::<T>(left, right, T::max),
            Function::Minimum => broadcast::<T>(left, right, T::min),
            Function::SquaredDifference => broadcast::<T>(left, right, |a, b| a.sub(b).mul(a.sub(b))),
            Function::Div => {
                if right.as_slice::<T>()?.contains(&T::default()) {
                    return Err(OpError::Unsupported("an integer is divided by zero".to_owned()));
                }
                broadcast::<T>(left, right, T::div)
            }
        }
    }
}

/// Integer arithmetic that wraps, as TensorFlow's does.
trait Integer: Element + Copy + Ord {
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
}

macro_rules! integer {
    ($($rust:ty),+) => {$(
        impl Integer for $rust {
            fn add(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            fn sub(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            fn mul(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
            fn div(self, other: Self) -> Self {
                self.wrapping_div(other)
            }
        }
    )+};
}

integer!(i32, i64);

/// Elements of one task.
const CHUNK: usize = 1 << 15;

/// Applies `function` to each pair of elements, stretching dimensions of 1.
fn broadcast<T: Element + Copy>(
    left: Tensor,
    right: Tensor,
    function: impl Fn(T, T) -> T + Sync + Send,
) -> Result<Tensor, OpError> {
    if left.shape() == right.shape() {
        let shape = left.shape().to_vec();
        let mut data = left.into_vec::<T>()?;
        let other = right.as_slice::<T>()?;
        data.par_chunks_mut(CHUNK).zip(other.par_chunks(CHUNK)).for_each(|(left, right)| {
            for (a, b) in left.iter_mut().zip(right) {
                *a = function(*a, *b);
            }
        });
        return Ok(Tensor::from_vec(shape, data)?);
    }
    let shape = broadcast_shape(left.shape(), right.shape()).ok_or_else(|| {
        OpError::shape(format!("a shape that broadcasts with {:?}", left.shape()), right.shape())
    })?;
    if shape == left.shape() && is_last_axis(&shape, right.shape()) {
        return along_last_axis(left, right, function);
    }
    checked_len(&shape, T::DTYPE)?;
    let (left, right) = (left.view::<T>()?, right.view::<T>()?);
    let dim = IxDyn(&shape);
    let (Some(left), Some(right)) = (left.broadcast(dim.clone()), right.broadcast(dim)) else {
        return Err(OpError::shape("shapes that broadcast", &shape));
    };
    Ok(Tensor::from_array(Zip::from(&left).and(&right).map_collect(|&a, &b| function(a, b))))
}

/// The common shape of two, by numpy's rule.
fn broadcast_shape(left: &[usize], right: &[usize]) -> Option<Vec<usize>> {
    let rank = left.len().max(right.len());
    let dim = |shape: &[usize], axis: usize| {
        (axis + shape.len()).checked_sub(rank).and_then(|index| shape.get(index)).copied().unwrap_or(1)
    };
    (0..rank)
        .map(|axis| match (dim(left, axis), dim(right, axis)) {
            (a, b) if a == b => Some(a),
            (1, b) => Some(b),
            (a, 1) => Some(a),
            _ => None,
        })
        .collect()
}

/// Whether `row` is one value per element of the last axis of `shape`, or one value for all.
fn is_last_axis(shape: &[usize], row: &[usize]) -> bool {
    let outer_ones = row.iter().rev().skip(1).all(|&dim| dim == 1);
    outer_ones && row.last().is_none_or(|last| *last == 1 || Some(last) == shape.last())
}

fn along_last_axis<T: Element + Copy>(
    left: Tensor,
    right: Tensor,
    function: impl Fn(T, T) -> T + Sync + Send,
) -> Result<Tensor, OpError> {
    let shape = left.shape().to_vec();
    let mut data = left.into_vec::<T>()?;
    let row = right.as_slice::<T>()?;
    if !row.is_empty() {
        data.par_chunks_mut(row.len().max(CHUNK / row.len() * row.len())).for_each(|chunk| {
            for (a, b) in chunk.iter_mut().zip(row.iter().cycle()) {
                *a = function(*a, *b);
            }
        });
    }
    Ok(Tensor::from_vec(shape, data)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(shape: &[usize], data: &[f32]) -> Tensor {
        Tensor::from_vec(shape, data.to_vec()).unwrap()
    }

    fn add(left: Tensor, right: Tensor) -> Result<Tensor, OpError> {
        broadcast::<f32>(left, right, |a, b| a + b)
    }

    #[test]
    fn dimensions_of_one_stretch_on_either_side() {
        let column = tensor(&[2, 1], &[10.0, 20.0]);
        let row = tensor(&[3], &[1.0, 2.0, 3.0]);
        let expected = tensor(&[2, 3], &[11.0, 12.0, 13.0, 21.0, 22.0, 23.0]);
        assert_eq!(add(column.clone(), row.clone()).unwrap(), expected);
        assert_eq!(add(row.clone(), column).unwrap(), expected);
        let full = tensor(&[2, 3], &[0.0; 6]);
        assert_eq!(
            add(full.clone(), row).unwrap().as_slice::<f32>().unwrap(),
            [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]
        );
        assert_eq!(add(full.clone(), tensor(&[], &[5.0])).unwrap(), tensor(&[2, 3], &[5.0; 6]));
        assert!(add(full, tensor(&[2], &[1.0, 2.0])).is_err());
    }

    #[test]
    fn integers_wrap_and_division_by_zero_is_an_error() {
        let binary = Binary(Function::Add);
        let sum = binary.integers::<i32>(Tensor::scalar(i32::MAX), Tensor::scalar(1)).unwrap();
        assert_eq!(sum.as_slice::<i32>().unwrap(), [i32::MIN]);
        assert!(Binary(Function::Div).integers::<i32>(Tensor::scalar(1), Tensor::scalar(0)).is_err());
    }

    #[test]
    fn nan_wins_in_maximum_and_minimum() {
        let nan = || Tensor::scalar(f32::NAN);
        for function in [Function::Maximum, Function::Minimum] {
            let one = || Tensor::scalar(1.0_f32);
            for (a, b) in [(nan(), one()), (one(), nan())] {
                assert!(Binary(function).floats(a, b).unwrap().as_slice::<f32>().unwrap()[0].is_nan());
            }
        }
    }
}
