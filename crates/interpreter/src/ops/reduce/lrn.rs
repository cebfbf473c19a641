//! `LRN`: local response normalisation over neighbouring channels (Krizhevsky et al. 2012).

use amct_tensor::DType;

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::elementwise::unary::in_rows;
use crate::ops::support::half::or_half;
use crate::ops::support::number::not_a_number;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    let attrs = context.attributes();
    let radius = attrs.int_or("depth_radius", 5)?;
    Ok(or_half(
        Lrn {
            radius: usize::try_from(radius)
                .map_err(|_| attrs.error("depth_radius", "0 or more", radius.to_string()))?,
            bias: attrs.float_or("bias", 1.0)?.into(),
            alpha: attrs.float_or("alpha", 1.0)?.into(),
            beta: attrs.float_or("beta", 0.5)?.into(),
        },
        context,
    ))
}

/// `x / (bias + alpha * sum of the squares within radius) ^ beta`.
struct Lrn {
    radius: usize,
    bias: f64,
    alpha: f64,
    beta: f64,
}

impl Operator for Lrn {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let &[_, _, _, channels] = input.shape() else {
            return Err(OpError::shape("an input of rank 4", input.shape()));
        };
        if input.dtype() != DType::F32 {
            return Err(not_a_number(input.dtype()));
        }
        Ok(vec![in_rows::<f32>(input, channels, |row| self.normalise(row))?.into()])
    }
}

impl Lrn {
    fn normalise(&self, row: &mut [f32]) {
        let squares: Vec<f64> = row.iter().map(|&x| f64::from(x) * f64::from(x)).collect();
        for (channel, x) in row.iter_mut().enumerate() {
            let from = channel.saturating_sub(self.radius);
            let to = channel.saturating_add(self.radius).saturating_add(1).min(squares.len());
            let sum: f64 = squares.get(from..to).unwrap_or_default().iter().sum();
            *x = (f64::from(*x) * (self.bias + self.alpha * sum).powf(-self.beta)) as f32;
        }
    }
}
