//! `CropAndResize`: boxes cut out of NHWC images and brought to one size, as f32.

use amct_tensor::{DType, Internal, Tensor, checked_len, internal};
use rayon::prelude::*;

use super::resize::{as_f32, mix, two_sizes};
use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(4)?;
    let attrs = context.attributes();
    let nearest = match attrs.string("method")? {
        None | Some("bilinear") => false,
        Some("nearest") => true,
        Some(other) => return Err(attrs.error("method", "bilinear or nearest", other).into()),
    };
    Ok(Box::new(CropAndResize { nearest, outside: attrs.float_or("extrapolation_value", 0.0)? }))
}

struct CropAndResize {
    nearest: bool,
    /// The value of samples outside the image.
    outside: f32,
}

impl Operator for CropAndResize {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let image = as_f32(inputs.tensor(0)?)?;
        let (boxes, owners, size) = (inputs.tensor(1)?, inputs.tensor(2)?.to_i64_vec()?, inputs.tensor(3)?);
        let &[batch, height, width, channels] = image.shape() else {
            return Err(OpError::shape("an image of rank 4", image.shape()));
        };
        if boxes.shape() != [owners.len(), 4] {
            return Err(OpError::shape(format!("boxes [{}, 4]", owners.len()), boxes.shape()));
        }
        if height == 0 || width == 0 {
            return Err(OpError::shape("an image with pixels", image.shape()));
        }
        let owner = |&index: &i64| usize::try_from(index).ok().filter(|&index| index < batch);
        let owners: Vec<usize> = owners.iter().map(owner).collect::<Option<_>>().ok_or_else(|| {
            OpError::Unsupported(format!("box_ind names an image outside a batch of {batch}"))
        })?;
        let (rows, columns) = two_sizes(&size)?;
        let shape = [owners.len(), rows, columns, channels];
        let mut output = vec![self.outside; checked_len(&shape, DType::F32)?];
        let (images, (boxes, _)) = (image.as_slice::<f32>()?, boxes.as_slice::<f32>()?.as_chunks::<4>());
        let crops =
            output.par_chunks_mut((rows * columns * channels).max(1)).zip(boxes.par_iter().zip(owners));
        crops.try_for_each(|(crop, (&[top, left, bottom, right], owner))| -> Result<(), Internal> {
            let vertical = samples(top, bottom, height, rows);
            let horizontal = samples(left, right, width, columns);
            let start = owner * height * width * channels;
            let image = images.get(start..start + height * width * channels);
            let image = image.ok_or_else(|| internal!("no image {owner} of {batch}"))?;
            self.crop(image, (width, channels), &vertical, &horizontal, crop);
            Ok(())
        })?;
        Ok(vec![Tensor::from_vec(shape, output)?.into()])
    }
}

impl CropAndResize {
    fn crop(
        &self,
        image: &[f32],
        (width, channels): (usize, usize),
        vertical: &[Option<f32>],
        horizontal: &[Option<f32>],
        crop: &mut [f32],
    ) {
        let places = vertical.iter().flat_map(|y| horizontal.iter().map(move |x| y.zip(*x)));
        // Samples outside the image keep the value the crop was filled with.
        for (out, place) in crop.chunks_exact_mut(channels.max(1)).zip(places) {
            let Some((y, x)) = place else { continue };
            let pixel = |row: f32, column: f32| {
                let at = (row as usize * width + column as usize) * channels;
                image.get(at..at + channels).unwrap_or_default()
            };
            if self.nearest {
                out.copy_from_slice(pixel(y.round(), x.round()));
                continue;
            }
            let above = (pixel(y.floor(), x.floor()), pixel(y.floor(), x.ceil()));
            let below = (pixel(y.ceil(), x.floor()), pixel(y.ceil(), x.ceil()));
            let corners = above.0.iter().zip(above.1).zip(below.0.iter().zip(below.1));
            let (down, along) = (y - y.floor(), x - x.floor());
            for (out, ((&top_left, &top_right), (&bottom_left, &bottom_right))) in out.iter_mut().zip(corners)
            {
                *out = mix(mix(top_left, top_right, along), mix(bottom_left, bottom_right, along), down);
            }
        }
    }
}

/// Where the samples of a crop from `start` to `end` (0 and 1 are the first and last pixel) lie in
/// a line of `input` pixels; `None` outside it.
fn samples(start: f32, end: f32, input: usize, output: usize) -> Vec<Option<f32>> {
    let last = (input - 1) as f32;
    let scale = if output > 1 { (end - start) * last / (output - 1) as f32 } else { 0.0 };
    (0..output)
        .map(|index| match output {
            1 => 0.5 * (start + end) * last,
            _ => start * last + index as f32 * scale,
        })
        .map(|at| (0.0..=last).contains(&at).then_some(at))
        .collect()
}
