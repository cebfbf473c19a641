//! A strided view of a tensor, and its elements copied out in row-major order.
//!
//! An operator that moves elements by a regular pattern describes the pattern here. What is compiled for each
//! element type is then one short copy, not one for each operator.

use amct_tensor::{Element, Tensor, checked_len};

use crate::OpError;
use crate::dispatch::dispatch;

/// The elements of a row-major buffer under some shape, which may leave out, repeat or reverse them.
#[derive(Clone, Debug)]
pub(in crate::ops) struct Strided {
    /// The element at position 0 of each dimension.
    first: usize,
    /// Outermost first.
    dims: Vec<Dim>,
}

/// A dimension: its extent, and how far apart in the buffer neighbours are (0 if one element is repeated, negative
/// if they are taken backwards).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Dim {
    extent: usize,
    stride: isize,
}

impl Strided {
    /// All elements of a tensor of that shape, in order.
    pub(in crate::ops) fn of(shape: &[usize]) -> Self {
        let mut stride = 1_isize;
        let mut dims: Vec<Dim> = Vec::with_capacity(shape.len());
        for &extent in shape.iter().rev() {
            dims.push(Dim { extent, stride });
            // Only the strides of an empty tensor can be too large, and nothing is read of one.
            stride = stride.saturating_mul(isize::try_from(extent).unwrap_or(isize::MAX));
        }
        dims.reverse();
        Self { first: 0, dims }
    }

    /// The dimensions in another order, a permutation of them.
    pub(in crate::ops) fn permuted(&self, order: &[usize]) -> Self {
        Self {
            first: self.first,
            dims: order.iter().filter_map(|&axis| self.dims.get(axis).copied()).collect(),
        }
    }

    /// `count` positions along `axis` from `first` on, `step` apart, all of which there must be.
    pub(in crate::ops) fn sliced(mut self, axis: usize, first: usize, count: usize, step: isize) -> Self {
        if let Some(dim) = self.dims.get_mut(axis) {
            if count > 0 {
                let skipped = dim.stride.saturating_mul(isize::try_from(first).unwrap_or(isize::MAX));
                self.first = self.first.saturating_add_signed(skipped);
            }
            *dim = Dim { extent: count, stride: dim.stride.saturating_mul(step) };
        }
        self
    }

    /// Dimensions of 1 stretched, and new ones in front, by numpy's rule; `None` if `shape` cannot be had so.
    pub(in crate::ops) fn broadcast(&self, shape: &[usize]) -> Option<Self> {
        let new = shape.len().checked_sub(self.dims.len())?;
        let old = std::iter::repeat_n(&Dim { extent: 1, stride: 0 }, new).chain(&self.dims);
        let stretched = shape.iter().zip(old).map(|(&extent, dim)| match dim.extent {
            own if own == extent => Some(*dim),
            1 => Some(Dim { extent, stride: 0 }),
            _ => None,
        });
        Some(Self { first: self.first, dims: stretched.collect::<Option<_>>()? })
    }

    /// Each dimension repeated as a whole: twice as many dimensions, the repetitions before what is repeated.
    pub(in crate::ops) fn repeated(&self, multiples: &[usize]) -> Self {
        let dims = self.dims.iter().zip(multiples);
        let dims = dims.flat_map(|(&dim, &extent)| [Dim { extent, stride: 0 }, dim]).collect();
        Self { first: self.first, dims }
    }

    /// The elements of `tensor`, which has the shape this was made of, as a tensor of this shape.
    ///
    /// # Errors
    /// [`OpError`] if that would be too large, or for strings.
    pub(in crate::ops) fn copied(&self, tensor: &Tensor) -> Result<Tensor, OpError> {
        let shape: Vec<usize> = self.dims.iter().map(|dim| dim.extent).collect();
        let len = checked_len(&shape, tensor.dtype())?;
        let runs = self.runs();
        dispatch!(any tensor.dtype(), T => {
            let mut output = vec![T::default(); len];
            runs.read(tensor.as_slice::<T>()?, &mut output);
            Ok(Tensor::from_vec(shape, output)?)
        })
    }

    /// Writes `source` to the elements of `output`, in the order of this view, which repeats and reverses none.
    pub(in crate::ops) fn fill_from<T: Element + Copy>(&self, source: &[T], output: &mut [T]) {
        self.runs().write(source, output);
    }

    /// The innermost dimension that is left when neighbours that continue each other are one, and those around it.
    fn runs(&self) -> Runs {
        let mut merged: Vec<Dim> = Vec::with_capacity(self.dims.len());
        for dim in self.dims.iter().rev().filter(|dim| dim.extent != 1) {
            match merged.last_mut() {
                Some(inner) if dim.stride == inner.stride.saturating_mul(inner.extent as isize) => {
                    inner.extent = inner.extent.saturating_mul(dim.extent);
                }
                _ => merged.push(*dim),
            }
        }
        merged.reverse();
        let run = merged.pop().unwrap_or(Dim { extent: 1, stride: 1 });
        Runs { first: self.first, outer: merged, run }
    }
}

/// Runs of equally distant elements that make up a view.
struct Runs {
    first: usize,
    outer: Vec<Dim>,
    run: Dim,
}

