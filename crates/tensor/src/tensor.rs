//! A tensor: a shape and a shared row-major buffer of one element type.

use std::sync::Arc;

use half::f16;
use ndarray::{ArrayD, ArrayViewD, IxDyn};

use crate::{DType, Element, TensorError, checked_len};

/// A tensor: a shape and a row-major buffer of one element type.
///
/// The buffer is shared: a clone costs a reference count. [`Tensor::into_vec`] gives the buffer
/// back without a copy when nobody else holds it, which is how operators work in place.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    storage: Storage,
}

/// The buffer, by element type.
#[derive(Clone, Debug, PartialEq)]
pub enum Storage {
    F16(Arc<Vec<f16>>),
    F32(Arc<Vec<f32>>),
    F64(Arc<Vec<f64>>),
    I8(Arc<Vec<i8>>),
    I16(Arc<Vec<i16>>),
    I32(Arc<Vec<i32>>),
    I64(Arc<Vec<i64>>),
    U8(Arc<Vec<u8>>),
    U16(Arc<Vec<u16>>),
    U32(Arc<Vec<u32>>),
    U64(Arc<Vec<u64>>),
    Bool(Arc<Vec<bool>>),
    String(Arc<Vec<Vec<u8>>>),
}

macro_rules! each_storage {
    ($storage:expr, $data:ident => $body:expr) => {
        match $storage {
            Storage::F16($data) => $body,
            Storage::F32($data) => $body,
            Storage::F64($data) => $body,
            Storage::I8($data) => $body,
            Storage::I16($data) => $body,
            Storage::I32($data) => $body,
            Storage::I64($data) => $body,
            Storage::U8($data) => $body,
            Storage::U16($data) => $body,
            Storage::U32($data) => $body,
            Storage::U64($data) => $body,
            Storage::Bool($data) => $body,
            Storage::String($data) => $body,
        }
    };
}

impl Tensor {
    /// A tensor of these values, row-major.
    ///
    /// # Errors
    /// [`TensorError::Length`] if `data` does not fill `shape`, [`TensorError::TooLarge`] if the
    /// shape is beyond the limit.
    pub fn from_vec<T: Element>(shape: impl Into<Vec<usize>>, data: Vec<T>) -> Result<Self, TensorError> {
        let shape = shape.into();
        if checked_len(&shape, T::DTYPE)? != data.len() {
            return Err(TensorError::Length { shape, found: data.len() });
        }
        Ok(Self { shape, storage: T::wrap(Arc::new(data)) })
    }

    /// A tensor of rank 0.
    pub fn scalar<T: Element>(value: T) -> Self {
        Self { shape: Vec::new(), storage: T::wrap(Arc::new(vec![value])) }
    }

    /// A tensor of rank 1.
    pub fn vector<T: Element>(data: Vec<T>) -> Self {
        Self { shape: vec![data.len()], storage: T::wrap(Arc::new(data)) }
    }

    /// A tensor with one value everywhere.
    ///
    /// # Errors
    /// [`TensorError::TooLarge`] if the shape is beyond the limit.
    pub fn full<T: Element>(shape: impl Into<Vec<usize>>, value: T) -> Result<Self, TensorError> {
        let shape = shape.into();
        let len = checked_len(&shape, T::DTYPE)?;
        Ok(Self { shape, storage: T::wrap(Arc::new(vec![value; len])) })
    }

    /// A tensor of that type whose elements are all 0, false or empty.
    ///
    /// # Errors
    /// [`TensorError::TooLarge`] if the shape is beyond the limit.
    pub fn zeros(dtype: DType, shape: impl Into<Vec<usize>>) -> Result<Self, TensorError> {
        match dtype {
            DType::F16 => Self::full(shape, f16::ZERO),
            DType::F32 => Self::full(shape, 0_f32),
            DType::F64 => Self::full(shape, 0_f64),
            DType::I8 => Self::full(shape, 0_i8),
            DType::I16 => Self::full(shape, 0_i16),
            DType::I32 => Self::full(shape, 0_i32),
            DType::I64 => Self::full(shape, 0_i64),
            DType::U8 => Self::full(shape, 0_u8),
            DType::U16 => Self::full(shape, 0_u16),
            DType::U32 => Self::full(shape, 0_u32),
            DType::U64 => Self::full(shape, 0_u64),
            DType::Bool => Self::full(shape, false),
            DType::String => Self::full(shape, Vec::<u8>::new()),
        }
    }

