//! Functions of one number, element by element and in place.

use amct_graph::op;
use amct_kernels::elementwise;
use amct_tensor::{DType, Element, Tensor};

use super::cast::cast;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::chunks::for_each_chunk;
use crate::ops::support::half::or_half;
use crate::ops::support::number::{Number, not_a_number};
use crate::ops::support::wide::widened;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    let op = context.node().op.as_str();
    let unknown = || OpError::Unsupported(format!("no function {op}"));
    let function = FUNCTIONS.iter().find(|function| function.name == op).ok_or_else(unknown)?;
    Ok(or_half(Unary(function), context))
}

/// A function on each float type.
struct Function {
    name: &'static str,
    single: fn(&mut [f32]),
    double: fn(&mut [f64]),
}

/// `on!(name, f32 function, f64 function)`: each becomes a loop of its own that can be vectorised.
/// Without an f32 function, the f64 one serves both, rounded once.
macro_rules! on {
    ($name:expr, $single:expr, $double:expr) => {
        Function { name: $name, single: |data| each(data, $single), double: |data| each(data, $double) }
    };
    ($name:expr, $double:expr) => {
        Function {
            name: $name,
            single: |data| each(data, |x| ($double)(f64::from(x)) as f32),
            double: |data| each(data, $double),
        }
    };
}

/// The scale and, times its alpha, the negative slope of Selu (Klambauer et al. 2017).
const SELU: (f64, f64) = (1.050_700_987_355_480_5, 1.758_099_340_847_376_9);

const FUNCTIONS: &[Function] = &[
    on!(op::ABS, f32::abs, f64::abs),
    on!(op::CEIL, f32::ceil, f64::ceil),
    on!(op::COS, f64::cos),
    on!(op::ELU, |x| if x < 0.0 { elementwise::exp_m1(x) } else { x }, |x| if x < 0.0 {
        x.exp_m1()
    } else {
        x
    }),
    on!(op::ERF, elementwise::erf, libm::erf),
    on!(op::ERFC, libm::erfc),
    on!(op::EXP, elementwise::exp, f64::exp),
    on!(op::EXPM1, elementwise::exp_m1, f64::exp_m1),
    on!(op::FLOOR, f32::floor, f64::floor),
    on!(op::INV, |x| 1.0 / x, |x| 1.0 / x),
    on!(op::LOG, f64::ln),
    on!(op::LOG1P, f64::ln_1p),
    on!(op::NEG, |x| -x, |x| -x),
    on!(op::RECIPROCAL, |x| 1.0 / x, |x| 1.0 / x),
    on!(op::RINT, f32::round_ties_even, f64::round_ties_even),
    on!(op::ROUND, f32::round_ties_even, f64::round_ties_even),
    on!(op::RSQRT, |x| 1.0 / x.sqrt(), |x| 1.0 / x.sqrt()),
    on!(
        op::SELU,
        |x| if x < 0.0 { SELU.1 as f32 * elementwise::exp_m1(x) } else { SELU.0 as f32 * x },
        |x| if x < 0.0 { SELU.1 * x.exp_m1() } else { SELU.0 * x }
    ),
    on!(op::SIGMOID, elementwise::sigmoid, |x| 1.0 / (1.0 + (-x).exp())),
    on!(op::SIGN, Number::sign, Number::sign),
    on!(op::SIN, f64::sin),
    on!(op::SOFTPLUS, elementwise::softplus, |x| if x > 40.0 { x } else { x.exp().ln_1p() }),
    on!(op::SOFTSIGN, |x| x / (1.0 + x.abs()), |x| x / (1.0 + x.abs())),
    on!(op::SQRT, f32::sqrt, f64::sqrt),
    on!(op::SQUARE, |x| x * x, |x| x * x),
    on!(op::TANH, elementwise::tanh, f64::tanh),
];

/// The ops of the table.
#[cfg(test)]
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|function| function.name)
}

struct Unary(&'static Function);

impl Operator for Unary {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let output = match input.dtype() {
            DType::F32 => in_place(input, self.0.single)?,
            DType::F64 => in_place(input, self.0.double)?,
            integer => {
                let output = match widened(input)? {
                    input if input.dtype() == DType::U64 => integers::<u64>(self.0.name, integer, input)?,
                    input if input.dtype() == DType::I64 => integers::<i64>(self.0.name, integer, input)?,
                    _ => return Err(not_a_number(integer)),
                };
                cast(output, integer)?
            }
        };
        Ok(vec![output.into()])
    }

    fn is_per_image(&self, _inputs: &[Option<Value>], _batched: &[bool]) -> bool {
        true
    }
}

/// The functions that there are for integers, on what was `dtype`.
fn integers<T: Number>(name: &str, dtype: DType, input: Tensor) -> Result<Tensor, OpError> {
    let function: fn(T) -> T = match name {
        op::ABS => T::abs,
        op::NEG => T::neg,
        op::SIGN => T::sign,
        op::SQUARE => |x| x.mul(x),
        op::ROUND => return Ok(input),
        _ => return Err(not_a_number(dtype)),
    };
    in_place::<T>(input, |data| each(data, function))
}

#[inline(always)]
fn each<T: Copy>(data: &mut [T], function: impl Fn(T) -> T) {
    data.iter_mut().for_each(|x| *x = function(*x));
}

/// Elements of one task.
const CHUNK: usize = 1 << 14;

/// Applies `function` to the tensor's elements, in parallel chunks if there are many.
pub(in crate::ops) fn in_place<T: Element>(
    tensor: Tensor,
    function: impl Fn(&mut [T]) + Sync + Send,
) -> Result<Tensor, OpError> {
    in_chunks(tensor, CHUNK, function)
}

/// Applies `function` to each `row` elements.
pub(in crate::ops) fn in_rows<T: Element>(
    tensor: Tensor,
    row: usize,
    function: impl Fn(&mut [T]) + Sync + Send,
) -> Result<Tensor, OpError> {
    let row = row.max(1);
    let chunk = (CHUNK / row).max(1) * row;
    in_chunks(tensor, chunk, |chunk| chunk.chunks_mut(row).for_each(&function))
}

fn in_chunks<T: Element>(
    tensor: Tensor,
    chunk: usize,
    function: impl Fn(&mut [T]) + Sync + Send,
) -> Result<Tensor, OpError> {
    let shape = tensor.shape().to_vec();
    let mut data = tensor.into_vec::<T>()?;
    for_each_chunk(&mut data, chunk, &|_, chunk| function(chunk));
    Ok(Tensor::from_vec(shape, data)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chunk_of_a_large_tensor_is_computed() {
        let len = 3 * CHUNK + 5;
        let input = Tensor::vector((0..len).map(|i| i as f32).collect());
        let output =
            Unary(&FUNCTIONS[0]).run(Inputs::new(vec![Some(input.clone().into())])).unwrap().remove(0);
        assert_eq!(output, input.into());
        let negated = in_place::<i32>(Tensor::vector(vec![1; len]), |data| each(data, |x| -x)).unwrap();
        assert_eq!(negated, Tensor::vector(vec![-1; len]));
    }

    #[test]
    fn types_that_tensorflow_refuses_are_refused() {
        assert!(integers::<i64>("Exp", DType::I64, Tensor::scalar(1_i64)).is_err());
        let exp = FUNCTIONS.iter().find(|function| function.name == "Exp").unwrap();
        assert!(Unary(exp).run(Inputs::new(vec![Some(Tensor::scalar(true).into())])).is_err());
    }
}
