//! `FakeQuantWithMinMaxArgs`, `FakeQuantWithMinMaxVars` and `FakeQuantWithMinMaxVarsPerChannel`:
//! what quantization-aware training puts where a value will be quantized.

use amct_graph::AttrError;
use amct_tensor::Tensor;
use amct_tensor::quantization::FakeQuantGrid;

use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::elementwise::unary::{in_place, in_rows};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(3)?;
    let per_channel = context.node().op.ends_with("PerChannel");
    Ok(Box::new(WithInputs { steps: Steps::of(context)?, per_channel }))
}

pub(crate) fn build_args(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    let attrs = context.attributes();
    let (min, max) = (attrs.float_or("min", -6.0)?, attrs.float_or("max", 6.0)?);
    if min >= max {
        return Err(attrs.error("min", format!("less than max, {max}"), min.to_string()).into());
    }
    Ok(Box::new(WithAttributes(Steps::of(context)?.grid(min, max))))
}

/// How finely a range is divided.
#[derive(Clone, Copy)]
struct Steps {
    num_bits: u32,
    narrow_range: bool,
}

impl Steps {
    fn of(context: &BuildContext<'_>) -> Result<Self, AttrError> {
        let attrs = context.attributes();
        let found = attrs.int_or("num_bits", 8)?;
        let num_bits = u32::try_from(found)
            .ok()
            .filter(|_| FakeQuantGrid::BITS.contains(&found))
            .ok_or_else(|| attrs.error("num_bits", "from 2 to 16", found.to_string()))?;
        Ok(Self { num_bits, narrow_range: attrs.bool_or("narrow_range", false)? })
    }

    fn grid(self, min: f32, max: f32) -> FakeQuantGrid {
        FakeQuantGrid::new(min, max, self.num_bits, self.narrow_range)
    }
}

struct WithAttributes(FakeQuantGrid);

impl Operator for WithAttributes {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        Ok(vec![mapped(inputs.tensor(0)?, self.0.by_inverse())?.into()])
    }

    fn is_per_image(&self, _inputs: &[Option<Value>], _batched: &[bool]) -> bool {
        true
    }
}

struct WithInputs {
    steps: Steps,
    per_channel: bool,
}

impl Operator for WithInputs {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let (low, high) = (inputs.tensor(1)?, inputs.tensor(2)?);
        let wanted = match (self.per_channel, input.shape()) {
            (false, _) => vec![],
            (true, &[.., channels]) => vec![channels],
            (true, []) => return Err(OpError::shape("an input of rank 1 or more", &[])),
        };
        if let Some(wrong) = [&low, &high].into_iter().find(|bound| bound.shape() != wanted) {
            return Err(OpError::shape(format!("min and max of shape {wanted:?}"), wrong.shape()));
        }
        let (min, max) = (low.as_slice::<f32>()?, high.as_slice::<f32>()?);
        let grids: Vec<Option<FakeQuantGrid>> =
            min.iter().zip(max).map(|(&min, &max)| self.grid(min, max)).collect();
        let output = match (self.per_channel, grids.as_slice()) {
            (false, &[Some(grid)]) => mapped(input, grid.by_division())?,
            (false, _) => mapped(input, |_| 0.0)?,
            (true, grids) => {
                let functions: Vec<_> =
                    grids.iter().map(|grid| grid.map(FakeQuantGrid::by_inverse)).collect();
                in_rows::<f32>(input, functions.len(), |row| {
                    for (x, function) in row.iter_mut().zip(&functions) {
                        *x = function.map_or(0.0, |function| function(*x));
                    }
                })?
            }
        };
        Ok(vec![output.into()])
    }

    fn is_per_image(&self, _inputs: &[Option<Value>], batched: &[bool]) -> bool {
        batched.first() == Some(&true) && !batched.iter().skip(1).any(|&batched| batched)
    }
}

impl WithInputs {
    /// A range that is still as initialized, 0 to 0, makes everything zero: no grid.
    fn grid(&self, min: f32, max: f32) -> Option<FakeQuantGrid> {
        let is_unset = min == 0.0 && max == 0.0;
        (!is_unset).then(|| self.steps.grid(min, max))
    }
}

fn mapped(input: Tensor, function: impl Fn(f32) -> f32 + Sync + Send) -> Result<Tensor, OpError> {
    in_place::<f32>(input, |data| data.iter_mut().for_each(|x| *x = function(*x)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_has_no_channels() {
        let steps = Steps { num_bits: 8, narrow_range: false };
        let op = WithInputs { steps, per_channel: true };
        let one = || Some(Tensor::vector(vec![1.0_f32]).into());
        let inputs = Inputs::new(vec![Some(Tensor::scalar(0.5_f32).into()), one(), one()]);
        assert!(matches!(op.run(inputs), Err(OpError::Shape { .. })));
    }
}
