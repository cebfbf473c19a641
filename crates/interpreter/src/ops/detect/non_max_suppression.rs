//! `NonMaxSuppression` and its versions 2 to 5: boxes chosen by falling score, without those that
//! overlap a chosen one too much.

use amct_graph::op;
use amct_tensor::{Tensor, checked_len};

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::half::or_half;
use crate::{OpError, Value};

mod select;

use select::{Limits, select};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    let attrs = context.attributes();
    let (version, inputs) = match context.node().op.as_str() {
        op::NON_MAX_SUPPRESSION => (1, 3),
        op::NON_MAX_SUPPRESSION_V2 => (2, 4),
        op::NON_MAX_SUPPRESSION_V3 => (3, 5),
        op::NON_MAX_SUPPRESSION_V4 => (4, 5),
        _ => (5, 6),
    };
    context.expect_inputs(inputs)?;
    Ok(or_half(
        NonMaxSuppression {
            version,
            iou_threshold: attrs.float_or("iou_threshold", 0.5)?,
            pad: version >= 4 && attrs.bool_or("pad_to_max_output_size", false)?,
        },
        context,
    ))
}

struct NonMaxSuppression {
    version: u8,
    /// Of version 1; later ones have an input for it.
    iou_threshold: f32,
    /// Whether outputs are filled with zeros up to the largest number of boxes.
    pad: bool,
}

impl Operator for NonMaxSuppression {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let (boxes, scores) = (inputs.tensor(0)?, inputs.tensor(1)?);
        let &[count] = scores.shape() else { return Err(OpError::shape("scores of rank 1", scores.shape())) };
        if boxes.shape() != [count, 4] {
            return Err(OpError::shape(format!("boxes of shape [{count}, 4]"), boxes.shape()));
        }
        let size = match *inputs.tensor(2)?.to_i64_vec()?.as_slice() {
            [size] => usize::try_from(size).ok(),
            _ => None,
        };
        let size = size.ok_or_else(|| {
            OpError::Unsupported("max_output_size is not one integer of at least 0".to_owned())
        })?;
        let limits = self.limits(size, &mut inputs)?;
        let (boxes, _) = boxes.as_slice::<f32>()?.as_chunks::<4>();
        let chosen = select(boxes, scores.as_slice()?, &limits);
        self.outputs(chosen, size)
    }
}

impl NonMaxSuppression {
    fn limits(&self, size: usize, inputs: &mut Inputs) -> Result<Limits, OpError> {
        let mut threshold = |index, from_version, default| {
            if self.version >= from_version { scalar(&inputs.tensor(index)?) } else { Ok(default) }
        };
        let limits = Limits {
            size,
            iou: threshold(3, 2, self.iou_threshold)?,
            score: threshold(4, 3, f32::MIN)?,
            sigma: threshold(5, 5, 0.0)?,
        };
        if !(0.0..=1.0).contains(&limits.iou) {
            return Err(OpError::Unsupported(format!("iou_threshold {} is outside [0, 1]", limits.iou)));
        }
        if limits.sigma.is_nan() || limits.sigma < 0.0 {
            return Err(OpError::Unsupported(format!("soft_nms_sigma {} is negative", limits.sigma)));
        }
        Ok(limits)
    }

    fn outputs(&self, chosen: Vec<(usize, f32)>, size: usize) -> Result<Vec<Value>, OpError> {
        // A number of boxes fits: their bytes are limited to 2 GiB.
        let valid = Tensor::scalar(chosen.len() as i32);
        let (mut indices, mut scores): (Vec<i32>, Vec<f32>) =
            chosen.into_iter().map(|(index, score)| (index as i32, score)).unzip();
        if self.pad {
            checked_len(&[size], amct_tensor::DType::I32)?;
            indices.resize(size, 0);
            scores.resize(size, 0.0);
        }
        let mut outputs = vec![Tensor::vector(indices).into()];
        if self.version >= 5 {
            outputs.push(Tensor::vector(scores).into());
        }
        if self.version >= 4 {
            outputs.push(valid.into());
        }
        Ok(outputs)
    }
}

fn scalar(tensor: &Tensor) -> Result<f32, OpError> {
    match tensor.as_slice::<f32>()? {
        &[value] => Ok(value),
        _ => Err(OpError::shape("a scalar threshold", tensor.shape())),
    }
}
