//! Tensor constants between protobuf and graph.

use std::mem::take;

use amct_graph::TensorLiteral;
use prost::Message;

use super::error::GraphDefError;
use super::proto::TensorProto;
use super::shape;

pub(super) fn from_proto(mut tensor: TensorProto) -> TensorLiteral {
    let mut literal = TensorLiteral {
        dtype: take(&mut tensor.dtype),
        shape: take(&mut tensor.tensor_shape).map(shape::from_proto),
        version_number: take(&mut tensor.version_number),
        content: take(&mut tensor.tensor_content),
        half_val: take(&mut tensor.half_val),
        float_val: take(&mut tensor.float_val),
        double_val: take(&mut tensor.double_val),
        int_val: take(&mut tensor.int_val),
        string_val: take(&mut tensor.string_val),
        int64_val: take(&mut tensor.int64_val),
        bool_val: take(&mut tensor.bool_val),
        uint32_val: take(&mut tensor.uint32_val),
        uint64_val: take(&mut tensor.uint64_val),
        ..TensorLiteral::default()
    };
    // What is left in the message are the fields that are only carried.
    literal.carried = tensor.encode_to_vec().into();
    literal
}

pub(super) fn to_proto(literal: &TensorLiteral) -> Result<TensorProto, GraphDefError> {
    let carried = TensorProto::decode(literal.carried.clone()).map_err(GraphDefError::Protobuf)?;
    Ok(TensorProto {
        dtype: literal.dtype,
        tensor_shape: literal.shape.as_ref().map(shape::to_proto),
        version_number: literal.version_number,
        tensor_content: literal.content.clone(),
        half_val: literal.half_val.clone(),
        float_val: literal.float_val.clone(),
        double_val: literal.double_val.clone(),
        int_val: literal.int_val.clone(),
        string_val: literal.string_val.clone(),
        int64_val: literal.int64_val.clone(),
        bool_val: literal.bool_val.clone(),
        uint32_val: literal.uint32_val.clone(),
        uint64_val: literal.uint64_val.clone(),
        ..carried
    })
}
