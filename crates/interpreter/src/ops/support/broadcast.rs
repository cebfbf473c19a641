//! Applying a function to pairs of elements, stretching dimensions of 1 by numpy's rule.

use amct_tensor::{Element, Tensor, checked_len};

use super::chunks::for_each_chunk;
use super::strided::Strided;
use crate::OpError;

/// Elements of one task.
const CHUNK: usize = 1 << 15;

/// Elements that a short operand is repeated to.
const PERIODS: usize = 256;

/// `function` on each pair of elements, in the buffer of an operand that has the output's shape.
///
/// # Errors
/// [`OpError`] if the shapes do not broadcast or an operand does not hold `T`.
pub(in crate::ops) fn broadcast<T: Element + Copy>(
    left: Tensor,
    right: Tensor,
    function: impl Fn(T, T) -> T + Sync + Send,
) -> Result<Tensor, OpError> {
    let pairing = Pairing::of(left.shape(), right.shape())?;
    if left.shape() == pairing.shape {
        let step = pairing.right_step();
        in_left(left, &right, &pairing, |run| (run.right, step), function)
    } else if right.shape() == pairing.shape {
        let step = pairing.left_step();
        in_left(right, &left, &pairing, |run| (run.left, step), |b, a| function(a, b))
    } else {
        // Neither has the output's shape: rare enough for a copy of one that has it.
        let wide = Strided::of(left.shape()).broadcast(&pairing.shape);
        let wide =
            wide.ok_or_else(|| OpError::shape("operands that broadcast", left.shape()))?.copied(&left)?;
        broadcast(wide, right, function)
    }
}

/// `function` in the buffer of `full`, which has the output's shape; `place` gives where a run
/// begins in `other`, and its distance between elements (0 or 1).
fn in_left<T: Element + Copy>(
    full: Tensor,
    other: &Tensor,
    pairing: &Pairing,
    place: impl Fn(&Run) -> (usize, usize) + Sync + Send,
    function: impl Fn(T, T) -> T + Sync + Send,
) -> Result<Tensor, OpError> {
    let mut data = full.into_vec::<T>()?;
    let other = other.as_slice::<T>()?;
    if let Some(period) = pairing.period(other.len()) {
        // A few values again and again: copies of them make runs that are worth a loop.
        let copies = PERIODS.div_ceil(period);
        let repeated = other.repeat(copies);
        for_each_chunk(&mut data, CHUNK / repeated.len() * repeated.len(), &|_, chunk| {
            for run in chunk.chunks_mut(repeated.len()) {
                run.iter_mut().zip(&repeated).for_each(|(a, &b)| *a = function(*a, b));
            }
        });
        return Ok(Tensor::from_vec(pairing.shape.as_slice(), data)?);
    }
    pairing.for_each_run(&mut data, &|run, out| {
        let (start, step) = place(&run);
        match (step, other.get(start..).unwrap_or_default()) {
            (0, &[b, ..]) => out.iter_mut().for_each(|a| *a = function(*a, b)),
            (_, other) => out.iter_mut().zip(other).for_each(|(a, &b)| *a = function(*a, b)),
        }
    });
    Ok(Tensor::from_vec(pairing.shape.as_slice(), data)?)
}

/// `function` on each pair of elements, into a new tensor of another type.
///
/// # Errors
/// As [`broadcast`].
pub(in crate::ops) fn broadcast_into<T: Element + Copy, U: Element + Copy>(
    left: Tensor,
    right: Tensor,
    function: impl Fn(T, T) -> U + Sync + Send,
) -> Result<Tensor, OpError> {
    let pairing = Pairing::of(left.shape(), right.shape())?;
    let mut data = vec![U::default(); checked_len(&pairing.shape, U::DTYPE)?];
    let (left, right) = (left.as_slice::<T>()?, right.as_slice::<T>()?);
    pairing.for_each_run(&mut data, &|run, out| {
        let left = left.get(run.left..).unwrap_or_default();
        let right = right.get(run.right..).unwrap_or_default();
        match (pairing.left_step(), pairing.right_step(), left, right) {
            (0, 0, &[a, ..], &[b, ..]) => out.fill(function(a, b)),
            (0, _, &[a, ..], right) => out.iter_mut().zip(right).for_each(|(o, &b)| *o = function(a, b)),
            (_, 0, left, &[b, ..]) => out.iter_mut().zip(left).for_each(|(o, &a)| *o = function(a, b)),
            (_, _, left, right) => {
                let pairs = left.iter().zip(right);
                out.iter_mut().zip(pairs).for_each(|(o, (&a, &b))| *o = function(a, b));
            }
        }
    });
    Ok(Tensor::from_vec(pairing.shape, data)?)
}

