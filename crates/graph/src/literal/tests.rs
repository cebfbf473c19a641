//! Tests of constants: every type, short lists, wrong lengths, and sizes that would take all memory.

use super::*;

fn literal(dtype: DType, dims: &[i64]) -> TensorLiteral {
    TensorLiteral {
        dtype: type_code(dtype),
        shape: Some(ShapeAttr::of(dims.iter().copied())),
        ..TensorLiteral::default()
    }
}

#[test]
fn encode_then_decode_gives_the_tensor_for_every_type() {
    let tensors = [
        Tensor::vector(vec![f16::from_f32(1.5), f16::NEG_INFINITY]),
        Tensor::vector(vec![1.5_f32, -0.0]),
        Tensor::scalar(2.25_f32),
        Tensor::vector(vec![1e300_f64]),
        Tensor::vector(vec![-128_i8, 127]),
        Tensor::scalar(-3_i8),
        Tensor::vector(vec![-300_i16]),
        Tensor::vector(vec![i32::MIN, i32::MAX]),
        Tensor::vector(vec![i64::MIN]),
        Tensor::vector(vec![255_u8]),
        Tensor::vector(vec![65_535_u16]),
        Tensor::vector(vec![u32::MAX]),
        Tensor::vector(vec![u64::MAX]),
        Tensor::vector(vec![u64::MAX, 1]),
        Tensor::vector(vec![true, false]),
        Tensor::scalar(true),
        Tensor::vector(vec![b"NHWC".to_vec(), Vec::new()]),
        Tensor::from_vec([0, 3], Vec::<f32>::new()).unwrap(),
    ];
    for tensor in tensors {
        assert_eq!(TensorLiteral::encode(&tensor).decode().unwrap(), tensor);
    }
}

#[test]
fn one_value_fills_the_tensor_and_a_short_list_repeats_its_last() {
    let one = TensorLiteral { float_val: vec![7.0], ..literal(DType::F32, &[2, 2]) };
    assert_eq!(one.decode().unwrap().as_slice::<f32>().unwrap(), [7.0; 4]);
    let short = TensorLiteral { int_val: vec![1, 2], ..literal(DType::I8, &[4]) };
    assert_eq!(short.decode().unwrap().as_slice::<i8>().unwrap(), [1, 2, 2, 2]);
    let none = literal(DType::I64, &[2]);
    assert_eq!(none.decode().unwrap().as_slice::<i64>().unwrap(), [0, 0]);
}

#[test]
fn wrong_lengths_types_and_shapes_are_refused() {
    let short = TensorLiteral { content: Bytes::from_static(&[0; 7]), ..literal(DType::F32, &[2]) };
    assert_eq!(short.decode(), Err(LiteralError::ContentLength { expected: 8, found: 7 }));
    let many = TensorLiteral { bool_val: vec![true; 3], ..literal(DType::Bool, &[2]) };
    assert_eq!(many.decode(), Err(LiteralError::TooManyValues { expected: 2, found: 3 }));
    let wide = TensorLiteral { int_val: vec![300], ..literal(DType::U8, &[1]) };
    assert_eq!(wide.decode(), Err(LiteralError::Value("300".to_owned())));
    assert!(matches!(literal(DType::F32, &[-1]).decode(), Err(LiteralError::Shape(_))));
    let unknown = TensorLiteral { dtype: 14, ..literal(DType::F32, &[1]) };
    assert_eq!(unknown.decode(), Err(LiteralError::Type(14)));
}

#[test]
fn a_few_bytes_cannot_ask_for_all_memory() {
    let huge = TensorLiteral { float_val: vec![0.0], ..literal(DType::F32, &[1 << 20, 1 << 20]) };
    assert!(matches!(huge.decode(), Err(LiteralError::Tensor(TensorError::TooLarge { .. }))));
}

#[test]
fn without_a_shape_it_is_a_scalar_and_an_unknown_rank_stays_an_error() {
    let listed = TensorLiteral { float_val: vec![2.5], shape: None, ..literal(DType::F32, &[]) };
    assert_eq!(listed.decode().unwrap(), Tensor::scalar(2.5_f32));
    let raw =
        TensorLiteral { content: Bytes::from_static(&[7, 0, 0, 0]), shape: None, ..literal(DType::I32, &[]) };
    assert_eq!(raw.decode().unwrap(), Tensor::scalar(7_i32));
    let empty = TensorLiteral { shape: None, ..literal(DType::I64, &[]) };
    assert_eq!(empty.decode().unwrap(), Tensor::scalar(0_i64));
    let vector = TensorLiteral { float_val: vec![1.0, 2.0], shape: None, ..literal(DType::F32, &[]) };
    assert_eq!(vector.decode(), Err(LiteralError::TooManyValues { expected: 1, found: 2 }));

    let unknown = ShapeAttr { unknown_rank: true, ..ShapeAttr::default() };
    let unknown = TensorLiteral { float_val: vec![2.5], shape: Some(unknown), ..literal(DType::F32, &[]) };
    assert_eq!(unknown.decode().unwrap_err().to_string(), "the constant's rank is unknown");
    let free = literal(DType::F32, &[2, -1]);
    assert_eq!(free.decode().unwrap_err().to_string(), "the constant's shape [2, -1] is not fully known");
}
