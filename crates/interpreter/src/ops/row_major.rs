//! From a view with any strides to a tensor.

use amct_tensor::{Element, Tensor};
use ndarray::ArrayViewD;

/// The elements of a view in its own order.
pub(super) fn row_major<T: Element>(view: &ArrayViewD<'_, T>) -> Tensor {
    Tensor::from_array(view.as_standard_layout().into_owned())
}
