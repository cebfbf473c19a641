//! `TopK` and `TopKV2`: the largest values of each row, in falling order, with their indices; of
//! equal values the one with the lower index comes first.

use amct_graph::op;
use std::cmp::Ordering;

use amct_tensor::{DType, Element, Tensor, checked_len};

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::elementwise::cast::cast;
use crate::ops::support::half::or_half;
use crate::ops::support::number::with_number;
use crate::ops::support::wide::widened;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    let attrs = context.attributes();
    let k = if context.node().op == op::TOP_K { Some(attrs.int_or("k", -1)?) } else { None };
    context.expect_inputs(if k.is_some() { 1 } else { 2 })?;
    let wide = match attrs.dtype("index_type")? {
        None | Some(DType::I32) => false,
        Some(DType::I64) => true,
        Some(other) => return Err(attrs.error("index_type", "int32 or int64", other.name()).into()),
    };
    Ok(or_half(TopK { k, wide }, context))
}

struct TopK {
    /// From the attribute; otherwise it is the second input.
    k: Option<i64>,
    /// Whether indices are int64.
    wide: bool,
}

impl Operator for TopK {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let k = match self.k {
            Some(k) => k,
            None => match *inputs.tensor(1)?.to_i64_vec()?.as_slice() {
                [k] => k,
                _ => return Err(OpError::Unsupported("k is not one integer".to_owned())),
            },
        };
        let Some((&columns, outer)) = input.shape().split_last() else {
            return Err(OpError::shape("an input of rank 1 or more", input.shape()));
        };
        let k = usize::try_from(k)
            .ok()
            .filter(|&k| k <= columns)
            .ok_or_else(|| OpError::Unsupported(format!("k = {k} of rows of {columns}")))?;
        let shape = [outer, &[k]].concat();
        checked_len(&shape, DType::I64)?;
        let (dtype, input) = (input.dtype(), widened(input)?);
        let (values, indices) = with_number!(input.dtype(), T => {
            let (values, indices) = top::<T>(input.as_slice()?, columns, k);
            Ok((Tensor::from_vec(shape.as_slice(), values)?, indices))
        })?;
        let indices = if self.wide {
            Tensor::from_vec(shape, indices.into_iter().map(|index| index as i64).collect())?
        } else {
            Tensor::from_vec(shape, indices.into_iter().map(|index| index as i32).collect())?
        };
        Ok(vec![cast(values, dtype)?.into(), indices.into()])
    }
}

fn top<T: Element + Copy + PartialOrd>(data: &[T], columns: usize, k: usize) -> (Vec<T>, Vec<usize>) {
    let (mut values, mut indices) = (Vec::new(), Vec::new());
    if k == 0 {
        return (values, indices);
    }
    for row in data.chunks_exact(columns) {
        let mut order: Vec<(T, usize)> = row.iter().copied().zip(0..).collect();
        if k < columns {
            order.select_nth_unstable_by(k, falling);
            order.truncate(k);
        }
        order.sort_unstable_by(falling);
        values.extend(order.iter().map(|entry| entry.0));
        indices.extend(order.iter().map(|entry| entry.1));
    }
    (values, indices)
}

/// Larger values first, NaN last, then by index: a total order, so the result is the only one.
fn falling<T: PartialOrd>(a: &(T, usize), b: &(T, usize)) -> Ordering {
    let is_nan = |x: &T| x.partial_cmp(x).is_none();
    let by_value = b.0.partial_cmp(&a.0).unwrap_or_else(|| is_nan(&a.0).cmp(&is_nan(&b.0)));
    by_value.then(a.1.cmp(&b.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_by_index_and_nan_comes_last() {
        let (values, indices) = top(&[1.0, f32::NAN, 3.0, 1.0, 3.0, f32::NAN], 6, 6);
        assert_eq!(indices, [2, 4, 0, 3, 1, 5]);
        assert_eq!(values[..4], [3.0, 3.0, 1.0, 1.0]);
        assert_eq!(top(&[5, 1, 5, 2, 9, 9], 3, 2), (vec![5, 5, 9, 9], vec![0, 2, 1, 2]));
    }
}
