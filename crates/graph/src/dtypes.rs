//! TensorFlow's numbers for element types.

use amct_tensor::DType;

/// The names of TensorFlow's types by number, without the `DT_` prefix.
const NAMES: [&str; 24] = [
    "INVALID",
    "FLOAT",
    "DOUBLE",
    "INT32",
    "UINT8",
    "INT16",
    "INT8",
    "STRING",
    "COMPLEX64",
    "INT64",
    "BOOL",
    "QINT8",
    "QUINT8",
    "QINT32",
    "BFLOAT16",
    "QINT16",
    "QUINT16",
    "UINT16",
    "COMPLEX128",
    "HALF",
    "RESOURCE",
    "VARIANT",
    "UINT32",
    "UINT64",
];

/// TensorFlow's number of a type.
pub fn type_code(dtype: DType) -> i32 {
    match dtype {
        DType::F32 => 1,
        DType::F64 => 2,
        DType::I32 => 3,
        DType::U8 => 4,
        DType::I16 => 5,
        DType::I8 => 6,
        DType::String => 7,
        DType::I64 => 9,
        DType::Bool => 10,
        DType::U16 => 17,
        DType::F16 => 19,
        DType::U32 => 22,
        DType::U64 => 23,
    }
}

/// The type of that number, `None` for those a tensor cannot hold (complex, bfloat16, resource, ...).
pub fn dtype_from_code(code: i32) -> Option<DType> {
    DType::ALL.into_iter().find(|&dtype| type_code(dtype) == code)
}

/// `DT_FLOAT` and the like, for messages.
pub fn type_name(code: i32) -> String {
    match usize::try_from(code).ok().and_then(|index| NAMES.get(index)) {
        Some(name) => format!("DT_{name}"),
        None => format!("type number {code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_agree() {
        for dtype in DType::ALL {
            assert_eq!(dtype_from_code(type_code(dtype)), Some(dtype));
        }
        assert_eq!(type_name(type_code(DType::U64)), "DT_UINT64");
        assert_eq!(type_name(type_code(DType::F16)), "DT_HALF");
        assert_eq!(dtype_from_code(14), None);
        assert_eq!(type_name(99), "type number 99");
    }
}
