//! `Cast` between numbers and booleans.

use amct_tensor::{DType, Element, Tensor};
use half::f16;

use crate::dispatch::dispatch;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    let attrs = context.attributes();
    let to = attrs.dtype("DstT")?.ok_or_else(|| attrs.error("DstT", "a type", "missing"))?;
    if attrs.bool_or("Truncate", false)? {
        return Err(attrs.error("Truncate", "false", "true").into());
    }
    Ok(Box::new(Cast { to }))
}

struct Cast {
    to: DType,
}

impl Operator for Cast {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        Ok(vec![cast(inputs.tensor(0)?, self.to)?.into()])
    }
}

/// The tensor's values as another type, in one step or two: float16 by way of float32, an integer that is narrower
/// than int32 by way of that, an unsigned one by way of int64.
///
/// # Errors
/// [`OpError`] for strings.
pub(in crate::ops) fn cast(input: Tensor, to: DType) -> Result<Tensor, OpError> {
    if input.dtype() == to {
        return Ok(input);
    }
    match to {
        DType::F32 | DType::F64 | DType::I32 | DType::I64 | DType::Bool => wide(input, to),
        DType::F16 => map(&wide(input, DType::F32)?, f16::from_f32),
        DType::I8 => map(&wide(input, DType::I32)?, |x: i32| x as i8),
        DType::I16 => map(&wide(input, DType::I32)?, |x: i32| x as i16),
        DType::U8 => map(&wide(input, DType::I32)?, |x: i32| x as u8),
        DType::U16 => map(&wide(input, DType::I32)?, |x: i32| x as u16),
        DType::U32 => map(&wide(input, DType::I64)?, |x: i64| x as u32),
        DType::U64 => map(&wide(input, DType::I64)?, |x: i64| x as u64),
        DType::String => Err(OpError::ElementType(to)),
    }
}

fn wide(input: Tensor, to: DType) -> Result<Tensor, OpError> {
    if input.dtype() == to {
        return Ok(input);
    }
    dispatch!(any input.dtype(), T => as_wide::<T>(&input, to))
}

fn as_wide<T: Source>(input: &Tensor, to: DType) -> Result<Tensor, OpError> {
    match to {
        DType::F32 => map(input, T::to_f32),
        DType::F64 => map(input, T::to_f64),
        DType::I32 => map(input, T::to_i32),
        DType::I64 => map(input, T::to_i64),
        _ => map(input, |x: T| x != T::default()),
    }
}

fn map<T: Element + Copy, U: Element>(input: &Tensor, convert: impl Fn(T) -> U) -> Result<Tensor, OpError> {
    Ok(Tensor::from_vec(input.shape(), input.as_slice::<T>()?.iter().map(|&x| convert(x)).collect())?)
}

/// What a value becomes, with one rounding where it must be rounded.
///
/// To an integer, a float loses its fraction and an integer its high bits. A float beyond the
/// integer's range is undefined in C++ and so in TensorFlow; it becomes what x86 processors give,
/// the smallest integer.
trait Source: Element + Copy {
    fn to_f32(self) -> f32;
    fn to_f64(self) -> f64;

    /// Of a narrower float as of the f64 that it is.
    fn to_i32(self) -> i32 {
        self.to_f64().to_i32()
    }

    /// As [`to_i32`](Self::to_i32).
    fn to_i64(self) -> i64 {
        self.to_f64().to_i64()
    }
}

macro_rules! integers {
    ($($rust:ty),+) => {$(
        impl Source for $rust {
            fn to_f32(self) -> f32 {
                self as f32
            }
            fn to_f64(self) -> f64 {
                self as f64
            }
            fn to_i32(self) -> i32 {
                self as i32
            }
            fn to_i64(self) -> i64 {
                self as i64
            }
        }
    )+};
}

integers!(i8, i16, i32, i64, u8, u16, u32, u64);

impl Source for bool {
    fn to_f32(self) -> f32 {
        self.into()
    }
    fn to_f64(self) -> f64 {
        self.into()
    }
    fn to_i32(self) -> i32 {
        self.into()
    }
    fn to_i64(self) -> i64 {
        self.into()
    }
}

impl Source for f64 {
    fn to_f32(self) -> f32 {
        self as f32
    }
    fn to_f64(self) -> f64 {
        self
    }
    fn to_i32(self) -> i32 {
        // The comparison is false for NaN as well.
        let fits = self > -2_147_483_649.0 && self < 2_147_483_648.0;
        if fits { self as i32 } else { i32::MIN }
    }
    fn to_i64(self) -> i64 {
        let bound = 9_223_372_036_854_775_808.0;
        if self >= -bound && self < bound { self as i64 } else { i64::MIN }
    }
}

impl Source for f32 {
    fn to_f32(self) -> f32 {
        self
    }
    fn to_f64(self) -> f64 {
        self.into()
    }
}

impl Source for f16 {
    fn to_f32(self) -> f32 {
        self.into()
    }
    fn to_f64(self) -> f64 {
        self.into()
    }
}
