//! `SparseToDense`: values at given places, a default everywhere else.

use amct_tensor::{Element, Tensor, internal};

use crate::dispatch::dispatch;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::axis::{extents, position};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(4)?;
    Ok(Box::new(SparseToDense { ordered: context.attributes().bool_or("validate_indices", true)? }))
}

struct SparseToDense {
    /// Whether the places must be in lexicographic order, none twice.
    ordered: bool,
}

impl Operator for SparseToDense {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let indices = inputs.tensor(0)?;
        let shape = extents("dimension", &inputs.integers(1)?)?;
        let (values, default) = (inputs.tensor(2)?, inputs.tensor(3)?);
        let places = self.places(&indices, &shape)?;
        if values.rank() > 0 && values.shape() != [places.len()] {
            return Err(OpError::shape(format!("a scalar or {} values", places.len()), values.shape()));
        }
        Ok(vec![dispatch!(any values.dtype(), T => dense::<T>(&places, shape, &values, &default))?.into()])
    }
}

impl SparseToDense {
    /// The flat position of each tuple; a scalar or vector of indices are tuples of one.
    fn places(&self, indices: &Tensor, shape: &[usize]) -> Result<Vec<usize>, OpError> {
        let (count, depth) = match indices.shape() {
            [] => (1, 1),
            &[count] => (count, 1),
            &[count, depth] => (count, depth),
            other => return Err(OpError::shape("indices of rank 2 at most", other)),
        };
        if depth != shape.len() {
            return Err(OpError::shape(format!("tuples of {} indices", shape.len()), indices.shape()));
        }
        let values = indices.to_i64_vec()?;
        let mut places = Vec::with_capacity(count);
        for tuple in 0..count {
            let mut place = 0_usize;
            for (&index, &dim) in values.iter().skip(tuple * depth).take(depth).zip(shape) {
                place = place.saturating_mul(dim).saturating_add(position(index, dim)?);
            }
            if self.ordered && places.last().is_some_and(|&last| last >= place) {
                return Err(OpError::Unsupported(format!("index {tuple} is out of order or repeated")));
            }
            places.push(place);
        }
        Ok(places)
    }
}

fn dense<T: Element>(
    places: &[usize],
    shape: Vec<usize>,
    values: &Tensor,
    default: &Tensor,
) -> Result<Tensor, OpError> {
    let [default] = default.as_slice::<T>()? else {
        return Err(OpError::shape("a scalar as the default", default.shape()));
    };
    let mut output = Tensor::full(shape.as_slice(), default.clone())?.into_vec::<T>()?;
    let cycled = if values.rank() == 0 { places.len() } else { 1 };
    let values = values.as_slice::<T>()?.iter().flat_map(|value| std::iter::repeat_n(value, cycled));
    for (&place, value) in places.iter().zip(values) {
        let element = output.get_mut(place);
        *element.ok_or_else(|| internal!("place {place} of an output of shape {shape:?}"))? = value.clone();
    }
    Ok(Tensor::from_vec(shape, output)?)
}
