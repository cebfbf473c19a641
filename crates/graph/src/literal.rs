//! Tensor constants in the encoding of the file, decoded to tensors and encoded as TensorFlow does.

use std::fmt;

use amct_tensor::{DType, Element, ErrorKind, Fault, Tensor, TensorError, checked_len};
use bytes::Bytes;
use half::f16;

use crate::{ShapeAttr, dtype_from_code, type_code, type_name};

/// A tensor constant in the encoding the file has: raw bytes or one of the typed value lists.
///
/// [`TensorLiteral::decode`] gives the [`Tensor`]; the encoding itself is kept so that a constant
/// nobody touches goes out as it came in.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TensorLiteral {
    /// TensorFlow's type number.
    pub dtype: i32,
    /// Shape, if the file has one; without it the constant is a scalar.
    pub shape: Option<ShapeAttr>,
    /// Version of the message; 0.
    pub version_number: i32,
    /// Raw little-endian elements.
    pub content: Bytes,
    /// Bit patterns of `half` (and `bfloat16`) values.
    pub half_val: Vec<i32>,
    /// `float` values.
    pub float_val: Vec<f32>,
    /// `double` values.
    pub double_val: Vec<f64>,
    /// `int32`, `int16`, `int8`, `uint16` and `uint8` values.
    pub int_val: Vec<i32>,
    /// `string` values.
    pub string_val: Vec<Bytes>,
    /// `int64` values.
    pub int64_val: Vec<i64>,
    /// `bool` values.
    pub bool_val: Vec<bool>,
    /// `uint32` values.
    pub uint32_val: Vec<u32>,
    /// `uint64` values.
    pub uint64_val: Vec<u64>,
    /// Encoded fields for types that are carried and never looked at (complex, resource, variant).
    pub carried: Bytes,
}

/// A constant that cannot be decoded.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LiteralError {
    /// A type no [`Tensor`] holds.
    Type(i32),
    /// An unknown rank, or a negative dimension.
    Shape(ShapeAttr),
    /// Raw bytes of another length than the shape asks for.
    ContentLength {
        /// Bytes the shape asks for.
        expected: usize,
        /// Bytes there are.
        found: usize,
    },
    /// More values than elements.
    TooManyValues {
        /// Elements of the shape.
        expected: usize,
        /// Values there are.
        found: usize,
    },
    /// A value that does not fit its type.
    Value(String),
    /// The shape is too large.
    Tensor(TensorError),
}

impl fmt::Display for LiteralError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LiteralError::Type(code) => write!(f, "constants of type {} are not supported", type_name(*code)),
            LiteralError::Shape(shape) if shape.unknown_rank => f.write_str("the constant's rank is unknown"),
            LiteralError::Shape(shape) => {
                let sizes: Vec<i64> = shape.dims.iter().map(|dim| dim.size).collect();
                write!(f, "the constant's shape {sizes:?} is not fully known")
            }
            LiteralError::ContentLength { expected, found } => {
                write!(f, "tensor_content has {found} bytes where the shape asks for {expected}")
            }
            LiteralError::TooManyValues { expected, found } => {
                write!(f, "{found} values for a tensor of {expected} elements")
            }
            LiteralError::Value(value) => write!(f, "the value {value} does not fit the constant's type"),
            LiteralError::Tensor(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LiteralError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            LiteralError::Tensor(error) => error.source(),
            _ => None,
        }
    }
}

impl Fault for LiteralError {
    fn kind(&self) -> ErrorKind {
        match self {
            LiteralError::Type(_) => ErrorKind::Unsupported,
            LiteralError::Tensor(error) => error.kind(),
            _ => ErrorKind::Graph,
        }
    }
}

impl TensorLiteral {
    /// Encodes a tensor as TensorFlow's Python does: raw bytes for more than one element, a value
    /// list for exactly one (and for strings).
    pub fn encode(tensor: &Tensor) -> Self {
        let mut literal = TensorLiteral {
            dtype: type_code(tensor.dtype()),
            shape: Some(ShapeAttr::of(tensor.shape().iter().map(|&dim| dim as i64))),
            ..TensorLiteral::default()
        };
        fill(&mut literal, tensor);
        literal
    }

    /// The element type, if a [`Tensor`] can hold it.
    pub fn element_type(&self) -> Option<DType> {
        dtype_from_code(self.dtype)
    }

    /// The dimensions. A constant without a shape is a scalar, as TensorFlow and ATC read it.
    ///
    /// # Errors
    /// [`LiteralError::Shape`] if they are not fully known.
    pub fn dims(&self) -> Result<Vec<usize>, LiteralError> {
        let Some(shape) = &self.shape else { return Ok(Vec::new()) };
        let known = shape.sizes().and_then(|sizes| sizes.into_iter().collect());
        known.ok_or_else(|| LiteralError::Shape(shape.clone()))
    }

