//! A tensor as the case files write it.

use amct_tensor::{DType, Element, Tensor};
use half::f16;
use serde::Deserialize;
use serde_json::Value as Json;

#[derive(Deserialize)]
pub struct Literal {
    dtype: String,
    shape: Vec<usize>,
    values: Vec<Json>,
    #[serde(default, rename = "const")]
    pub constant: bool,
}

impl Literal {
    pub fn tensor(&self) -> Tensor {
        let float = |json: &Json| match json {
            Json::String(name) => name.parse::<f64>().expect("nan, inf or -inf"),
            number => number.as_f64().expect("a float"),
        };
        match DType::from_name(&self.dtype).expect("a type") {
            DType::F16 => self.made(|json| f16::from_f64(float(json))),
            DType::F32 => self.made(|json| float(json) as f32),
            DType::F64 => self.made(float),
            DType::I8 => self.integers::<i8>(),
            DType::I16 => self.integers::<i16>(),
            DType::I32 => self.integers::<i32>(),
            DType::I64 => self.integers::<i64>(),
            DType::U8 => self.integers::<u8>(),
            DType::U16 => self.integers::<u16>(),
            DType::U32 => self.integers::<u32>(),
            DType::U64 => self.made(|json| json.as_u64().expect("an unsigned integer")),
            DType::Bool => self.made(|json| json.as_bool().expect("a boolean")),
            DType::String => self.made(|json| json.as_str().expect("a string").as_bytes().to_vec()),
        }
    }

    fn integers<T: Element + TryFrom<i64>>(&self) -> Tensor {
        self.made(|json| {
            json.as_i64().and_then(|v| T::try_from(v).ok()).unwrap_or_else(|| panic!("{json} does not fit"))
        })
    }

    fn made<T: Element>(&self, value: impl Fn(&Json) -> T) -> Tensor {
        let values = self.values.iter().map(value).collect();
        Tensor::from_vec(self.shape.as_slice(), values).expect("values that fill the shape")
    }
}
