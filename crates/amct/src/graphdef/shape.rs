//! Shapes between protobuf and graph.

use amct_graph::{ShapeAttr, ShapeDim};

use super::proto::{self, tensor_shape_proto::Dim};

pub(super) fn from_proto(shape: proto::TensorShapeProto) -> ShapeAttr {
    ShapeAttr {
        dims: shape.dim.into_iter().map(|dim| ShapeDim { size: dim.size, name: dim.name }).collect(),
        unknown_rank: shape.unknown_rank,
    }
}

pub(super) fn to_proto(shape: &ShapeAttr) -> proto::TensorShapeProto {
    proto::TensorShapeProto {
        dim: shape.dims.iter().map(|dim| Dim { size: dim.size, name: dim.name.clone() }).collect(),
        unknown_rank: shape.unknown_rank,
    }
}
