//! Which Rust types are elements of tensors, and how each is stored.

use std::sync::Arc;

use half::f16;

use crate::DType;
use crate::tensor::Storage;

/// A Rust type that a [`Tensor`](crate::Tensor) can hold. Implemented for the thirteen types of [`DType`].
pub trait Element: Clone + Default + PartialEq + Send + Sync + 'static + sealed::Stored {
    /// The type's tag.
    const DTYPE: DType;
}

pub(crate) mod sealed {
    use super::{Arc, Storage};

    /// How an element type is kept in a [`Storage`].
    pub trait Stored: Sized {
        fn wrap(data: Arc<Vec<Self>>) -> Storage;
        fn get(storage: &Storage) -> Option<&Arc<Vec<Self>>>;
        fn take(storage: Storage) -> Option<Arc<Vec<Self>>>;
    }
}

macro_rules! elements {
    ($($rust:ty => $variant:ident),+ $(,)?) => {$(
        impl Element for $rust {
            const DTYPE: DType = DType::$variant;
        }
        impl sealed::Stored for $rust {
            fn wrap(data: Arc<Vec<Self>>) -> Storage {
                Storage::$variant(data)
            }
            fn get(storage: &Storage) -> Option<&Arc<Vec<Self>>> {
                match storage {
                    Storage::$variant(data) => Some(data),
                    _ => None,
                }
            }
            fn take(storage: Storage) -> Option<Arc<Vec<Self>>> {
                match storage {
                    Storage::$variant(data) => Some(data),
                    _ => None,
                }
            }
        }
    )+};
}

elements! {
    f16 => F16,
    f32 => F32,
    f64 => F64,
    i8 => I8,
    i16 => I16,
    i32 => I32,
    i64 => I64,
    u8 => U8,
    u16 => U16,
    u32 => U32,
    u64 => U64,
    bool => Bool,
    Vec<u8> => String,
}
