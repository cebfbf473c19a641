//! `BiasAdd`: one value per channel, on floats or on the int32 sums of a quantized layer. A quantized
//! batch of matrix products has its bias in an `Add`.

use amct_graph::{AttrValue, LayerKind, op};
use amct_kernels::{Activation, elementwise};
use amct_tensor::{DType, DataFormat, Tensor};
use rayon::prelude::*;

use crate::fusible::{Absorbable, EpilogueStep};
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::per_image::layer_per_image;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(2)?;
    let attrs = context.attributes();
    let name = attrs.string("data_format")?.unwrap_or("NHWC");
    let format =
        DataFormat::from_name(name).ok_or_else(|| attrs.error("data_format", "NHWC or NCHW", name))?;
    let integers = int32_behind_cast(context);
    Ok(Box::new(BiasAdd { format, integers, bias: context.take_constant(1) }))
}

/// Whether an `Add` adds the bias of a quantized batch of matrix products.
pub(in crate::ops) fn is_of_product(context: &BuildContext<'_>) -> bool {
    let layer = || {
        let node = context.producer(0)?;
        let kind = LayerKind::of_op(&node.op)?;
        let weights = context.node_of(*node.inputs.get(kind.weight_input()?)?)?;
        (weights.op == op::WEIGHT_QUANT).then_some(kind)
    };
    let has_bias = context.producer(1).is_some_and(|node| matches!(node.op.as_str(), op::CAST | op::CONST));
    has_bias && layer().is_some_and(|kind| kind.bias_ops().contains(&context.node().op.as_str()))
}

/// The int32 constant that a `Cast` turns into the float bias: a float cannot hold all of its
/// values, the layer's int32 sums can.
fn int32_behind_cast(context: &BuildContext<'_>) -> Option<Vec<i32>> {
    let cast = context.producer(1).filter(|node| node.op == op::CAST)?;
    if cast.attrs.get("SrcT") != Some(&AttrValue::Type(amct_graph::type_code(DType::I32))) {
        return None;
    }
    context.graph_constant(*cast.inputs.first()?)?.into_vec().ok()
}

struct BiasAdd {
    format: DataFormat,
    integers: Option<Vec<i32>>,
    bias: Option<Tensor>,
}

impl Operator for BiasAdd {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let bias = match &self.bias {
            Some(bias) => bias.clone(),
            None => inputs.tensor(1)?,
        };
        let shape = input.shape().to_vec();
        let axis = self.format.channel_axis(shape.len());
        let channels = shape.get(axis).copied().unwrap_or(0);
        if shape.len() < 2 || bias.shape() != [channels] {
            return Err(OpError::shape(
                format!("a bias of length {channels} for an input {shape:?}"),
                bias.shape(),
            ));
        }
        let inner: usize = shape.iter().skip(axis + 1).product();
        let output = match input.dtype() {
            DType::F32 => {
                let mut data = input.into_vec::<f32>()?;
                let bias = bias.as_slice::<f32>()?;
                if inner == 1 {
                    elementwise::bias_add(&mut data, bias, Activation::None)?;
                } else {
                    add_planes(&mut data, bias, inner, |x, b| x + b);
                }
                Tensor::from_vec(shape, data)?
            }
            DType::I32 => {
                let mut data = input.into_vec::<i32>()?;
                let bias = match &self.integers {
                    Some(integers) => integers.clone(),
                    None => integers_of(&bias)?,
                };
                if !add_integers(&mut data, &bias, inner) {
                    return Err(OpError::Unsupported(
                        "the int32 sum overflows when the bias is added".to_owned(),
                    ));
                }
                Tensor::from_vec(shape, data)?
            }
            other => return Err(OpError::Unsupported(format!("BiasAdd on {other} is not supported"))),
        };
        Ok(vec![output.into()])
    }

    fn absorbable(&self) -> Option<Absorbable> {
        if self.format != DataFormat::Nhwc {
            return None;
        }
        let values = self.bias.clone()?.into_vec::<f32>().ok()?;
        // A float bias on int32 sums is cut off.
        let integers = match &self.integers {
            Some(integers) => integers.clone(),
            None => values.iter().map(|&b| b as i32).collect(),
        };
        Some(EpilogueStep::Bias { values, integers }.into())
    }

    fn is_per_image(&self, inputs: &[Option<Value>], batched: &[bool]) -> bool {
        layer_per_image(inputs, batched)
    }
}

/// A bias given as floats or integers, as int32; a float is cut off, as ATC does.
fn integers_of(bias: &Tensor) -> Result<Vec<i32>, OpError> {
    match bias.dtype() {
        DType::I32 => Ok(bias.as_slice::<i32>()?.to_vec()),
        _ => Ok(bias.as_slice::<f32>()?.iter().map(|&b| b as i32).collect()),
    }
}

/// Elements of one task.
const CHUNK: usize = 1 << 15;

/// Adds the bias of each channel, `inner` elements at a time; whether every sum fits an int32.
fn add_integers(data: &mut [i32], bias: &[i32], inner: usize) -> bool {
    if bias.is_empty() || inner == 0 {
        return true;
    }
    if inner == 1 {
        let rows = (CHUNK / bias.len()).max(1) * bias.len();
        let fits = |row: &mut [i32]| add_exactly(row, bias.iter().copied());
        if data.len() <= rows || amct_kernels::threads() == 1 {
            return data.chunks_mut(bias.len()).all(fits);
        }
        return data.par_chunks_mut(rows).map(|rows| rows.chunks_mut(bias.len()).all(fits)).all(|fits| fits);
    }
    let channels = bias.iter().copied().cycle();
    data.chunks_mut(inner).zip(channels).all(|(plane, b)| add_exactly(plane, std::iter::repeat(b)))
}

/// Adds pairwise; whether every sum fits an int32. Without a branch the loop is vectorised.
fn add_exactly(data: &mut [i32], bias: impl Iterator<Item = i32>) -> bool {
    let mut overflow = 0;
    for (x, b) in data.iter_mut().zip(bias) {
        let sum = x.wrapping_add(b);
        // The sign bit is set if both terms have the other sign than their sum.
        overflow |= (*x ^ sum) & (b ^ sum);
        *x = sum;
    }
    overflow >= 0
}

/// The bias of each element of a tensor with `inner` elements per channel, endlessly.
fn planes<T: Copy>(bias: &[T], inner: usize) -> impl Iterator<Item = T> + '_ {
    bias.iter().flat_map(move |&b| std::iter::repeat_n(b, inner)).cycle()
}

fn add_planes<T: Copy>(data: &mut [T], bias: &[T], inner: usize, add: impl Fn(T, T) -> T) {
    for (x, b) in data.iter_mut().zip(planes(bias, inner)) {
        *x = add(*x, b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_added_per_channel_and_an_overflow_is_seen() {
        let mut rows = vec![1, 2, 3, 4];
        assert!(add_integers(&mut rows, &[10, -20], 1));
        assert_eq!(rows, [11, -18, 13, -16]);
        let mut planes = vec![1, 2, 3, 4];
        assert!(add_integers(&mut planes, &[10, -20], 2));
        assert_eq!(planes, [11, 12, -17, -16]);
        for (sum, bias) in [(i32::MAX, 1), (i32::MIN, -1)] {
            assert!(!add_integers(&mut [0, sum], &[0, bias], 1));
            assert!(!add_integers(&mut [0, sum], &[bias], 2));
        }
        assert!(add_integers(&mut [i32::MAX, i32::MIN], &[i32::MIN, i32::MAX], 1));
    }
}
