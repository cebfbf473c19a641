//! `Sum`, `Mean`, `Max`, `Min`, `Prod`, `All` and `Any` over some axes.

use amct_tensor::{DType, Tensor};

use super::axis::named;
use super::half::or_half;
use super::number::{Number, with_number};
use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

mod fold;

use fold::fold;

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let function = match context.node().op.as_str() {
        "Sum" => Function::Sum,
        "Mean" => Function::Mean,
        "Max" => Function::Max,
        "Min" => Function::Min,
        "Prod" => Function::Prod,
        "All" => Function::All,
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
            number => with_number!(number, T => self.numbers::<T>(&input, &reduced))?,
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

    fn numbers<T: Number>(&self, input: &Tensor, reduced: &[bool]) -> Result<Tensor, OpError> {
        let fold = |start, merge: fn(T, T) -> T| fold::<T, T>(input, reduced, start, |x| x, merge);
        Ok(Tensor::vector(match self.function {
            Function::Max => fold(T::LOWEST, T::max)?,
            Function::Min => fold(T::HIGHEST, T::min)?,
            Function::Prod => fold(T::ONE, T::mul)?,
            Function::Mean => return self.mean::<T>(input, reduced),
            _ => fold(T::ZERO, T::add)?,
        }))
    }

    /// Integers are summed in i64 and cut off, as TensorFlow does.
    fn mean<T: Number>(&self, input: &Tensor, reduced: &[bool]) -> Result<Tensor, OpError> {
        let count = count(input.shape(), reduced) as i64;
        let means = match T::DTYPE {
            DType::U64 => return Err(OpError::Unsupported("a mean of uint64 is not supported".to_owned())),
            _ if T::INTEGER => fold::<T, i64>(input, reduced, 0, T::to_i64, i64::wrapping_add)?
                .into_iter()
                .map(|sum| T::from_i64(sum.checked_div(count).unwrap_or(0)))
                .collect(),
            _ => fold::<T, T>(input, reduced, T::ZERO, |x| x, T::add)?
                .into_iter()
                .map(|sum| sum.div(T::from_i64(count)))
                .collect(),
        };
        Ok(Tensor::vector(means))
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
