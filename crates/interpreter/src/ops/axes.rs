//! Axes named from either end.

use amct_tensor::Tensor;

use crate::OpError;

/// An axis in `0..rank`, given from either end.
pub(super) fn normalized(axis: i64, rank: usize) -> Result<usize, OpError> {
    let from_start = if axis < 0 { axis.checked_add(rank as i64) } else { Some(axis) };
    from_start
        .and_then(|axis| usize::try_from(axis).ok())
        .filter(|&axis| axis < rank)
        .ok_or_else(|| OpError::Unsupported(format!("axis {axis} is outside a tensor of rank {rank}")))
}

/// For each axis of a tensor, whether `axes` names it.
///
/// # Errors
/// [`OpError`] for an axis outside the rank or named twice.
pub(super) fn named(axes: &Tensor, rank: usize) -> Result<Vec<bool>, OpError> {
    let mut named = vec![false; rank];
    for axis in axes.to_i64_vec()? {
        // TensorFlow lets a scalar be reduced over its axis 0 or -1, which it has not.
        if rank == 0 && (axis == 0 || axis == -1) {
            continue;
        }
        let axis = normalized(axis, rank)?;
        if let Some(place) = named.get_mut(axis) {
            if *place {
                return Err(OpError::Unsupported(format!("axis {axis} is named twice")));
            }
            *place = true;
        }
    }
    Ok(named)
}

/// The product of the dimensions before, at and after `axis`.
pub(super) fn around(shape: &[usize], axis: usize) -> (usize, usize, usize) {
    let product = |dims: &[usize]| dims.iter().product();
    let (outer, rest) = shape.split_at_checked(axis).unwrap_or((shape, &[]));
    match rest.split_first() {
        Some((&extent, inner)) => (product(outer), extent, product(inner)),
        None => (product(outer), 1, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_count_from_either_end_and_stay_inside() {
        assert_eq!(normalized(-1, 4), Ok(3));
        assert_eq!(normalized(0, 4), Ok(0));
        for axis in [4, -5, i64::MIN] {
            assert!(normalized(axis, 4).is_err());
        }
        assert_eq!(named(&Tensor::vector(vec![-1_i64, 0]), 3), Ok(vec![true, false, true]));
        assert!(named(&Tensor::vector(vec![1, -2]), 3).is_err());
        assert_eq!(around(&[2, 3, 4, 5], 2), (6, 4, 5));
    }
}
