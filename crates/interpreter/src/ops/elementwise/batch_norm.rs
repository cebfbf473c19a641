//! `FusedBatchNorm`, `V2` and `V3`, for inference.

use amct_tensor::{DataFormat, Tensor};
use rayon::prelude::*;

use super::unary::in_rows;
use crate::fusible::{Absorbable, EpilogueStep};
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::axis::size;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(5)?;
    let attrs = context.attributes();
    // TensorFlow's default is training.
    if attrs.bool_or("is_training", true)? {
        return Err(OpError::Unsupported(
            "is_training is true: the node normalises with the statistics of its batch; \
             freeze the graph for inference (is_training=False) and try again"
                .to_owned(),
        ));
    }
    let name = attrs.string("data_format")?.unwrap_or("NHWC");
    let format =
        DataFormat::from_name(name).ok_or_else(|| attrs.error("data_format", "NHWC or NCHW", name))?;
    let epsilon = attrs.float_or("epsilon", 1e-4)?;
    Ok(Box::new(BatchNorm { epsilon, format, constants: constants(context) }))
}

struct BatchNorm {
    epsilon: f32,
    format: DataFormat,
    /// Scale, offset, mean and variance, if all are constant and of one length.
    constants: Option<[Vec<f32>; 4]>,
}

impl BatchNorm {
    fn factors(&self, scale: &[f32], variance: &[f32]) -> Vec<f32> {
        scale.iter().zip(variance).map(|(s, v)| (1.0 / (v + self.epsilon).sqrt()) * s).collect()
    }
}

/// Takes the parameters if they are constants of one length.
fn constants(context: &mut BuildContext<'_>) -> Option<[Vec<f32>; 4]> {
    let of = |index: usize| Some(context.constant(index)?.as_slice::<f32>().ok()?.to_vec());
    let found = [of(1)?, of(2)?, of(3)?, of(4)?];
    let len = found.first()?.len();
    if found.iter().any(|values| values.len() != len) {
        return None;
    }
    (1..5).for_each(|index| drop(context.take_constant(index)));
    Some(found)
}

impl Operator for BatchNorm {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let parameters: Vec<Tensor> = match &self.constants {
            Some(constants) => constants.iter().map(|values| Tensor::vector(values.clone())).collect(),
            None => (1..5).map(|index| inputs.tensor(index)).collect::<Result<_, _>>()?,
        };
        let shape = input.shape().to_vec();
        let axis = self.format.channel_axis(shape.len());
        let channels = match shape.as_slice() {
            &[_, _, _, _] => size(&shape, axis)?,
            _ => return Err(OpError::shape("an input of rank 4", &shape)),
        };
        if let Some(wrong) = parameters.iter().find(|parameter| parameter.shape() != [channels]) {
            return Err(OpError::shape(
                format!("scale, offset, mean and variance of length {channels}"),
                wrong.shape(),
            ));
        }
        let slices: Vec<&[f32]> = parameters.iter().map(Tensor::as_slice).collect::<Result<_, _>>()?;
        let &[scale, offset, mean, variance] = slices.as_slice() else {
            return Err(OpError::MissingInput(4));
        };
        let factors = self.factors(scale, variance);
        let inner: usize = shape.iter().skip(axis + 1).product();
        let channel_last = inner == 1;
        let output = if channel_last {
            in_rows::<f32>(input, channels, |row| {
                let parameters = factors.iter().zip(offset).zip(mean);
                for (x, ((f, o), m)) in row.iter_mut().zip(parameters) {
                    *x = (*x - m) * f + o;
                }
            })?
        } else {
            let mut data = input.into_vec::<f32>()?;
            let planes = data.par_chunks_mut(inner.max(1)).enumerate();
            planes.for_each(|(index, plane)| {
                let channel = index % channels.max(1);
                if let (Some(f), Some(o), Some(m)) =
                    (factors.get(channel), offset.get(channel), mean.get(channel))
                {
                    for x in plane {
                        *x = (*x - m) * f + o;
                    }
                }
            });
            Tensor::from_vec(shape, data)?
        };
        let statistics = [mean, variance, mean, variance];
        let mut outputs = vec![output.into()];
        outputs.extend(statistics.map(|values| Tensor::vector(values.to_vec()).into()));
        Ok(outputs)
    }

    fn absorbable(&self) -> Option<Absorbable> {
        let [scale, offset, mean, variance] = self.constants.as_ref()?;
        let factor = || self.factors(scale, variance);
        let norm = || EpilogueStep::Norm { mean: mean.clone(), factor: factor(), offset: offset.clone() };
        (self.format == DataFormat::Nhwc).then(|| norm().into())
    }

    fn is_per_image(&self, _inputs: &[Option<Value>], batched: &[bool]) -> bool {
        batched.first() == Some(&true) && !batched.iter().skip(1).any(|&batched| batched)
    }
}
