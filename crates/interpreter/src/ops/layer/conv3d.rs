//! `Conv3D`: how its filter is packed and multiplied.

use amct_kernels::conv3d::{Conv3dShape, conv3d_f32, conv3d_i8};
use amct_kernels::gemm::{PackedF32, PackedI8};
use amct_kernels::{Epilogue, I32Epilogue, KernelError, OutputSlice};
use amct_tensor::window::Axis;
use amct_tensor::{DataFormat, Tensor};

use super::generic;
use super::kernel::LayerKernel;
use super::volume::VolumeAttrs;
use crate::OpError;
use crate::operator::{BuildContext, Inputs, Operator};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    generic::build(context, Conv3d { attrs: VolumeAttrs::of(context.node())? })
}

struct Conv3d {
    attrs: VolumeAttrs,
}

impl LayerKernel for Conv3d {
    /// Depth, height, width, input and output channels.
    type Dims = [usize; 5];
    type F32 = PackedF32;
    type I8 = PackedI8;
    type Shape = Conv3dShape;

    const SUMS_ALONE: bool = true;

    fn dims(&self, weights: &[usize]) -> Result<[usize; 5], OpError> {
        weights.try_into().map_err(|_| OpError::shape("a filter [depth, height, width, in, out]", weights))
    }

    fn pack_f32(&self, dims: &[usize; 5], weights: Tensor) -> Result<PackedF32, OpError> {
        Ok(PackedF32::new(Self::depth(dims), dims[4], weights.as_slice()?)?)
    }

    fn pack_i8(&self, dims: &[usize; 5], weights: Tensor) -> Result<PackedI8, OpError> {
        Ok(PackedI8::new(Self::depth(dims), dims[4], weights.as_slice()?)?)
    }

    fn sums(_: &[usize; 5], weights: &PackedI8) -> (usize, i64) {
        (weights.n(), weights.limit())
    }

    fn format(&self) -> DataFormat {
        self.attrs.format
    }

    fn shape(
        &self,
        &[kd, kh, kw, in_channels, out_channels]: &[usize; 5],
        input: &[usize],
        _: &mut Inputs,
    ) -> Result<Conv3dShape, OpError> {
        let &[batch, depth, height, width, channels] = input else {
            return Err(OpError::shape("an input of rank 5", input));
        };
        if channels != in_channels {
            return Err(OpError::shape(format!("an input with the filter's {in_channels} channels"), input));
        }
        let [sd, sh, sw] = self.attrs.strides;
        let [dd, dh, dw] = self.attrs.dilations;
        let padding = self.attrs.padding;
        Ok(Conv3dShape {
            batch,
            depth: Axis::new(depth, kd, sd, dd, padding, 0)?,
            height: Axis::new(height, kh, sh, dh, padding, 1)?,
            width: Axis::new(width, kw, sw, dw, padding, 2)?,
            in_channels,
            out_channels,
        })
    }

    fn output(shape: &Conv3dShape) -> Result<Vec<usize>, OpError> {
        let Conv3dShape { batch, depth, height, width, out_channels, .. } = shape;
        Ok(vec![*batch, depth.output, height.output, width.output, *out_channels])
    }

    fn run_f32(
        input: &[f32],
        shape: &Conv3dShape,
        weights: &PackedF32,
        epilogue: Epilogue<'_>,
        output: &mut [f32],
    ) -> Result<(), OpError> {
        Ok(conv3d_f32(input, shape, weights, epilogue, output)?)
    }

    fn run_i8(
        (q, zero_offset): (&[i8], i32),
        shape: &Conv3dShape,
        weights: &PackedI8,
        _: &I32Epilogue,
        output: OutputSlice<'_>,
    ) -> Result<(), OpError> {
        let OutputSlice::I32(sums) = output else { return Err(KernelError::Output.into()) };
        Ok(conv3d_i8(q, zero_offset, shape, weights, sums)?)
    }

    fn depth(dims: &[usize; 5]) -> usize {
        dims[..4].iter().product()
    }
}
