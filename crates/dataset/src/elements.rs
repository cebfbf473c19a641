//! Tensors as the little-endian element dumps that .npy files and raw batches consist of.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek};

use amct_tensor::{DType, Tensor, TensorError};
use half::f16;

/// The order of the elements in a dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The last axis varies fastest.
    RowMajor,
    /// The first axis varies fastest.
    ColumnMajor,
}

/// The rest of `file`, which must be `expected` bytes; `Err` holds how many there are otherwise.
///
/// Memory is taken only once the file is known to be that long, whatever a header claims.
pub(crate) fn read_exactly(file: &mut File, expected: u64) -> io::Result<Result<Vec<u8>, u64>> {
    let found = file.metadata()?.len().saturating_sub(file.stream_position()?);
    if found != expected {
        return Ok(Err(found));
    }
    let mut bytes = Vec::new();
    file.take(expected).read_to_end(&mut bytes)?;
    // A file can shrink under our hands.
    let read = bytes.len() as u64;
    Ok(if read == expected { Ok(bytes) } else { Err(read) })
}

/// The tensor of that dump; `bytes` must be as many as shape and type ask for.
///
/// A bool is true unless its byte is 0, as in numpy. `None` for [`DType::String`], which has no dump.
pub(crate) fn from_le_bytes(
    shape: &[usize],
    dtype: DType,
    order: Order,
    bytes: &[u8],
) -> Option<Result<Tensor, TensorError>> {
    let bytes = match order {
        Order::RowMajor => Cow::Borrowed(bytes),
        Order::ColumnMajor => match row_major(shape, dtype.size(), bytes) {
            Some(bytes) => Cow::Owned(bytes),
            None => {
                let found = bytes.len().checked_div(dtype.size()).unwrap_or(0);
                return Some(Err(TensorError::Length { shape: shape.to_vec(), found }));
            }
        },
    };
    macro_rules! number {
        ($type:ty) => {
            Tensor::from_vec(
                shape,
                bytes.as_chunks().0.iter().map(|&le| <$type>::from_le_bytes(le)).collect(),
            )
        };
    }
    Some(match dtype {
        DType::F16 => number!(f16),
        DType::F32 => number!(f32),
        DType::F64 => number!(f64),
        DType::I8 => number!(i8),
        DType::I16 => number!(i16),
        DType::I32 => number!(i32),
        DType::I64 => number!(i64),
        DType::U8 => Tensor::from_vec(shape, bytes.into_owned()),
        DType::U16 => number!(u16),
        DType::U32 => number!(u32),
        DType::U64 => number!(u64),
        DType::Bool => Tensor::from_vec(shape, bytes.iter().map(|&byte| byte != 0).collect()),
        DType::String => return None,
    })
}

/// The elements of `size` bytes of a column-major dump, the last axis fastest; `None` for axes longer than
/// memory, also where another one of 0 leaves nothing in it.
fn row_major(shape: &[usize], size: usize, dump: &[u8]) -> Option<Vec<u8>> {
    let mut len = 1_usize;
    let mut axes = Vec::with_capacity(shape.len());
    for &dim in shape {
        axes.push((dim, len));
        len = len.checked_mul(dim.max(1))?;
    }
    let mut at = vec![0; shape.len()];
    let mut element = 0_usize;
    let mut bytes = Vec::with_capacity(dump.len());
    for _ in 0..dump.len() / size {
        let start = element.saturating_mul(size);
        bytes.extend_from_slice(dump.get(start..start.saturating_add(size)).unwrap_or_default());
        for (at, &(dim, stride)) in at.iter_mut().zip(&axes).rev() {
            *at += 1;
            element = element.saturating_add(stride);
            if *at < dim {
                break;
            }
            element = element.saturating_sub(stride.saturating_mul(dim));
            *at = 0;
        }
    }
    Some(bytes)
}

/// The dump of `tensor` in row-major order; `None` for [`DType::String`], which has none.
pub(crate) fn to_le_bytes(tensor: &Tensor) -> Option<Result<Vec<u8>, TensorError>> {
    macro_rules! number {
        ($type:ty) => {
            tensor.as_slice::<$type>().map(|data| data.iter().flat_map(|value| value.to_le_bytes()).collect())
        };
    }
    Some(match tensor.dtype() {
        DType::F16 => number!(f16),
        DType::F32 => number!(f32),
        DType::F64 => number!(f64),
        DType::I8 => number!(i8),
        DType::I16 => number!(i16),
        DType::I32 => number!(i32),
        DType::I64 => number!(i64),
        DType::U8 => number!(u8),
        DType::U16 => number!(u16),
        DType::U32 => number!(u32),
        DType::U64 => number!(u64),
        DType::Bool => tensor.as_slice::<bool>().map(|data| data.iter().map(|&value| value.into()).collect()),
        DType::String => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_survives_the_way_through_bytes() {
        for dtype in DType::ALL {
            // 48 bytes of 1.0 and the like: valid in every type.
            let bytes: Vec<u8> = (0..48).map(|i| u8::from(i % 2 == 0)).collect();
            let shape = [48 / dtype.size().min(48)];
            let Some(tensor) = from_le_bytes(&shape, dtype, Order::RowMajor, &bytes) else {
                assert_eq!(dtype, DType::String);
                continue;
            };
            let tensor = tensor.unwrap();
            assert_eq!(tensor.dtype(), dtype);
            assert_eq!(to_le_bytes(&tensor).unwrap().unwrap(), bytes);
        }
        assert!(to_le_bytes(&Tensor::scalar(b"text".to_vec())).is_none());
    }

    #[test]
    fn column_major_data_becomes_row_major() {
        let tensor =
            from_le_bytes(&[2, 3], DType::U8, Order::ColumnMajor, &[1, 4, 2, 5, 3, 6]).unwrap().unwrap();
        assert_eq!(tensor.as_slice::<u8>().unwrap(), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_bool_is_whatever_is_not_zero() {
        let tensor = from_le_bytes(&[3], DType::Bool, Order::RowMajor, &[0, 1, 7]).unwrap().unwrap();
        assert_eq!(tensor.as_slice::<bool>().unwrap(), [false, true, true]);
    }
}
