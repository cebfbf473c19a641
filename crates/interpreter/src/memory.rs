//! Buffers that outlive the tensors made of them, so that a plan does not ask the system for the
//! same memory again and again.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};

use amct_tensor::{Element, Tensor};
use rayon::prelude::*;

use crate::Value;

/// The most buffers of one type that are kept: a run of a large graph has some dozens of different sizes,
/// and there may be a run per thread. A search through more of them would take longer than it saves.
const KEPT: RangeInclusive<usize> = 64..=512;
const KEPT_PER_THREAD: usize = 32;

/// Elements for which it pays to copy to a buffer that was used before.
const LARGE: usize = 1 << 12;

/// Elements of one task that copies.
const CHUNK: usize = 1 << 15;

/// Free buffers of the element types that activations have, the one used last at the end.
pub(crate) struct Memory {
    /// How many of a type, at most.
    kept: usize,
    f32s: Mutex<Vec<Vec<f32>>>,
    i32s: Mutex<Vec<Vec<i32>>>,
    i8s: Mutex<Vec<Vec<i8>>>,
}

/// An element type whose buffers are kept.
pub(crate) trait Kept: Element + Copy {
    fn shelf(memory: &Memory) -> &Mutex<Vec<Vec<Self>>>;
}

macro_rules! kept {
    ($($type:ty => $field:ident),+) => {$(
        impl Kept for $type {
            fn shelf(memory: &Memory) -> &Mutex<Vec<Vec<Self>>> {
                &memory.$field
            }
        }
    )+};
}

kept! { f32 => f32s, i32 => i32s, i8 => i8s }

impl Default for Memory {
    /// Nothing yet, for runs by as many threads at once as there are.
    fn default() -> Self {
        let wanted = KEPT_PER_THREAD.saturating_mul(amct_kernels::threads());
        let kept = wanted.clamp(*KEPT.start(), *KEPT.end());
        Self { kept, f32s: Mutex::default(), i32s: Mutex::default(), i8s: Mutex::default() }
    }
}

impl Memory {
    /// A buffer of `len` elements of any value, to be overwritten.
    pub(crate) fn take<T: Kept>(&self, len: usize) -> Vec<T> {
        let mut shelf = T::shelf(self).lock().unwrap_or_else(PoisonError::into_inner);
        // The smallest that is large enough, but not so large that it had better wait for others;
        // of equals the one used last, of which the caches may still hold something.
        let fitting = |buffer: &Vec<T>| (len..=len.saturating_mul(2)).contains(&buffer.capacity());
        let best = shelf.iter().enumerate().rev().filter(|(_, buffer)| fitting(buffer));
        let best = best.min_by_key(|(_, buffer)| buffer.capacity()).map(|(index, _)| index);
        match best {
            Some(index) => {
                let mut buffer = shelf.remove(index);
                drop(shelf);
                buffer.resize(len, T::default());
                buffer
            }
            None => {
                drop(shelf);
                vec![T::default(); len]
            }
        }
    }

    /// The tensor, in a buffer of its own if it is a large one of floats that somebody else holds, so
    /// that it can be changed in place.
    pub(crate) fn unshared(&self, tensor: Tensor) -> Tensor {
        if !tensor.is_shared() || tensor.len() < LARGE {
            return tensor;
        }
        let Ok(values) = tensor.as_slice::<f32>() else { return tensor };
        let mut copy = self.take(values.len());
        if values.len() <= CHUNK || amct_kernels::threads() == 1 {
            copy.copy_from_slice(values);
        } else {
            let parts = copy.par_chunks_mut(CHUNK).zip(values.par_chunks(CHUNK));
            parts.for_each(|(copy, values)| copy.copy_from_slice(values));
        }
        // The shape is that of as many values.
        Tensor::from_vec(tensor.shape(), copy).unwrap_or(tensor)
    }

    /// Keeps the buffer of a tensor that nobody else holds.
    pub(crate) fn give(&self, tensor: Tensor) {
        fn keep<T: Kept>(memory: &Memory, tensor: Tensor) -> Option<Tensor> {
            if tensor.as_slice::<T>().is_err() {
                return Some(tensor);
            }
            if let Some(buffer) = tensor.into_sole_vec::<T>() {
                memory.give_vec(buffer);
            }
            None
        }
        let rest = keep::<f32>(self, tensor).and_then(|tensor| keep::<i8>(self, tensor));
        rest.and_then(|tensor| keep::<i32>(self, tensor));
    }

    /// Keeps a buffer, and lets go of the one that was not used for longest if there are too many: what
    /// happens to be of no use must not keep out what is.
    pub(crate) fn give_vec<T: Kept>(&self, buffer: Vec<T>) {
        let mut shelf = T::shelf(self).lock().unwrap_or_else(PoisonError::into_inner);
        shelf.push(buffer);
        let unused = if shelf.len() > self.kept { Some(shelf.remove(0)) } else { None };
        // The system may take its time.
        drop(shelf);
        drop(unused);
    }

    /// [`give`](Self::give) for a value.
    pub(crate) fn give_value(&self, value: Value) {
        self.give(value.into_parts().0);
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_if_nobody_holds_it() {
        let memory = Memory::default();
        let tensor = Tensor::vector(vec![1.0_f32; 100]);
        let address = tensor.as_slice::<f32>().unwrap().as_ptr();
        let held = tensor.clone();
        memory.give(tensor);
        let other = memory.take::<f32>(100);
        assert_ne!(other.as_ptr(), address);
        memory.give(held);
        assert_eq!(memory.take::<f32>(40).len(), 40);
        let buffer = memory.take::<f32>(90);
        assert_eq!((buffer.as_ptr(), buffer.len()), (address, 90));
    }

    #[test]
    fn buffers_of_no_use_make_room_for_others() {
        let memory = Memory::default();
        (0..memory.kept).for_each(|_| memory.give_vec(vec![0_i32; 10]));
        for _ in 0..memory.kept {
            let buffer = memory.take::<i32>(1000);
            let address = buffer.as_ptr();
            memory.give_vec(buffer);
            let again = memory.take::<i32>(1000);
            assert_eq!(again.as_ptr(), address);
            (0..2).for_each(|_| memory.give_vec(vec![0_i32; 1000]));
        }
        let shelf = memory.i32s.lock().unwrap();
        assert_eq!(shelf.len(), memory.kept);
        assert!(shelf.iter().all(|buffer| buffer.capacity() == 1000));
    }

    #[test]
    fn other_types_are_dropped() {
        let memory = Memory::default();
        memory.give(Tensor::vector(vec![1_u16; 4]));
        memory.give_value(Value::Quantized { q: Tensor::vector(vec![1_i8; 4]), zero_offset: 0 });
        assert_eq!(memory.take::<i8>(4), [1; 4]);
    }
}
