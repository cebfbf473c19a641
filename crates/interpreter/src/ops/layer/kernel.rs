//! What kinds of layers differ in.

use amct_kernels::{Epilogue, I32Epilogue, OutputSlice};
use amct_tensor::window::Axis;
use amct_tensor::{DataFormat, Element, Tensor};

use crate::lines::Extents;
use crate::operator::Inputs;
use crate::ops::support::per_image::layer_per_image;
use crate::ops::support::window::to_nhwc;
use crate::{OpError, Value};

/// A kind of layer with the attributes of a node. Its weights are input 1.
pub(super) trait LayerKernel: Send + Sync + Sized + 'static {
    /// The extents of the weights.
    type Dims: Send + Sync;
    /// Float weights made ready.
    type F32: Send + Sync;
    /// int8 weights made ready.
    type I8: Send + Sync;
    /// The extents of a run.
    type Shape: Sync;

    /// What messages call the weights.
    const WEIGHTS: &'static str = "filters";
    /// The input that is the activation.
    const ACTIVATION: usize = 0;
    /// Whether the int8 kernel knows no epilogue: it makes sums, and what follows is done to all of them
    /// afterwards.
    const SUMS_ALONE: bool = false;
    /// Whether [`line_shape`](Self::line_shape) is known.
    const BY_LINES: bool = false;

    /// The extents of weights of a shape.
    fn dims(&self, weights: &[usize]) -> Result<Self::Dims, OpError>;

    /// The tensor of weights that are input 1 of a run.
    fn weights(&self, value: Value) -> Result<Tensor, OpError> {
        value.plain()
    }

    /// Makes float weights ready.
    fn pack_f32(&self, dims: &Self::Dims, weights: Tensor) -> Result<Self::F32, OpError>;

    /// Makes int8 weights ready.
    fn pack_i8(&self, dims: &Self::Dims, weights: Tensor) -> Result<Self::I8, OpError>;

    /// The channels of the output, and what no sum exceeds in magnitude.
    fn sums(dims: &Self::Dims, weights: &Self::I8) -> (usize, i64);

    /// The layout of activation and output; in any but NHWC nothing is absorbed.
    fn format(&self) -> DataFormat {
        DataFormat::Nhwc
    }

    /// The activation as the kernels read it.
    fn arrange<T: Element>(&self, activation: Tensor) -> Result<Tensor, OpError> {
        to_nhwc::<T>(activation, self.format())
    }

    /// The extents over an arranged activation; other inputs are there to be taken.
    fn shape(
        &self,
        dims: &Self::Dims,
        activation: &[usize],
        inputs: &mut Inputs,
    ) -> Result<Self::Shape, OpError>;

    /// The shape of the output, channels last.
    fn output(shape: &Self::Shape) -> Result<Vec<usize>, OpError>;

    /// Computes the output in float.
    fn run_f32(
        activation: &[f32],
        shape: &Self::Shape,
        weights: &Self::F32,
        epilogue: Epilogue<'_>,
        output: &mut [f32],
    ) -> Result<(), OpError>;

    /// Computes the output in int8: the sums and what follows them, or the sums alone if
    /// [`SUMS_ALONE`](Self::SUMS_ALONE).
    fn run_i8(
        activation: (&[i8], i32),
        shape: &Self::Shape,
        weights: &Self::I8,
        epilogue: &I32Epilogue,
        output: OutputSlice<'_>,
    ) -> Result<(), OpError>;

    /// [`Operator::is_per_image`](crate::Operator::is_per_image).
    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        layer_per_image(inputs, batched)
    }

    /// Whether zeros of the layer's own padding give what zeros read give, with these float weights: a kernel
    /// that leaves them out does not see that zero times a weight that is not finite is not zero.
    fn is_padding_exact(weights: &Self::F32) -> bool {
        let _ = weights;
        true
    }

    /// Takes a padding of the activation into the attributes, if it can.
    fn absorb_padding(&mut self, pads: &[(usize, usize)]) -> bool {
        let _ = pads;
        false
    }

    /// Multiply-adds that make one element of the output.
    fn depth(dims: &Self::Dims) -> usize;

    /// The extents over one image of this height, width and channels, with the window along the height that
    /// the attributes give, or `height`.
    ///
    /// # Errors
    /// [`OpError`] where the layer does not go line by line.
    fn line_shape(
        &self,
        dims: &Self::Dims,
        image: [usize; 3],
        height: Option<Axis>,
    ) -> Result<(Self::Shape, Extents), OpError> {
        let _ = (dims, height);
        Err(OpError::shape("a layer that goes line by line", &image))
    }
}