/// How the elements of two operands meet.
struct Pairing {
    /// Shape of the output.
    shape: Vec<usize>,
    /// The dimensions with neighbours merged where both operands allow it, outermost first.
    dims: Vec<Dim>,
}

/// One merged dimension: its extent and each operand's distance between elements, 0 if stretched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Dim {
    extent: usize,
    left: usize,
    right: usize,
}

/// A run of output elements along the innermost dimension: where the operands begin.
struct Run {
    left: usize,
    right: usize,
}

impl Pairing {
    fn of(left: &[usize], right: &[usize]) -> Result<Self, OpError> {
        let shape = broadcast_shape(left, right)
            .ok_or_else(|| OpError::shape(format!("a shape that broadcasts with {left:?}"), right))?;
        let mut merged: Vec<Dim> = Vec::new();
        let (mut left_len, mut right_len) = (1, 1);
        for (from_end, &extent) in shape.iter().rev().enumerate() {
            let step = |shape: &[usize], len: &mut usize| {
                let dim = shape.iter().rev().nth(from_end).copied().unwrap_or(1);
                let step = if dim == 1 { 0 } else { *len };
                *len = len.saturating_mul(dim);
                step
            };
            let dim = Dim { extent, left: step(left, &mut left_len), right: step(right, &mut right_len) };
            if extent == 1 {
                continue;
            }
            match merged.last_mut() {
                Some(inner) if dim.continues(inner) => inner.extent = inner.extent.saturating_mul(extent),
                _ => merged.push(dim),
            }
        }
        merged.reverse();
        Ok(Self { shape, dims: merged })
    }

    fn left_step(&self) -> usize {
        self.dims.last().map_or(0, |dim| dim.left)
    }

    fn right_step(&self) -> usize {
        self.dims.last().map_or(0, |dim| dim.right)
    }

    /// Calls `body` for runs that cover `out`, in parallel; a run stays within one row. Not generic
    /// over `body`, as [`for_each_chunk`].
    fn for_each_run<U: Send>(&self, out: &mut [U], body: &(dyn Fn(Run, &mut [U]) + Sync)) {
        let row = self.dims.last().map_or(1, |dim| dim.extent).max(1);
        let chunk = if row < CHUNK { CHUNK / row * row } else { CHUNK };
        for_each_chunk(out, chunk, &|mut at, mut out| {
            while !out.is_empty() {
                let len = (row - at % row).min(out.len());
                let (head, tail) = out.split_at_mut(len);
                body(self.run_at(at), head);
                out = tail;
                at += len;
            }
        });
    }

    /// The length of an operand of `len` values, if they are few and recur in order over the output.
    fn period(&self, len: usize) -> Option<usize> {
        let &[outer, inner] = self.dims.as_slice() else { return None };
        let recurs = (outer.left == 0) != (outer.right == 0) && inner.left == 1 && inner.right == 1;
        (recurs && len == inner.extent && len < PERIODS).then_some(len)
    }

    fn run_at(&self, index: usize) -> Run {
        let mut run = Run { left: 0, right: 0 };
        let mut rest = index;
        for dim in self.dims.iter().rev() {
            let at = rest % dim.extent;
            rest /= dim.extent;
            run.left += at * dim.left;
            run.right += at * dim.right;
        }
        run
    }
}

