//! `Pad` and `PadV2`: a constant around a tensor; on a quantized activation only zero, which is
//! its zero offset.

use amct_graph::op;
use amct_tensor::{Element, Tensor, checked_len};

use crate::dispatch::dispatch;
use crate::fusible::Absorbable;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::strided::Strided;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(if context.node().op == op::PAD { 2 } else { 3 })?;
    let pads = match (context.node().op.as_str(), context.constant(1)) {
        // With other values than zero it is not what layers pad with.
        (op::PAD, Some(pads)) => pairs(pads, pads.shape().first().copied().unwrap_or(0)).ok(),
        _ => None,
    };
    Ok(Box::new(Pad { pads }))
}

struct Pad {
    /// The amounts, if they are constant and the padding is zeros.
    pads: Option<Vec<(usize, usize)>>,
}

impl Operator for Pad {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.value(0)?;
        let pads = pairs(&inputs.tensor(1)?, input.shape().len())?;
        let value = if inputs.len() == 3 { Some(inputs.tensor(2)?) } else { None };
        let output = match (input, value) {
            (Value::Quantized { q, zero_offset }, None) => {
                let q = pad(&q, &pads, Some(&Tensor::scalar(zero(zero_offset)?)))?;
                return Ok(vec![Value::Quantized { q, zero_offset }]);
            }
            (Value::Quantized { .. }, Some(_)) => return Err(OpError::Quantized),
            (Value::Plain(input), value) => pad(&input, &pads, value.as_ref())?,
        };
        Ok(vec![output.into()])
    }

    fn absorbable(&self) -> Option<Absorbable> {
        self.pads.clone().map(Absorbable::Padding)
    }
}

/// The int8 that stands for zero.
pub(in crate::ops) fn zero(zero_offset: i32) -> Result<i8, OpError> {
    i8::try_from(zero_offset)
        .map_err(|_| OpError::Unsupported(format!("zero offset {zero_offset} is not an int8")))
}

fn fill<T: Element>(value: Option<&Tensor>) -> Result<T, OpError> {
    match value {
        None => Ok(T::default()),
        Some(value) => value
            .as_slice::<T>()?
            .first()
            .cloned()
            .ok_or_else(|| OpError::shape("a scalar to pad with", value.shape())),
    }
}

/// The rows before and after of each dimension.
pub(in crate::ops) fn pairs(pads: &Tensor, rank: usize) -> Result<Vec<(usize, usize)>, OpError> {
    if pads.shape() != [rank, 2] {
        return Err(OpError::shape(format!("paddings [{rank}, 2]"), pads.shape()));
    }
    let values = pads.to_i64_vec()?;
    let size = |v: i64| {
        usize::try_from(v).map_err(|_| OpError::Unsupported(format!("a padding of {v} is negative")))
    };
    values.as_chunks::<2>().0.iter().map(|&[before, after]| Ok((size(before)?, size(after)?))).collect()
}

/// The tensor with `value`, or else zero, around it.
pub(in crate::ops) fn pad(
    input: &Tensor,
    pads: &[(usize, usize)],
    value: Option<&Tensor>,
) -> Result<Tensor, OpError> {
    let extents = input.shape().iter().zip(pads);
    let shape: Vec<usize> =
        extents.map(|(&dim, &(before, after))| dim.saturating_add(before).saturating_add(after)).collect();
    let len = checked_len(&shape, input.dtype())?;
    let inside = input.shape().iter().zip(pads).enumerate();
    let inside = inside
        .fold(Strided::of(&shape), |view, (axis, (&dim, &(before, _)))| view.sliced(axis, before, dim, 1));
    dispatch!(any input.dtype(), T => {
        let mut output = vec![fill::<T>(value)?; len];
        inside.fill_from(input.as_slice::<T>()?, &mut output);
        Ok(Tensor::from_vec(shape, output)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tensor_lies_inside_its_padding() {
        let input = Tensor::from_vec([1, 2], vec![1_i32, 2]).unwrap();
        let output = pad(&input, &[(1, 0), (0, 2)], Some(&Tensor::scalar(9))).unwrap();
        assert_eq!(output.shape(), [2, 4]);
        assert_eq!(output.as_slice::<i32>().unwrap(), [9, 9, 9, 9, 1, 2, 9, 9]);
    }

    #[test]
    fn a_quantized_activation_is_padded_with_its_zero_offset() {
        let q = Tensor::from_vec([1], vec![5_i8]).unwrap();
        let pads = Tensor::from_vec([1, 2], vec![1_i32, 0]).unwrap();
        let inputs = Inputs::new(vec![Some(Value::Quantized { q, zero_offset: -128 }), Some(pads.into())]);
        let output = Pad { pads: None }.run(inputs).unwrap().remove(0);
        assert_eq!(output, Value::Quantized { q: Tensor::vector(vec![-128_i8, 5]), zero_offset: -128 });
    }

    #[test]
    fn negative_and_huge_paddings_are_refused() {
        let pads = Tensor::from_vec([1, 2], vec![-1_i32, 0]).unwrap();
        assert!(pairs(&pads, 1).is_err());
        assert!(pad(&Tensor::vector(vec![0.0_f32]), &[(usize::MAX, 1)], None).is_err());
    }
}
