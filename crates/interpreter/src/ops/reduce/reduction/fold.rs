//! Folding a tensor along some of its axes.

use amct_tensor::{Element, Tensor, checked_len};

use crate::OpError;
use crate::ops::support::chunks::for_each_chunk;

/// Elements read by one task.
const TASK: usize = 1 << 15;

/// Partial results of one fold along contiguous elements: a fixed number, so that it neither waits
/// for each step nor depends on the machine.
const LANES: usize = 8;

/// One result per element of the axes that are not `reduced`, row-major. Each result is computed
/// by one task, the innermost axes first, in an order that depends on the shape alone.
///
/// # Errors
/// [`OpError`] if the tensor does not hold `T`.
pub(super) fn fold<T: Element + Copy, A: Copy + Send + Sync>(
    input: &Tensor,
    reduced: &[bool],
    start: A,
    lift: impl Fn(T) -> A + Sync,
    merge: impl Fn(A, A) -> A + Sync,
) -> Result<Vec<A>, OpError> {
    let data = input.as_slice::<T>()?;
    if data.is_empty() {
        let dims = input.shape().iter().zip(reduced);
        let kept: Vec<usize> = dims.filter(|(_, reduced)| !**reduced).map(|(&dim, _)| dim).collect();
        return Ok(vec![start; checked_len(&kept, T::DTYPE)?]);
    }
    let mut axes: Vec<(usize, bool)> =
        input.shape().iter().copied().zip(reduced.iter().copied()).filter(|axis| axis.0 != 1).collect();
    axes.dedup_by(|inner, outer| {
        let same = inner.1 == outer.1;
        if same {
            outer.0 *= inner.0;
        }
        same
    });
    let mut partial: Option<Vec<A>> = None;
    while let Some(last) = axes.iter().rposition(|axis| axis.1) {
        let product = |axes: &[(usize, bool)]| axes.iter().map(|axis| axis.0).product::<usize>();
        let inner = product(axes.get(last + 1..).unwrap_or_default());
        let (extent, _) = axes.remove(last);
        partial = Some(match partial {
            None => along(data, extent, inner, start, &lift, &merge),
            Some(partial) => along(&partial, extent, inner, start, |x| x, &merge),
        });
    }
    Ok(partial.unwrap_or_else(|| data.iter().map(|&x| merge(start, lift(x))).collect()))
}

/// Folds the middle axis of `[outer, extent, inner]`, none of them 0.
fn along<T: Copy + Sync, A: Copy + Send + Sync>(
    data: &[T],
    extent: usize,
    inner: usize,
    start: A,
    lift: impl Fn(T) -> A + Sync,
    merge: impl Fn(A, A) -> A + Sync,
) -> Vec<A> {
    let block = extent * inner;
    let mut results = vec![start; data.len() / block * inner];
    for_each_chunk(&mut results, (TASK / block).max(1) * inner, &|first, results| {
        let blocks = data.chunks_exact(block).skip(first / inner);
        for (results, block) in results.chunks_exact_mut(inner).zip(blocks) {
            match results {
                [result] => *result = lanes(block, start, &lift, &merge),
                results => {
                    for row in block.chunks_exact(inner) {
                        results
                            .iter_mut()
                            .zip(row)
                            .for_each(|(result, &x)| *result = merge(*result, lift(x)));
                    }
                }
            }
        }
    });
    results
}

fn lanes<T: Copy, A: Copy>(data: &[T], start: A, lift: impl Fn(T) -> A, merge: impl Fn(A, A) -> A) -> A {
    let mut lanes = [start; LANES];
    let (chunks, rest) = data.as_chunks::<LANES>();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, &x)| *lane = merge(*lane, lift(x)));
    }
    lanes.iter_mut().zip(rest).for_each(|(lane, &x)| *lane = merge(*lane, lift(x)));
    lanes.into_iter().fold(start, merge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_of_axes_equals_a_plain_loop() {
        let shape = [3, 2, 5, 4];
        let input = Tensor::from_vec(shape, (0..120_i64).map(|i| i * i % 37).collect()).unwrap();
        for mask in 0..16_usize {
            let reduced: Vec<bool> = (0..4).map(|axis| mask >> axis & 1 == 1).collect();
            let mut expected = std::collections::BTreeMap::<Vec<usize>, i64>::new();
            for (index, x) in input.view::<i64>().unwrap().indexed_iter() {
                let key = (0..4).filter(|&axis| !reduced[axis]).map(|axis| index[axis]).collect();
                *expected.entry(key).or_default() += x;
            }
            let found = fold::<i64, i64>(&input, &reduced, 0, |x| x, |a, b| a + b).unwrap();
            assert_eq!(found, expected.into_values().collect::<Vec<_>>(), "{reduced:?}");
        }
    }

    #[test]
    fn an_empty_input_gives_the_start_and_never_a_huge_output() {
        let empty = |shape: &[usize]| Tensor::from_vec(shape, Vec::<f32>::new()).unwrap();
        let sum = |shape: &[usize], reduced: &[bool]| {
            fold::<f32, f32>(&empty(shape), reduced, 7.0, |x| x, |a, b| a + b)
        };
        assert_eq!(sum(&[2, 0], &[false, true]).unwrap(), [7.0, 7.0]);
        assert_eq!(sum(&[2, 0], &[true, false]).unwrap(), Vec::<f32>::new());
        assert!(sum(&[1 << 40, 0], &[false, true]).is_err());
    }
}