impl Dim {
    /// Whether this dimension and the one inside it are one for both operands.
    fn continues(&self, inner: &Dim) -> bool {
        let continues = |outer: usize, step: usize| match step {
            0 => outer == 0,
            _ => outer == step.saturating_mul(inner.extent),
        };
        continues(self.left, inner.left) && continues(self.right, inner.right)
    }
}

/// The common shape of two, by numpy's rule.
fn broadcast_shape(left: &[usize], right: &[usize]) -> Option<Vec<usize>> {
    let rank = left.len().max(right.len());
    let dim = |shape: &[usize], axis: usize| {
        (axis + shape.len()).checked_sub(rank).and_then(|index| shape.get(index)).copied().unwrap_or(1)
    };
    (0..rank)
        .map(|axis| match (dim(left, axis), dim(right, axis)) {
            (a, b) if a == b => Some(a),
            (1, b) => Some(b),
            (a, 1) => Some(a),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(shape: &[usize], data: &[f32]) -> Tensor {
        Tensor::from_vec(shape, data.to_vec()).unwrap()
    }

    fn sub(left: Tensor, right: Tensor) -> Result<Tensor, OpError> {
        broadcast::<f32>(left, right, |a, b| a - b)
    }

    #[test]
    fn dimensions_of_one_stretch_on_either_side() {
        let column = tensor(&[2, 1], &[10.0, 20.0]);
        let row = tensor(&[3], &[1.0, 2.0, 3.0]);
        let expected = tensor(&[2, 3], &[9.0, 8.0, 7.0, 19.0, 18.0, 17.0]);
        assert_eq!(sub(column, row.clone()).unwrap(), expected);
        let full = tensor(&[2, 3], &[0.0; 6]);
        let rows = tensor(&[2, 3], &[1.0, 2.0, 3.0, 1.0, 2.0, 3.0]);
        assert_eq!(sub(row.clone(), full.clone()).unwrap(), rows);
        assert_eq!(sub(tensor(&[], &[5.0]), full.clone()).unwrap(), tensor(&[2, 3], &[5.0; 6]));
        assert!(sub(full, tensor(&[2], &[1.0, 2.0])).is_err());
    }

    #[test]
    fn neighbouring_dimensions_are_merged() {
        let dims = |left: &[usize], right: &[usize]| Pairing::of(left, right).unwrap().dims;
        let dim = |extent, left, right| Dim { extent, left, right };
        assert_eq!(dims(&[2, 3, 4], &[2, 3, 4]), [dim(24, 1, 1)]);
        assert_eq!(dims(&[2, 3, 4, 5], &[2, 1, 1, 5]), [dim(2, 60, 5), dim(12, 5, 0), dim(5, 1, 1)]);
        assert_eq!(dims(&[2, 3, 4], &[]), [dim(24, 1, 0)]);
        assert_eq!(dims(&[1], &[1, 1]), []);
    }

    #[test]
    fn a_large_output_equals_one_computed_element_by_element() {
        let (rows, columns) = (700, 131);
        let left: Vec<f32> = (0..rows * columns).map(|i| (i % 977) as f32).collect();
        let right: Vec<f32> = (0..rows).map(|i| i as f32).collect();
        let found = sub(tensor(&[rows, columns], &left), tensor(&[rows, 1], &right)).unwrap();
        let found = found.as_slice::<f32>().unwrap();
        let expected = |i: usize| left[i] - right[i / columns];
        assert!(found.iter().enumerate().all(|(i, &x)| x == expected(i)));
        let other = broadcast_into::<f32, bool>(
            tensor(&[rows, 1], &right),
            tensor(&[1, columns], &left[..columns]),
            |a, b| a < b,
        );
        let other = other.unwrap();
        let expected = |i: usize| right[i / columns] < left[i % columns];
        assert!(other.as_slice::<bool>().unwrap().iter().enumerate().all(|(i, &x)| x == expected(i)));
    }
}