    /// The elements of `array` in row-major order; no copy if it is already laid out so.
    pub fn from_array<T: Element>(array: ArrayD<T>) -> Self {
        let shape = array.shape().to_vec();
        let data = if array.is_standard_layout() {
            match array.into_raw_vec_and_offset() {
                (data, Some(0) | None) => data,
                (data, Some(offset)) => {
                    let len = shape.iter().product();
                    data.into_iter().skip(offset).take(len).collect()
                }
            }
        } else {
            array.iter().cloned().collect()
        };
        Self { shape, storage: T::wrap(Arc::new(data)) }
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        match &self.storage {
            Storage::F16(_) => DType::F16,
            Storage::F32(_) => DType::F32,
            Storage::F64(_) => DType::F64,
            Storage::I8(_) => DType::I8,
            Storage::I16(_) => DType::I16,
            Storage::I32(_) => DType::I32,
            Storage::I64(_) => DType::I64,
            Storage::U8(_) => DType::U8,
            Storage::U16(_) => DType::U16,
            Storage::U32(_) => DType::U32,
            Storage::U64(_) => DType::U64,
            Storage::Bool(_) => DType::Bool,
            Storage::String(_) => DType::String,
        }
    }

    /// The dimensions, outermost first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The number of dimensions.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        each_storage!(&self.storage, data => data.len())
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements in row-major order.
    ///
    /// # Errors
    /// [`TensorError::DType`] if the tensor holds another type.
    pub fn as_slice<T: Element>(&self) -> Result<&[T], TensorError> {
        T::get(&self.storage).map(|data| data.as_slice()).ok_or_else(|| self.not::<T>())
    }

