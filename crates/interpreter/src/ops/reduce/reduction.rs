//! `Sum`, `Mean`, `Max`, `Min`, `Prod`, `All` and `Any` over some axes.

use amct_graph::op;
use amct_tensor::{DType, Tensor};

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::elementwise::cast::cast;
use crate::ops::support::axis::named;
use crate::ops::support::half::or_half;
use crate::ops::support::number::{Number, with_number};
use crate::ops::support::wide::{bounds, widened};
use crate::{OpError, Value};

mod fold;

use fold::fold;

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let function = match context.node().op.as_str() {
        op::SUM => Function::Sum,
        op::MEAN => Function::Mean,
        op::MAX => Function::Max,
        op::MIN => Function::Min,
        op::PROD => Function::Prod,
        op::ALL => Function::All,
        _ => Function::Any,
    };
    let keep_dims = context.attributes().bool_or("keep_dims", false)?;
    Ok(or_half(Reduction { function, keep_dims }, context))
}

#[derive(Clone, Copy, PartialEq)]
enum Function {
    Sum,
    Mean,
    Max,
    Min,
    Prod,
    All,
    Any,
}

struct Reduction {
    function: Function,
    keep_dims: bool,
}

impl Operator for Reduction {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let reduced = named(&inputs.tensor(1)?, input.rank())?;
        let logical = matches!(self.function, Function::All | Function::Any);
        let output = match input.dtype() {
            DType::Bool if logical => self.logical(&input, &reduced)?,
            other if logical => return Err(OpError::Unsupported(format!("it works on bool, not {other}"))),
            DType::F32 if matches!(self.function, Function::Sum | Function::Mean) => {
                self.f32_sum(&input, &reduced)?
            }
            number => {
                let wide = widened(input.clone())?;
                cast(with_number!(wide.dtype(), T => self.numbers::<T>(&wide, &reduced, number))?, number)?
            }
        };
        let axes = input.shape().iter().zip(&reduced);
        let shape: Vec<usize> = if self.keep_dims {
            axes.map(|(&dim, &reduced)| if reduced { 1 } else { dim }).collect()
        } else {
            axes.filter(|(_, reduced)| !**reduced).map(|(&dim, _)| dim).collect()
        };
        Ok(vec![output.reshaped(shape)?.into()])
    }
}

impl Reduction {
    /// Sums in f64, rounded once: independent of the order to nearly the last bit, so near
    /// TensorFlow's, which adds in an order of its own.
    fn f32_sum(&self, input: &Tensor, reduced: &[bool]) -> Result<Tensor, OpError> {
        let sums = fold::<f32, f64>(input, reduced, 0.0, f64::from, |a, b| a + b)?;
        let count = if self.function == Function::Mean { count(input.shape(), reduced) as f64 } else { 1.0 };
        Ok(Tensor::vector(sums.into_iter().map(|sum| (sum / count) as f32).collect()))
    }

    /// Numbers that were `dtype` and will be again.
    fn numbers<T: Number>(&self, input: &Tensor, reduced: &[bool], dtype: DType) -> Result<Tensor, OpError> {
        // Where there is nothing to compare, the extremes are those of the type.
        let (lowest, highest) = match bounds(dtype) {
            Some((lowest, highest)) => (T::from_i64(lowest), T::from_i64(highest)),
            None => (T::LOWEST, T::HIGHEST),
        };
        let (start, merge): (T, fn(T, T) -> T) = match self.function {
            Function::Max => (lowest, T::max),
            Function::Min => (highest, T::min),
            Function::Prod => (T::ONE, T::mul),
            Function::Mean if dtype == DType::U64 => {
                return Err(OpError::Unsupported("a mean of uint64 is not supported".to_owned()));
            }
            _ => (T::ZERO, T::add),
        };
        let mut results = fold::<T, T>(input, reduced, start, |x| x, merge)?;
        if self.function == Function::Mean {
            let count = T::from_i64(count(input.shape(), reduced) as i64);
            results.iter_mut().for_each(|sum| *sum = sum.div(count));
        }
        Ok(Tensor::vector(results))
    }

    fn logical(&self, input: &Tensor, reduced: &[bool]) -> Result<Tensor, OpError> {
        let fold =
            |start, merge: fn(bool, bool) -> bool| fold::<bool, bool>(input, reduced, start, |x| x, merge);
        let all = self.function == Function::All;
        Ok(Tensor::vector(if all { fold(true, |a, b| a && b)? } else { fold(false, |a, b| a || b)? }))
    }
}

/// How many elements go into one result.
fn count(shape: &[usize], reduced: &[bool]) -> usize {
    shape.iter().zip(reduced).filter(|(_, reduced)| **reduced).map(|(&dim, _)| dim).product()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_sum_is_exact_to_the_last_bit_of_f32() {
        let input = Tensor::vector(vec![0.1_f32; 1_000_003]);
        let sum = Reduction { function: Function::Sum, keep_dims: false };
        let found = sum.f32_sum(&input, &[true]).unwrap();
        assert_eq!(found.as_slice::<f32>().unwrap(), [(1_000_003.0 * f64::from(0.1_f32)) as f32]);
    }

    #[test]
    fn logic_and_arithmetic_do_not_mix() {
        let run = |function, input: Tensor| {
            let axes = Tensor::vector(vec![0_i32]);
            Reduction { function, keep_dims: false }
                .run(Inputs::new(vec![Some(input.into()), Some(axes.into())]))
        };
        assert!(run(Function::All, Tensor::vector(vec![1.0_f32])).is_err());
        assert!(run(Function::Sum, Tensor::vector(vec![true])).is_err());
    }
}
