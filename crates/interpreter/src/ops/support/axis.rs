//! Axes and extents given as integers that may be negative.

use amct_tensor::{Internal, Tensor, internal};

use crate::OpError;

/// An axis in `0..rank`, given from either end.
pub(in crate::ops) fn normalized(axis: i64, rank: usize) -> Result<usize, OpError> {
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
pub(in crate::ops) fn named(axes: &Tensor, rank: usize) -> Result<Vec<bool>, OpError> {
    let mut named = vec![false; rank];
    for axis in axes.to_i64_vec()? {
        // TensorFlow lets a scalar be reduced over its axis 0 or -1, which it has not.
        if rank == 0 && (axis == 0 || axis == -1) {
            continue;
        }
        let axis = normalized(axis, rank)?;
        let place = named.get_mut(axis).ok_or_else(|| internal!("axis {axis} of {rank}"))?;
        if std::mem::replace(place, true) {
            return Err(OpError::Unsupported(format!("axis {axis} is named twice")));
        }
    }
    Ok(named)
}

/// The size along an axis that [`normalized`] gave.
pub(in crate::ops) fn size(shape: &[usize], axis: usize) -> Result<usize, Internal> {
    shape.get(axis).copied().ok_or_else(|| internal!("axis {axis} of a tensor of shape {shape:?}"))
}

/// The shape with another size along an axis that [`normalized`] gave.
pub(in crate::ops) fn resized(shape: &[usize], axis: usize, size: usize) -> Result<Vec<usize>, Internal> {
    let mut resized = shape.to_vec();
    let place = resized.get_mut(axis);
    *place.ok_or_else(|| internal!("axis {axis} of a tensor of shape {shape:?}"))? = size;
    Ok(resized)
}

/// An extent, count or position, which must not be negative.
pub(in crate::ops) fn extent(what: &str, value: i64) -> Result<usize, OpError> {
    usize::try_from(value).map_err(|_| OpError::Unsupported(format!("{what} {value} is negative")))
}

/// [`extent`] of each.
pub(in crate::ops) fn extents(what: &str, values: &[i64]) -> Result<Vec<usize>, OpError> {
    values.iter().map(|&value| extent(what, value)).collect()
}

/// A position in `0..len`; TensorFlow refuses others on the CPU.
pub(in crate::ops) fn position(index: i64, len: usize) -> Result<usize, OpError> {
    usize::try_from(index)
        .ok()
        .filter(|&index| index < len)
        .ok_or_else(|| OpError::Unsupported(format!("index {index} is outside 0..{len}")))
}

/// The numbers of elements before, along and after an axis: a tensor is `before` blocks of
/// `along` rows of `after` elements.
pub(in crate::ops) fn blocks(shape: &[usize], axis: usize) -> (usize, usize, usize) {
    (
        product(shape.get(..axis).unwrap_or(shape)),
        shape.get(axis).copied().unwrap_or(1),
        product(shape.get(axis + 1..).unwrap_or_default()),
    )
}

/// The product of some dimensions of a tensor. It can only overflow where another dimension is 0
/// and the tensor empty; then it is as large as can be.
pub(in crate::ops) fn product(dims: &[usize]) -> usize {
    dims.iter().fold(1, |product, &dim| product.saturating_mul(dim))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_counts_from_either_end() {
        assert_eq!(normalized(-1, 3), Ok(2));
        assert_eq!(normalized(0, 3), Ok(0));
        assert!(normalized(3, 3).is_err());
        assert!(normalized(-4, 3).is_err());
        assert!(normalized(i64::MIN, 3).is_err());
    }

    #[test]
    fn a_position_is_inside() {
        assert_eq!(position(1, 2), Ok(1));
        assert!(position(2, 2).is_err());
        assert!(position(-1, 2).is_err());
    }

    #[test]
    fn named_axes_count_from_either_end_and_come_once() {
        assert_eq!(named(&Tensor::vector(vec![-1_i64, 0]), 3), Ok(vec![true, false, true]));
        assert!(named(&Tensor::vector(vec![1, -2]), 3).is_err());
        assert_eq!(blocks(&[2, 3, 4, 5], 2), (6, 4, 5));
    }
}
