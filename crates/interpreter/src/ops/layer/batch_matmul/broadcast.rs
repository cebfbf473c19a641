//! Batch dimensions under TensorFlow's broadcasting.

/// The dimensions that both repeat to, `None` if they do not go together.
pub(super) fn broadcast(left: &[usize], right: &[usize]) -> Option<Vec<usize>> {
    let rank = left.len().max(right.len());
    (0..rank)
        .map(|axis| match (extent(left, axis, rank), extent(right, axis, rank)) {
            (a, b) if a == b => Some(a),
            (1, b) => Some(b),
            (a, 1) => Some(a),
            _ => None,
        })
        .collect()
}

/// For each element of `batch` in row-major order, the elements of `left` and `right` there.
pub(super) fn pairs<'a>(
    batch: &'a [usize],
    left: &'a [usize],
    right: &'a [usize],
) -> impl Iterator<Item = (usize, usize)> + 'a {
    let count: usize = batch.iter().product();
    (0..count).map(move |index| (place(index, batch, left), place(index, batch, right)))
}

/// The extent along `axis` of dimensions aligned at their end.
fn extent(dims: &[usize], axis: usize, rank: usize) -> usize {
    (axis + dims.len()).checked_sub(rank).and_then(|axis| dims.get(axis)).copied().unwrap_or(1)
}

fn place(index: usize, batch: &[usize], dims: &[usize]) -> usize {
    let (mut rest, mut step, mut place) = (index, 1, 0);
    for (axis, &dim) in batch.iter().enumerate().rev() {
        let own = extent(dims, axis, batch.len());
        if own > 1 {
            place += rest % dim * step;
        }
        step *= own;
        rest /= dim;
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ones_and_missing_dimensions_repeat() {
        assert_eq!(broadcast(&[2, 1], &[3]), Some(vec![2, 3]));
        assert_eq!(broadcast(&[], &[4, 1]), Some(vec![4, 1]));
        assert_eq!(broadcast(&[1], &[0]), Some(vec![0]));
        assert_eq!(broadcast(&[2], &[3]), None);
        let found: Vec<_> = pairs(&[2, 3], &[2, 1], &[3]).collect();
        assert_eq!(found, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]);
        assert_eq!(pairs(&[0], &[1], &[0]).count(), 0);
    }
}
