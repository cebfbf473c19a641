//! `Reshape`, with one dimension that may be computed.

use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    Ok(Box::new(Reshape))
}

struct Reshape;

impl Operator for Reshape {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.value(0)?;
        let wanted = inputs.integers(1)?;
        let shape = resolve(&wanted, input.shape().iter().product()).ok_or_else(|| {
            OpError::shape(format!("an input that fills the shape {wanted:?}"), input.shape())
        })?;
        Ok(vec![input.moved(|tensor| Ok(tensor.reshaped(shape)?))?])
    }
}

/// The shape with its one -1 replaced so that it holds `len` elements.
fn resolve(wanted: &[i64], len: usize) -> Option<Vec<usize>> {
    let known = wanted
        .iter()
        .filter(|&&dim| dim != -1)
        .try_fold(1_usize, |product, &dim| product.checked_mul(usize::try_from(dim).ok()?))?;
    let free = wanted.iter().filter(|&&dim| dim == -1).count();
    let missing = match free {
        0 => 1,
        1 if known == 0 => 0,
        1 if len.is_multiple_of(known) => len / known,
        _ => return None,
    };
    if known.checked_mul(missing)? != len {
        return None;
    }
    wanted.iter().map(|&dim| if dim == -1 { Some(missing) } else { usize::try_from(dim).ok() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_dimension_may_be_free() {
        assert_eq!(resolve(&[2, -1], 6), Some(vec![2, 3]));
        assert_eq!(resolve(&[], 1), Some(vec![]));
        assert_eq!(resolve(&[0, -1], 0), Some(vec![0, 0]));
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        for (wanted, len) in
            [(&[4, -1][..], 6), (&[-1, -1], 4), (&[5], 6), (&[-2, 3], 6), (&[i64::MAX, 3], 6)]
        {
            assert_eq!(resolve(wanted, len), None, "{wanted:?}");
        }
    }
}
