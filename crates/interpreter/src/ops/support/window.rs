//! What convolutions and poolings share: the window laid over an image, and layouts.

use amct_graph::views::WindowAttrs;
use amct_tensor::window::Axis;
use amct_tensor::{DataFormat, Element, Tensor};

use crate::OpError;

/// A rank 4 NHWC shape with the two axes of a window over it.
pub(in crate::ops) struct Image {
    pub(in crate::ops) batch: usize,
    pub(in crate::ops) height: Axis,
    pub(in crate::ops) width: Axis,
    pub(in crate::ops) channels: usize,
}

impl Image {
    pub(in crate::ops) fn new(
        shape: &[usize],
        attrs: &WindowAttrs,
        kernel: (usize, usize),
    ) -> Result<Self, OpError> {
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

/// Brings a tensor of `format` into NHWC, or of the like layouts of other ranks.
pub(in crate::ops) fn to_nhwc<T: Element>(tensor: Tensor, format: DataFormat) -> Result<Tensor, OpError> {
    permuted::<T>(tensor, format, |axes| axes.get_mut(1..).unwrap_or_default().rotate_left(1))
}

/// Brings an NHWC tensor into `format`.
pub(in crate::ops) fn from_nhwc<T: Element>(tensor: Tensor, format: DataFormat) -> Result<Tensor, OpError> {
    permuted::<T>(tensor, format, |axes| axes.get_mut(1..).unwrap_or_default().rotate_right(1))
}

fn permuted<T: Element>(
    tensor: Tensor,
    format: DataFormat,
    permute: impl Fn(&mut [usize]),
) -> Result<Tensor, OpError> {
    if format == DataFormat::Nhwc || tensor.rank() < 3 {
        return Ok(tensor);
    }
    let mut axes: Vec<usize> = (0..tensor.rank()).collect();
    permute(&mut axes);
    Ok(Tensor::from_array(tensor.view::<T>()?.permuted_axes(axes).to_owned()))
}
