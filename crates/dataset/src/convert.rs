//! Elements of one type to those of another, as a fed array becomes what a placeholder takes.
//!
//! TensorFlow converts a fed array with numpy's `astype`. So do we, where that gives the same
//! value rounded: to the nearest float, or towards zero to an integer. Where an integer type cannot
//! hold the value, numpy wraps it around or gives what the CPU happens to; we refuse.

use amct_tensor::{DType, Element, Tensor};
use half::f16;

/// A number of any type, without loss.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Integer(i128),
    Float(f64),
}

/// The tensor with elements of `dtype`.
///
/// # Errors
/// The first element that `dtype` cannot hold, as text; so for strings, which are no numbers.
pub fn convert(tensor: &Tensor, dtype: DType) -> Result<Tensor, String> {
    if tensor.dtype() == dtype {
        return Ok(tensor.clone());
    }
    let shape = tensor.shape();
    match dtype {
        DType::F16 => to(shape, numbers(tensor)?, |x| Some(f16::from_f64(x.float()))),
        DType::F32 => to(shape, numbers(tensor)?, |x| Some(x.single())),
        DType::F64 => to(shape, numbers(tensor)?, |x| Some(x.float())),
        DType::I8 => to(shape, numbers(tensor)?, Number::integer::<i8>),
        DType::I16 => to(shape, numbers(tensor)?, Number::integer::<i16>),
        DType::I32 => to(shape, numbers(tensor)?, Number::integer::<i32>),
        DType::I64 => to(shape, numbers(tensor)?, Number::integer::<i64>),
        DType::U8 => to(shape, numbers(tensor)?, Number::integer::<u8>),
        DType::U16 => to(shape, numbers(tensor)?, Number::integer::<u16>),
        DType::U32 => to(shape, numbers(tensor)?, Number::integer::<u32>),
        DType::U64 => to(shape, numbers(tensor)?, Number::integer::<u64>),
        DType::Bool => {
            to(shape, numbers(tensor)?, |x| Some(x != Number::Integer(0) && x != Number::Float(0.0)))
        }
        DType::String => Err("a number".to_owned()),
    }
}

/// Elements that are read before they are written as another type.
const BLOCK: usize = 1024;

/// The elements of a tensor, block after block. So each type is read by one loop and written by one, where a loop
/// for each pair of types would be 132.
type Blocks<'a> = Box<dyn Iterator<Item = Vec<Number>> + 'a>;

fn numbers(tensor: &Tensor) -> Result<Blocks<'_>, String> {
    match tensor.dtype() {
        DType::F16 => from(tensor, |x: f16| Number::Float(x.to_f64())),
        DType::F32 => from(tensor, |x: f32| Number::Float(x.into())),
        DType::F64 => from(tensor, Number::Float),
        DType::I8 => from(tensor, |x: i8| Number::Integer(x.into())),
        DType::I16 => from(tensor, |x: i16| Number::Integer(x.into())),
        DType::I32 => from(tensor, |x: i32| Number::Integer(x.into())),
        DType::I64 => from(tensor, |x: i64| Number::Integer(x.into())),
        DType::U8 => from(tensor, |x: u8| Number::Integer(x.into())),
        DType::U16 => from(tensor, |x: u16| Number::Integer(x.into())),
        DType::U32 => from(tensor, |x: u32| Number::Integer(x.into())),
        DType::U64 => from(tensor, |x: u64| Number::Integer(x.into())),
        DType::Bool => from(tensor, |x: bool| Number::Integer(x.into())),
        DType::String => Err("a string".to_owned()),
    }
}

fn from<'a, T: Element + Copy>(
    tensor: &'a Tensor,
    number: impl Fn(T) -> Number + 'a,
) -> Result<Blocks<'a>, String> {
    let data: &[T] = tensor.as_slice().map_err(|error| error.to_string())?;
    Ok(Box::new(data.chunks(BLOCK).map(move |block| block.iter().map(|&x| number(x)).collect())))
}

