//! When operators of several kinds work image by image.

use crate::Value;

/// The rank of an input; 0 if the operator holds it itself.
fn rank(input: &Option<Value>) -> usize {
    input.as_ref().map_or(0, |value| value.shape().len())
}

/// Whether a layer works image by image: its input is batched, and so is a tensor to add, of the
/// same rank; weights in input 1 are not.
pub(in crate::ops) fn layer_per_image(inputs: &[Option<Value>], batched: &[bool]) -> bool {
    let Some((input, rest)) = inputs.split_first() else { return false };
    let added = rest.iter().zip(batched.iter().skip(1)).enumerate();
    batched.first() == Some(&true)
        && rank(input) >= 2
        && added.into_iter().all(
            |(index, (other, &batched))| {
                if index == 0 { !batched } else { batched && rank(other) == rank(input) }
            },
        )
}

/// Whether a broadcast over these inputs keeps images apart: all batched ones have the same rank,
/// and the others do not reach the first axis, or have 1 there.
pub(in crate::ops) fn broadcasts_per_image(inputs: &[Option<Value>], batched: &[bool]) -> bool {
    let of = |wanted: bool| inputs.iter().zip(batched).filter(move |(_, batched)| **batched == wanted);
    let Some(full) = of(true).map(|(input, _)| rank(input)).max() else { return false };
    let reaches = |input: &Option<Value>| match input {
        Some(value) => {
            let shape = value.shape();
            shape.len() > full || (shape.len() == full && shape.first() != Some(&1))
        }
        None => true,
    };
    of(true).all(|(input, _)| rank(input) == full) && !of(false).any(|(input, _)| reaches(input))
}

#[cfg(test)]
mod tests {
    use amct_tensor::Tensor;

    use super::*;

    #[test]
    fn an_operand_that_reaches_the_first_axis_ties_images_together() {
        let of = |shape: &[usize]| Some(Value::from(Tensor::full(shape, 0.0_f32).unwrap()));
        let per_image = |other: &[usize], batched: bool| {
            broadcasts_per_image(&[of(&[1, 2, 2, 3]), of(other)], &[true, batched])
        };
        assert!(per_image(&[3], false) && per_image(&[1, 1, 1, 3], false) && per_image(&[], false));
        assert!(per_image(&[1, 2, 1, 3], true));
        assert!(!per_image(&[4, 1, 1, 3], false), "one row per image");
        assert!(!per_image(&[1, 1, 2, 2, 3], false), "another rank");
        assert!(!per_image(&[1, 3], true), "its images lie along another axis");
        assert!(!broadcasts_per_image(&[of(&[3])], &[false]));
    }
}
