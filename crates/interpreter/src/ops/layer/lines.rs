//! A layer over some lines of an image.

use amct_kernels::{OutputSlice, OutputType};
use amct_tensor::window::Axis;

use super::generic::Layer;
use super::kernel::LayerKernel;
use super::packed::Packed;
use crate::OpError;
use crate::lines::{Extents, LineLayer, LineType, Lines, LinesMut};

impl<K: LayerKernel> LineLayer for Layer<K> {
    fn line_type(&self) -> Option<LineType> {
        match self.packed.as_ref()? {
            Packed::F32 { .. } => Some(LineType::F32),
            Packed::I8 { epilogue, .. } => match epilogue.of_kernel().output() {
                OutputType::F32 => Some(LineType::F32),
                OutputType::I8 => Some(LineType::I8 { zero_offset: epilogue.zero_offset() }),
                OutputType::I32 => None,
            },
        }
    }

    fn accumulates(&self) -> bool {
        self.packed.as_ref().is_some_and(Packed::accumulates)
    }

    fn extents(&self, image: [usize; 3]) -> Option<Extents> {
        let (_, extents) = self.kind.line_shape(self.packed.as_ref()?.dims(), image, None).ok()?;
        Some(extents)
    }

    fn run_lines(
        &self,
        height: Axis,
        image: [usize; 3],
        input: Lines<'_>,
        output: LinesMut<'_>,
    ) -> Result<(), OpError> {
        let packed = self.packed.as_ref().ok_or_else(other_lines)?;
        let (shape, _) = self.kind.line_shape(packed.dims(), image, Some(height))?;
        match (input, packed, output) {
            (Lines::F32(data), Packed::F32 { weights, epilogue, .. }, LinesMut::F32(output)) => {
                K::run_f32(data, &shape, weights, epilogue.of_kernel(true), output)
            }
            (Lines::I8 { q, zero_offset }, Packed::I8 { weights, epilogue, .. }, output) => {
                let output = match output {
                    LinesMut::F32(output) => OutputSlice::F32(output),
                    LinesMut::I8(output) => OutputSlice::I8(output),
                };
                K::run_i8((q, zero_offset), &shape, weights, epilogue.of_kernel(), output)
            }
            _ => Err(other_lines()),
        }
    }
}

/// Lines of a type that the layer does not read or write.
fn other_lines() -> OpError {
    OpError::Unsupported("the lines are not of the layer's types".to_owned())
}