    /// The elements as an ndarray view.
    ///
    /// # Errors
    /// [`TensorError::DType`] if the tensor holds another type.
    pub fn view<T: Element>(&self) -> Result<ArrayViewD<'_, T>, TensorError> {
        ArrayViewD::from_shape(IxDyn(&self.shape), self.as_slice()?)
            .map_err(|_| TensorError::Length { shape: self.shape.clone(), found: self.len() })
    }

    /// The elements in row-major order, without a copy if this is the only holder of the buffer.
    ///
    /// # Errors
    /// [`TensorError::DType`] if the tensor holds another type.
    pub fn into_vec<T: Element>(self) -> Result<Vec<T>, TensorError> {
        let mismatch = self.not::<T>();
        let data = T::take(self.storage).ok_or(mismatch)?;
        Ok(Arc::try_unwrap(data).unwrap_or_else(|shared| shared.as_ref().clone()))
    }

    /// Whether somebody else holds the buffer, too.
    pub fn is_shared(&self) -> bool {
        each_storage!(&self.storage, data => Arc::strong_count(data) > 1)
    }

    /// Row `index` along the first axis, as a tensor of the same rank with extent 1 there.
    ///
    /// # Errors
    /// [`TensorError::Length`] if there is no such row.
    pub fn row(&self, index: usize) -> Result<Self, TensorError> {
        let missing = || TensorError::Length { shape: self.shape.clone(), found: index };
        let mut shape = self.shape.clone();
        let rows = std::mem::replace(shape.first_mut().ok_or_else(missing)?, 1);
        let len = self.len().checked_div(rows).ok_or_else(missing)?;
        fn cut<T: Element>(data: &[T], index: usize, len: usize) -> Option<Storage> {
            Some(T::wrap(Arc::new(data.get(index * len..(index + 1) * len)?.to_vec())))
        }
        let storage =
            if index < rows { each_storage!(&self.storage, data => cut(data, index, len)) } else { None };
        Ok(Self { shape, storage: storage.ok_or_else(missing)? })
    }

    /// The buffer, if this is its only holder and it is of that type.
    pub fn into_sole_vec<T: Element>(self) -> Option<Vec<T>> {
        Arc::into_inner(T::take(self.storage)?)
    }

    /// The same elements under another shape.
    ///
    /// # Errors
    /// [`TensorError::Length`] if the shape asks for another number of elements.
    pub fn reshaped(self, shape: impl Into<Vec<usize>>) -> Result<Self, TensorError> {
        let shape = shape.into();
        if checked_len(&shape, self.dtype())? != self.len() {
            return Err(TensorError::Length { shape, found: self.len() });
        }
        Ok(Self { shape, ..self })
    }

    /// The values as `i64`, for shapes, axes and counts given as a tensor of any integer type.
    ///
    /// # Errors
    /// [`TensorError::NotIntegers`] for other types, and for a `u64` beyond `i64`.
    pub fn to_i64_vec(&self) -> Result<Vec<i64>, TensorError> {
        let not_integers = || TensorError::NotIntegers { found: self.dtype() };
        match &self.storage {
            Storage::I8(data) => Ok(data.iter().map(|&v| v.into()).collect()),
            Storage::I16(data) => Ok(data.iter().map(|&v| v.into()).collect()),
            Storage::I32(data) => Ok(data.iter().map(|&v| v.into()).collect()),
            Storage::I64(data) => Ok(data.to_vec()),
            Storage::U8(data) => Ok(data.iter().map(|&v| v.into()).collect()),
            Storage::U16(data) => Ok(data.iter().map(|&v| v.into()).collect()),
            Storage::U32(data) => Ok(data.iter().map(|&v| v.into()).collect()),
            Storage::U64(data) => data.iter().map(|&v| v.try_into().map_err(|_| not_integers())).collect(),
            _ => Err(not_integers()),
        }
    }

    fn not<T: Element>(&self) -> TensorError {
        TensorError::DType { expected: T::DTYPE, found: self.dtype() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tensor_gives_back_what_it_was_made_of() {
        let tensor = Tensor::from_vec([2, 3], vec![1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        assert_eq!(tensor.dtype(), DType::F32);
        assert_eq!(tensor.view::<f32>().unwrap()[[1, 0]], 4.0);
        assert_eq!(tensor.reshaped([6]).unwrap().into_vec::<f32>().unwrap().len(), 6);
    }

    #[test]
    fn zeros_are_of_any_type() {
        for dtype in DType::ALL {
            let zeros = Tensor::zeros(dtype, [2, 3]).unwrap();
            assert_eq!((zeros.dtype(), zeros.shape()), (dtype, [2, 3].as_slice()));
        }
        assert_eq!(Tensor::zeros(DType::F16, [2]).unwrap().as_slice::<f16>().unwrap(), [f16::ZERO; 2]);
        assert_eq!(Tensor::zeros(DType::Bool, [1]).unwrap().as_slice::<bool>().unwrap(), [false]);
        assert!(Tensor::zeros(DType::I8, [usize::MAX, 2]).is_err());
    }

    #[test]
    fn a_wrong_length_or_type_is_refused() {
        assert!(matches!(Tensor::from_vec([2, 2], vec![0_u8; 3]), Err(TensorError::Length { .. })));
        let tensor = Tensor::scalar(1_i32);
        assert_eq!(
            tensor.as_slice::<f32>(),
            Err(TensorError::DType { expected: DType::F32, found: DType::I32 })
        );
        assert!(tensor.reshaped([2]).is_err());
    }

    #[test]
    fn a_transposed_array_becomes_row_major() {
        let array = ndarray::arr2(&[[1_i32, 2], [3, 4]]).reversed_axes().into_dyn();
        assert_eq!(Tensor::from_array(array).as_slice::<i32>().unwrap(), [1, 3, 2, 4]);
    }

    #[test]
    fn a_sole_holder_gets_its_buffer_without_a_copy() {
        let tensor = Tensor::vector(vec![1.0_f32; 8]);
        let address = tensor.as_slice::<f32>().unwrap().as_ptr();
        let values = tensor.into_vec::<f32>().unwrap();
        assert_eq!(values.as_ptr(), address);
    }

    #[test]
    fn rows_are_cut_along_the_first_axis() {
        let tensor = Tensor::from_vec([2, 3], vec![1_i32, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(tensor.row(1).unwrap(), Tensor::from_vec([1, 3], vec![4, 5, 6]).unwrap());
        assert!(tensor.row(2).is_err() && Tensor::scalar(1).row(0).is_err());
        assert!(Tensor::from_vec([0, 3], Vec::<i32>::new()).unwrap().row(0).is_err());
    }

    #[test]
    fn every_integer_type_reads_as_i64() {
        assert_eq!(Tensor::vector(vec![-1_i8, 2]).to_i64_vec().unwrap(), [-1, 2]);
        assert_eq!(Tensor::vector(vec![7_u64]).to_i64_vec().unwrap(), [7]);
        assert!(Tensor::vector(vec![u64::MAX]).to_i64_vec().is_err());
        assert!(Tensor::scalar(1.0_f32).to_i64_vec().is_err());
    }
}
