//! What convolutions and poolings share: the window laid over an image, and layouts.

use amct_graph::views::WindowAttrs;
use amct_tensor::window::Axis;
use amct_tensor::{DataFormat, Element, Tensor};

use crate::OpError;

/// A rank 4 NHWC shape with the two axes of a window over it.
pub(super) struct Image {
    pub(super) batch: usize,
    pub(super) height: Axis,
    pub(super) width: Axis,
    pub(super) channels: usize,
}

impl Image {
    pub(super) fn new(shape: &[usize], attrs: &WindowAttrs, kernel: (usize, usize)) -> Result<Self, OpError> {
        let &[batch, height, width, channels] = shape else {
            return Err(OpError::shape("an input of rank 4", shape));
        };
        let axis = |input, kernel, stride, dilation, dimension| {
            Axis::new(input, kernel, stride, dilation, attrs.padding, dimension)
        };
        Ok(Self {
            batch,
            height: axis(height, kernel.0, attrs.strides.0, attrs.dilations.0, 0)?,
            width: axis(width, kernel.1, attrs.strides.1, attrs.dilations.1, 1)?,
            channels,
        })
    }
}

/// Brings a tensor of `format` into NHWC.
pub(super) fn to_nhwc<T: Element>(tensor: Tensor, format: DataFormat) -> Result<Tensor, OpError> {
    permuted::<T>(tensor, format, [0, 2, 3, 1])
}

/// Brings an NHWC tensor into `format`.
pub(super) fn from_nhwc<T: Element>(tensor: Tensor, format: DataFormat) -> Result<Tensor, OpError> {
    permuted::<T>(tensor, format, [0, 3, 1, 2])
}

fn permuted<T: Element>(tensor: Tensor, format: DataFormat, axes: [usize; 4]) -> Result<Tensor, OpError> {
    if format == DataFormat::Nhwc {
        return Ok(tensor);
    }
    let view = tensor.view::<T>()?;
    if view.ndim() != 4 {
        return Err(OpError::shape("an input of rank 4", tensor.shape()));
    }
    Ok(Tensor::from_array(view.permuted_axes(axes.to_vec()).to_owned()))
}
