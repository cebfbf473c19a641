//! The constants and attributes that rewrites write.

use amct_graph::{AttrValue, NewNode, TensorLiteral, op, type_code};
use amct_tensor::{DType, Element, Tensor};

use crate::RewriteError;

/// A type attribute.
pub(crate) fn type_attr(dtype: DType) -> AttrValue {
    AttrValue::Type(type_code(dtype))
}

/// A `Const` node.
///
/// # Errors
/// [`RewriteError::Tensor`] if `data` does not fill `shape`.
pub(crate) fn constant<T: Element>(
    name: String,
    shape: impl Into<Vec<usize>>,
    data: Vec<T>,
) -> Result<NewNode, RewriteError> {
    match Tensor::from_vec(shape, data) {
        Ok(tensor) => Ok(NewNode::new(name, op::CONST, [])
            .attr("dtype", type_attr(T::DTYPE))
            .attr("value", AttrValue::tensor(TensorLiteral::encode(&tensor)))),
        Err(error) => Err(RewriteError::Tensor { node: name, error }),
    }
}