impl Runs {
    fn read<T: Copy>(&self, source: &[T], output: &mut [T]) {
        let step = self.run.stride.unsigned_abs();
        for (start, output) in self.starts().zip(output.chunks_mut(self.run.extent.max(1))) {
            let following = source.get(start..).unwrap_or_default();
            match self.run.stride {
                0 => following.iter().take(1).for_each(|&x| output.fill(x)),
                1 => output.iter_mut().zip(following).for_each(|(o, &x)| *o = x),
                2.. => output.iter_mut().zip(following.iter().step_by(step)).for_each(|(o, &x)| *o = x),
                _ => {
                    let backwards = source.get(..=start).unwrap_or_default().iter().rev().step_by(step);
                    output.iter_mut().zip(backwards).for_each(|(o, &x)| *o = x);
                }
            }
        }
    }

    fn write<T: Copy>(&self, source: &[T], output: &mut [T]) {
        let step = self.run.stride.unsigned_abs().max(1);
        for (start, source) in self.starts().zip(source.chunks(self.run.extent.max(1))) {
            let following = output.get_mut(start..).unwrap_or_default();
            if step == 1 {
                following.iter_mut().zip(source).for_each(|(o, &x)| *o = x);
            } else {
                following.iter_mut().step_by(step).zip(source).for_each(|(o, &x)| *o = x);
            }
        }
    }

    fn starts(&self) -> Starts<'_> {
        Starts { outer: &self.outer, at: vec![0; self.outer.len()], start: self.first }
    }
}

/// Where the runs begin, in order and without end: who walks along has as many chunks as there are runs.
struct Starts<'a> {
    outer: &'a [Dim],
    /// The position in each of `outer`.
    at: Vec<usize>,
    start: usize,
}

impl Iterator for Starts<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let start = self.start;
        for (dim, at) in self.outer.iter().zip(&mut self.at).rev() {
            *at += 1;
            self.start = self.start.wrapping_add_signed(dim.stride);
            if *at < dim.extent {
                break;
            }
            let whole = dim.stride.wrapping_mul(std::mem::take(at) as isize);
            self.start = self.start.wrapping_add_signed(whole.wrapping_neg());
        }
        Some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(shape: &[usize]) -> Tensor {
        Tensor::from_vec(shape, (0..shape.iter().product::<usize>() as i32).collect()).unwrap()
    }

    /// The view's elements, found one by one.
    fn expected(view: &Strided) -> Vec<i32> {
        let mut elements = vec![view.first as i32];
        for dim in &view.dims {
            let along = |&first: &i32| (0..dim.extent as i32).map(move |i| first + i * dim.stride as i32);
            elements = elements.iter().flat_map(along).collect();
        }
        elements
    }

    #[test]
    fn every_view_equals_its_elements_found_one_by_one() {
        let input = counted(&[2, 3, 4]);
        let whole = || Strided::of(&[2, 3, 4]);
        let views = [
            whole(),
            whole().permuted(&[2, 0, 1]),
            whole().permuted(&[1, 0, 2]),
            whole().permuted(&[2, 1, 0]),
            whole().sliced(1, 1, 2, 1),
            whole().sliced(2, 0, 2, 2),
            whole().sliced(2, 3, 4, -1).sliced(0, 1, 2, -1),
            whole().sliced(2, 3, 2, -2).sliced(1, 2, 3, -1),
            whole().sliced(1, 2, 0, 1),
            whole().sliced(0, 1, 1, 1).sliced(2, 1, 1, 1),
            whole().repeated(&[2, 1, 3]),
            whole().repeated(&[1, 0, 1]),
            whole().sliced(1, 1, 1, 1).broadcast(&[5, 2, 3, 4]).unwrap(),
        ];
        for view in views {
            let shape: Vec<usize> = view.dims.iter().map(|dim| dim.extent).collect();
            let output = view.copied(&input).unwrap();
            assert_eq!(output.shape(), shape, "{view:?}");
            assert_eq!(output.as_slice::<i32>().unwrap(), expected(&view), "{view:?}");
        }
        assert!(whole().broadcast(&[2, 3, 5]).is_none() && whole().broadcast(&[3, 4]).is_none());
    }

    #[test]
    fn a_box_is_written_where_it_is_read() {
        for (axis, first, count, step) in [(0, 1, 1, 1), (1, 1, 2, 1), (2, 1, 1, 1), (2, 1, 2, 2)] {
            let view = Strided::of(&[2, 3, 4]).sliced(axis, first, count, step);
            let source: Vec<i32> = (0..expected(&view).len() as i32).map(|i| -1 - i).collect();
            let mut output = vec![0; 24];
            view.fill_from(&source, &mut output);
            let output = Tensor::from_vec([2, 3, 4], output).unwrap();
            assert_eq!(view.copied(&output).unwrap().as_slice::<i32>().unwrap(), source);
            let others = output.as_slice::<i32>().unwrap().iter().filter(|&&x| x == 0).count();
            assert_eq!(others, 24 - source.len());
        }
    }

    #[test]
    fn what_would_be_too_large_is_refused() {
        let huge = Strided::of(&[]).broadcast(&[1 << 40]).unwrap();
        assert!(huge.copied(&Tensor::scalar(1_i8)).is_err());
    }
}