fn to<T: Element>(
    shape: &[usize],
    blocks: Blocks<'_>,
    element: impl Fn(Number) -> Option<T>,
) -> Result<Tensor, String> {
    let mut data = Vec::with_capacity(shape.iter().product());
    for block in blocks {
        for x in block {
            data.push(element(x).ok_or_else(|| x.text())?);
        }
    }
    Tensor::from_vec(shape, data).map_err(|error| error.to_string())
}

impl Number {
    fn float(self) -> f64 {
        match self {
            Number::Integer(x) => x as f64,
            Number::Float(x) => x,
        }
    }

    /// Rounded once.
    fn single(self) -> f32 {
        match self {
            Number::Integer(x) => x as f32,
            Number::Float(x) => x as f32,
        }
    }

    /// Towards zero, if the type holds it.
    fn integer<T: TryFrom<i128>>(self) -> Option<T> {
        let whole = match self {
            Number::Integer(x) => x,
            // Far beyond what any type holds, and exact there.
            Number::Float(x) if x.abs() < 1e30 => x.trunc() as i128,
            Number::Float(_) => return None,
        };
        whole.try_into().ok()
    }

    fn text(self) -> String {
        match self {
            Number::Integer(x) => x.to_string(),
            Number::Float(x) if x.is_finite() && x.abs() >= 1e15 => format!("{x:e}"),
            Number::Float(x) => x.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted<T: Element + Copy, U: Element>(data: &[T]) -> Result<Vec<U>, String> {
        let tensor = convert(&Tensor::vector(data.to_vec()), U::DTYPE)?;
        Ok(tensor.into_vec().unwrap())
    }

    /// What TensorFlow 2.21 makes of arrays fed to placeholders of another type.
    #[test]
    fn values_are_those_that_tensorflow_feeds() {
        assert_eq!(converted(&[0.1_f64, 1e300, -1.5]), Ok(vec![0.1_f32, f32::INFINITY, -1.5]));
        assert_eq!(converted(&[1.9_f32, -1.9, 0.5]), Ok(vec![1_i32, -1, 0]));
        assert_eq!(converted(&[0_i64, 1, 2]), Ok(vec![false, true, true]));
        assert_eq!(converted(&[0.0_f64, 0.5, f64::NAN]), Ok(vec![false, true, true]));
        assert_eq!(converted(&[true, false]), Ok(vec![1.0_f32, 0.0]));
        assert_eq!(converted(&[16_777_217_i32]), Ok(vec![16_777_216.0_f32]));
        assert_eq!(converted(&[7e4_f32, 1.0 / 3.0]), Ok(vec![f16::INFINITY, f16::from_f32(0.333_25)]));
    }

    #[test]
    fn integers_that_do_not_fit_are_refused() {
        assert_eq!(converted::<i64, u8>(&[3, 300]), Err("300".to_owned()));
        assert_eq!(converted::<i32, u64>(&[-1]), Err("-1".to_owned()));
        assert_eq!(converted::<f32, i8>(&[128.5]), Err("128.5".to_owned()));
        assert_eq!(converted::<f64, i64>(&[f64::NAN]), Err("NaN".to_owned()));
        assert_eq!(converted::<f64, i64>(&[1e300]), Err("1e300".to_owned()));
    }

    #[test]
    fn every_block_is_converted() {
        let data: Vec<i32> = (0..3 * BLOCK as i32 + 5).collect();
        assert_eq!(converted(&data), Ok(data.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>()));
    }

    #[test]
    fn small_numbers_go_from_every_type_to_every_type_and_back() {
        let types = DType::ALL.into_iter().filter(|&dtype| dtype != DType::String);
        let bits = Tensor::vector(vec![true, false, true]);
        for from in types.clone() {
            let tensor = convert(&bits, from).unwrap();
            for to in types.clone() {
                let there = convert(&tensor, to).unwrap();
                assert_eq!(there.dtype(), to);
                assert_eq!(convert(&there, from).unwrap(), tensor);
            }
            assert!(convert(&tensor, DType::String).is_err());
        }
    }
}
