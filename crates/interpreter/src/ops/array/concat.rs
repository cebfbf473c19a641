//! `Concat`, `ConcatV2` and `Pack`: several tensors in one.

use amct_graph::op;
use amct_tensor::{Element, Tensor, checked_len};

use crate::dispatch::dispatch;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::axis::{blocks, normalized, resized, size};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_counted_inputs("N", 1)?;
    let count = context.node().inputs.len() - 1;
    let axis_input = if context.node().op == op::CONCAT { 0 } else { count };
    Ok(Box::new(Concat { count, axis_input }))
}

pub(crate) fn build_pack(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_counted_inputs("N", 0)?;
    Ok(Box::new(Pack { axis: context.attributes().int_or("axis", 0)? }))
}

struct Concat {
    /// How many tensors are joined.
    count: usize,
    /// The input that names the axis; the tensors are the others.
    axis_input: usize,
}

impl Operator for Concat {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let axis = inputs.integer(self.axis_input)?;
        let first = if self.axis_input == 0 { 1 } else { 0 };
        let values = (first..first + self.count).map(|index| inputs.value(index));
        let values = values.collect::<Result<Vec<_>, _>>()?;
        let rank = values.first().map_or(0, |value| value.shape().len());
        Ok(vec![joined(values, normalized(axis, rank)?)?])
    }

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        let axis = match inputs.get(self.axis_input) {
            Some(Some(Value::Plain(axis))) => axis.to_i64_vec().ok().and_then(|axis| axis.first().copied()),
            _ => None,
        };
        let ranks = || {
            inputs
                .iter()
                .zip(batched)
                .filter(|(_, batched)| **batched)
                .map(|(input, _)| input.as_ref().map_or(0, |input| input.shape().len()))
        };
        let rank = ranks().max().unwrap_or(0);
        let tensors = batched.iter().filter(|&&batched| batched).count();
        tensors == self.count
            && ranks().all(|other| other == rank)
            && axis.is_some_and(|axis| normalized(axis, rank).is_ok_and(|axis| axis > 0))
    }
}

struct Pack {
    axis: i64,
}

impl Operator for Pack {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let values = (0..inputs.len()).map(|index| inputs.value(index)).collect::<Result<Vec<_>, _>>()?;
        let shape = values.first().map_or(&[][..], Value::shape);
        let axis = normalized(self.axis, shape.len() + 1)?;
        let mut raised = Vec::with_capacity(values.len());
        for value in &values {
            if value.shape() != shape {
                return Err(OpError::shape(format!("inputs of one shape, {shape:?}"), value.shape()));
            }
            let mut shape = shape.to_vec();
            shape.insert(axis, 1);
            raised.push(value.clone().moved(|tensor| Ok(tensor.reshaped(shape)?))?);
        }
        Ok(vec![joined(raised, axis)?])
    }
}

/// The values one after the other along `axis`; quantized ones must agree on what zero is.
pub(crate) fn joined(values: Vec<Value>, axis: usize) -> Result<Value, OpError> {
    let (tensors, offsets): (Vec<Tensor>, Vec<Option<i32>>) =
        values.into_iter().map(Value::into_parts).unzip();
    let (Some(first), Some(&offset)) = (tensors.first(), offsets.first()) else {
        return Err(OpError::MissingInput(0));
    };
    if let Some(other) = offsets.iter().find(|&&other| other != offset) {
        return Err(OpError::Unsupported(format!(
            "quantized activations with zero offsets {offset:?} and {other:?} cannot be joined"
        )));
    }
    let shape = first.shape().to_vec();
    let mut along = 0_usize;
    for tensor in &tensors {
        let fits = tensor.rank() == shape.len()
            && tensor.shape().iter().zip(&shape).enumerate().all(|(i, (a, b))| i == axis || a == b);
        if !fits {
            return Err(OpError::shape(
                format!("inputs that differ from {shape:?} along axis {axis} only"),
                tensor.shape(),
            ));
        }
        along = along.saturating_add(size(tensor.shape(), axis)?);
    }
    let shape = resized(&shape, axis, along)?;
    let output = dispatch!(any first.dtype(), T => concatenated::<T>(&tensors, shape, axis))?;
    Ok(Value::from_parts(output, offset))
}

fn concatenated<T: Element>(tensors: &[Tensor], shape: Vec<usize>, axis: usize) -> Result<Tensor, OpError> {
    let mut data = Vec::with_capacity(checked_len(&shape, T::DTYPE)?);
    let (before, ..) = blocks(&shape, axis);
    let mut parts = Vec::with_capacity(tensors.len());
    for tensor in tensors {
        let (_, along, after) = blocks(tensor.shape(), axis);
        // An empty part has no chunks at all.
        if along * after > 0 {
            parts.push(tensor.as_slice::<T>()?.chunks_exact(along * after));
        } else {
            tensor.as_slice::<T>()?;
        }
    }
    for _ in 0..before {
        for chunk in parts.iter_mut().filter_map(Iterator::next) {
            data.extend_from_slice(chunk);
        }
    }
    Ok(Tensor::from_vec(shape, data)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantized(values: Vec<i8>, zero_offset: i32) -> Value {
        Value::Quantized { q: Tensor::vector(values), zero_offset }
    }

    #[test]
    fn quantized_activations_with_one_zero_are_joined() {
        let output = joined(vec![quantized(vec![1, 2], -5), quantized(vec![3], -5)], 0).unwrap();
        assert_eq!(output, quantized(vec![1, 2, 3], -5));
    }

    #[test]
    fn quantized_activations_with_other_zeros_are_refused() {
        assert!(joined(vec![quantized(vec![1], -5), quantized(vec![2], 5)], 0).is_err());
        assert!(joined(vec![quantized(vec![1], 0), Tensor::vector(vec![1_i8]).into()], 0).is_err());
    }
}
