//! From a [`DType`](amct_tensor::DType) to the Rust type of its elements.

/// Evaluates an expression of type `Result<_, OpError>` with a type name bound to the Rust type of
/// a [`DType`](amct_tensor::DType):
///
/// ```text
/// dispatch!(any input.dtype(), T => transposed::<T>(&input, &axes))
/// ```
///
/// The first word says which types are let through; the others are
/// [`OpError::ElementType`](crate::OpError::ElementType).
/// `any`: all but strings. `number`: all but strings and booleans. `float`: f16, f32, f64.
/// `real`: the numbers but f16, which has no arithmetic of its own. `integer`: the integers.
macro_rules! dispatch {
    (any $dtype:expr, $T:ident => $body:expr) => {
        $crate::dispatch::dispatch!(@ $dtype, $T => $body;
            F16 half::f16, F32 f32, F64 f64, I8 i8, I16 i16, I32 i32, I64 i64,
            U8 u8, U16 u16, U32 u32, U64 u64, Bool bool)
    };
    (number $dtype:expr, $T:ident => $body:expr) => {
        $crate::dispatch::dispatch!(@ $dtype, $T => $body;
            F16 half::f16, F32 f32, F64 f64, I8 i8, I16 i16, I32 i32, I64 i64,
            U8 u8, U16 u16, U32 u32, U64 u64)
    };
    (real $dtype:expr, $T:ident => $body:expr) => {
        $crate::dispatch::dispatch!(@ $dtype, $T => $body;
            F32 f32, F64 f64, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64)
    };
    (integer $dtype:expr, $T:ident => $body:expr) => {
        $crate::dispatch::dispatch!(@ $dtype, $T => $body;
            I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64)
    };
    (float $dtype:expr, $T:ident => $body:expr) => {
        $crate::dispatch::dispatch!(@ $dtype, $T => $body; F16 half::f16, F32 f32, F64 f64)
    };
    (@ $dtype:expr, $T:ident => $body:expr; $($variant:ident $rust:ty),+) => {
        match $dtype {
            $(amct_tensor::DType::$variant => {
                type $T = $rust;
                $body
            })+
            other => Err($crate::OpError::ElementType(other)),
        }
    };
}

pub(crate) use dispatch;
