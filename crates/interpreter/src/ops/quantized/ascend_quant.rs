//! `AscendQuant`: a float activation to int8.

use amct_kernels::elementwise;
use amct_tensor::Tensor;

use crate::fusible::{Absorbable, EpilogueStep};
use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    let (inverse_scale, offset) = factors(context)?;
    Ok(Box::new(AscendQuant { inverse_scale, offset }))
}

/// The attributes `scale`, which is 1/scale_d, and `offset`.
pub(in crate::ops) fn factors(context: &BuildContext<'_>) -> Result<(f32, i32), OpError> {
    let attrs = context.attributes();
    let bits = attrs.int_or("quant_bits", 8)?;
    if bits != 8 {
        return Err(attrs.error("quant_bits", "8", bits.to_string()).into());
    }
    if let Some(kind) = attrs.string("dst_type")?.filter(|kind| *kind != "INT8") {
        return Err(attrs.error("dst_type", "INT8", kind).into());
    }
    let offset = attrs.float("offset")?;
    if offset.fract() != 0.0 || !(-128.0..=127.0).contains(&offset) {
        return Err(attrs.error("offset", "an integer in [-128, 127]", offset.to_string()).into());
    }
    Ok((attrs.float("scale")?, offset as i32))
}

struct AscendQuant {
    inverse_scale: f32,
    offset: i32,
}

impl Operator for AscendQuant {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let mut q = inputs.memory().take(input.len());
        elementwise::quantize_i8(input.as_slice()?, self.inverse_scale, self.offset, &mut q)?;
        let value = Value::Quantized { q: Tensor::from_vec(input.shape(), q)?, zero_offset: self.offset };
        inputs.memory().give(input);
        Ok(vec![value])
    }

    fn absorbable(&self) -> Option<Absorbable> {
        let &AscendQuant { inverse_scale, offset } = self;
        Some(EpilogueStep::Quantize { inverse_scale, offset }.into())
    }

    fn is_per_image(&self, _inputs: &[Option<Value>], _batched: &[bool]) -> bool {
        true
    }
}
