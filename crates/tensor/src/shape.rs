use crate::{DType, TensorError};

/// No tensor larger than this is ever allocated: a GraphDef itself cannot be larger, and a few
/// bytes of a damaged file must not ask for all the memory there is.
pub const MAX_TENSOR_BYTES: usize = i32::MAX as usize;

/// The number of elements of `shape`.
///
/// # Errors
/// [`TensorError::TooLarge`] if the product overflows or its bytes exceed [`MAX_TENSOR_BYTES`].
pub fn checked_len(shape: &[usize], dtype: DType) -> Result<usize, TensorError> {
    shape
        .iter()
        .try_fold(1_usize, |len, &dim| len.checked_mul(dim))
        .filter(|len| len.checked_mul(dtype.size()).is_some_and(|bytes| bytes <= MAX_TENSOR_BYTES))
        .ok_or_else(|| TensorError::TooLarge { shape: shape.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_shape_has_its_product() {
        assert_eq!(checked_len(&[2, 3, 4], DType::F32), Ok(24));
        assert_eq!(checked_len(&[], DType::F32), Ok(1));
        assert_eq!(checked_len(&[5, 0], DType::F32), Ok(0));
    }

    #[test]
    fn an_overflowing_or_huge_shape_is_refused() {
        assert!(checked_len(&[usize::MAX, 2], DType::U8).is_err());
        assert!(checked_len(&[1 << 20, 1 << 12], DType::F32).is_err());
    }
}