    /// Decodes the constant. Raw bytes are read first, as TensorFlow does; without them, one value
    /// fills the tensor, a short list repeats its last value, and no value at all means zeros.
    ///
    /// # Errors
    /// See [`LiteralError`].
    pub fn decode(&self) -> Result<Tensor, LiteralError> {
        let dtype = self.element_type().ok_or(LiteralError::Type(self.dtype))?;
        let dims = self.dims()?;
        let len = checked_len(&dims, dtype).map_err(LiteralError::Tensor)?;
        match dtype {
            DType::F16 => self.numbers(dims, len, f16::from_le_bytes, || {
                values(&self.half_val, |&v| u16::try_from(v & 0xffff).ok().map(f16::from_bits))
            }),
            DType::F32 => self.numbers(dims, len, f32::from_le_bytes, || Ok(self.float_val.clone())),
            DType::F64 => self.numbers(dims, len, f64::from_le_bytes, || Ok(self.double_val.clone())),
            DType::I8 => self.numbers(dims, len, i8::from_le_bytes, || self.ints()),
            DType::I16 => self.numbers(dims, len, i16::from_le_bytes, || self.ints()),
            DType::I32 => self.numbers(dims, len, i32::from_le_bytes, || self.ints()),
            DType::U8 => self.numbers(dims, len, u8::from_le_bytes, || self.ints()),
            DType::U16 => self.numbers(dims, len, u16::from_le_bytes, || self.ints()),
            DType::I64 => self.numbers(dims, len, i64::from_le_bytes, || Ok(self.int64_val.clone())),
            DType::U32 => self.numbers(dims, len, u32::from_le_bytes, || Ok(self.uint32_val.clone())),
            DType::U64 => self.numbers(dims, len, u64::from_le_bytes, || Ok(self.uint64_val.clone())),
            DType::Bool => self.numbers(dims, len, |[byte]: [u8; 1]| byte != 0, || Ok(self.bool_val.clone())),
            DType::String => {
                let strings = self.string_val.iter().map(|s| s.to_vec()).collect();
                Tensor::from_vec(dims, padded(strings, len)?).map_err(LiteralError::Tensor)
            }
        }
    }

    fn numbers<T: Element, const SIZE: usize>(
        &self,
        dims: Vec<usize>,
        len: usize,
        from_bytes: impl Fn([u8; SIZE]) -> T,
        listed: impl Fn() -> Result<Vec<T>, LiteralError>,
    ) -> Result<Tensor, LiteralError> {
        let data = if self.content.is_empty() {
            padded(listed()?, len)?
        } else {
            if self.content.len() != len * SIZE {
                return Err(LiteralError::ContentLength { expected: len * SIZE, found: self.content.len() });
            }
            self.content.as_chunks::<SIZE>().0.iter().map(|&bytes| from_bytes(bytes)).collect()
        };
        Tensor::from_vec(dims, data).map_err(LiteralError::Tensor)
    }

    fn ints<T: TryFrom<i32>>(&self) -> Result<Vec<T>, LiteralError> {
        values(&self.int_val, |&v| T::try_from(v).ok())
    }
}

fn values<S: fmt::Debug, T>(list: &[S], convert: impl Fn(&S) -> Option<T>) -> Result<Vec<T>, LiteralError> {
    list.iter().map(|v| convert(v).ok_or_else(|| LiteralError::Value(format!("{v:?}")))).collect()
}

fn padded<T: Element>(mut list: Vec<T>, len: usize) -> Result<Vec<T>, LiteralError> {
    if list.len() > len {
        return Err(LiteralError::TooManyValues { expected: len, found: list.len() });
    }
    let last = list.last().cloned().unwrap_or_default();
    list.resize(len, last);
    Ok(list)
}

fn fill(literal: &mut TensorLiteral, tensor: &Tensor) {
    macro_rules! encode {
        ($($dtype:ident: $rust:ty => $list:ident, $to_list:expr;)+) => {
            match tensor.dtype() {
                $(DType::$dtype => {
                    let data = tensor.as_slice::<$rust>().unwrap_or_default();
                    if data.len() == 1 {
                        literal.$list = data.iter().map($to_list).collect();
                    } else {
                        literal.content = data.iter().flat_map(|v| v.to_le_bytes()).collect();
                    }
                })+
                DType::Bool => {
                    let data = tensor.as_slice::<bool>().unwrap_or_default();
                    if data.len() == 1 {
                        literal.bool_val = data.to_vec();
                    } else {
                        literal.content = data.iter().map(|&v| u8::from(v)).collect();
                    }
                }
                DType::String => {
                    let data = tensor.as_slice::<Vec<u8>>().unwrap_or_default();
                    literal.string_val = data.iter().map(|s| Bytes::copy_from_slice(s)).collect();
                }
            }
        };
    }
    encode! {
        F16: f16 => half_val, |v| i32::from(v.to_bits());
        F32: f32 => float_val, |&v| v;
        F64: f64 => double_val, |&v| v;
        I8: i8 => int_val, |&v| i32::from(v);
        I16: i16 => int_val, |&v| i32::from(v);
        I32: i32 => int_val, |&v| v;
        U8: u8 => int_val, |&v| i32::from(v);
        U16: u16 => int_val, |&v| i32::from(v);
        I64: i64 => int64_val, |&v| v;
        U32: u32 => uint32_val, |&v| v;
        U64: u64 => uint64_val, |&v| v;
    }
}

#[cfg(test)]
mod tests;
