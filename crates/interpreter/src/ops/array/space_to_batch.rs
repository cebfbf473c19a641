//! `SpaceToBatchND` and `BatchToSpaceND`: every n-th position of the spatial dimensions to a batch
//! of its own, and back; a dilated convolution lies between them.

use amct_graph::op;
use amct_tensor::Tensor;

use super::pad::{pad, pairs, zero};
use crate::operator::{BuildContext, Inputs, Operator};
use crate::ops::support::axis::extents;
use crate::ops::support::strided::Strided;
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(3)?;
    Ok(if context.node().op == op::SPACE_TO_BATCH_ND {
        Box::new(SpaceToBatch)
    } else {
        Box::new(BatchToSpace)
    })
}

struct SpaceToBatch;

impl Operator for SpaceToBatch {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.value(0)?;
        let block = block(&mut inputs, input.shape())?;
        let pads = pairs(&inputs.tensor(2)?, block.len())?;
        let (tensor, offset) = input.into_parts();
        let mut all_pads = vec![(0, 0)];
        all_pads.extend(pads);
        all_pads.resize(tensor.rank(), (0, 0));
        let zero = offset.map(zero).transpose()?.map(Tensor::scalar);
        let output = space_to_batch(pad(&tensor, &all_pads, zero.as_ref())?, &block)?;
        Ok(vec![Value::from_parts(output, offset)])
    }
}

struct BatchToSpace;

impl Operator for BatchToSpace {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.value(0)?;
        let block = block(&mut inputs, input.shape())?;
        let crops = pairs(&inputs.tensor(2)?, block.len())?;
        Ok(vec![input.moved(|tensor| batch_to_space(tensor, &block, &crops))?])
    }
}

/// The block sizes, one for each dimension after the batch or fewer.
fn block(inputs: &mut Inputs, shape: &[usize]) -> Result<Vec<usize>, OpError> {
    let block = extents("block size", &inputs.integers(1)?)?;
    if block.contains(&0) || block.len() >= shape.len() {
        return Err(OpError::shape(
            format!("a batch and {} dimensions, for blocks {block:?}", block.len()),
            shape,
        ));
    }
    block
        .iter()
        .try_fold(1_usize, |product, &size| product.checked_mul(size))
        .map(|_| block.clone())
        .ok_or_else(|| OpError::Unsupported(format!("blocks {block:?} are too large")))
}

/// Positions in blocks, [n, h/b, b, w/c, c, ..], to [b, c, n, h/b, w/c, ..].
fn space_to_batch(padded: Tensor, block: &[usize]) -> Result<Tensor, OpError> {
    let (batch, rest) = padded.shape().split_first().map_or((1, &[][..]), |(&batch, rest)| (batch, rest));
    if rest.iter().zip(block).any(|(dim, &size)| !dim.is_multiple_of(size)) {
        return Err(OpError::shape(
            format!("padded dimensions that blocks {block:?} divide"),
            padded.shape(),
        ));
    }
    let mut split = vec![batch];
    let mut joined = vec![batch.saturating_mul(block.iter().product())];
    for (&dim, &size) in rest.iter().zip(block) {
        split.extend([dim / size, size]);
        joined.push(dim / size);
    }
    split.extend(rest.iter().skip(block.len()));
    joined.extend(rest.iter().skip(block.len()));
    let blocks = block.len();
    let inside = (0..blocks).map(|i| 2 * i + 2);
    let outside = (0..blocks).map(|i| 2 * i + 1);
    let order: Vec<usize> = inside.chain([0]).chain(outside).chain(2 * blocks + 1..split.len()).collect();
    let split = padded.reshaped(split)?;
    Ok(Strided::of(split.shape()).permuted(&order).copied(&split)?.reshaped(joined)?)
}

/// [b, c, n, h, w, ..] to [n, h, b, w, c, ..], and the crops off.
fn batch_to_space(input: Tensor, block: &[usize], crops: &[(usize, usize)]) -> Result<Tensor, OpError> {
    let (batch, rest) = input.shape().split_first().map_or((1, &[][..]), |(&batch, rest)| (batch, rest));
    let product: usize = block.iter().product();
    let refused = || {
        OpError::shape(format!("a batch of blocks {block:?} that crops {crops:?} fit into"), input.shape())
    };
    if !batch.is_multiple_of(product) {
        return Err(refused());
    }
    let split: Vec<usize> =
        block.iter().copied().chain([batch / product]).chain(rest.iter().copied()).collect();
    let mut joined = vec![batch / product];
    joined.extend(rest.iter().zip(block).map(|(dim, size)| dim.saturating_mul(*size)));
    joined.extend(rest.iter().skip(block.len()));
    let mut kept = Vec::with_capacity(crops.len());
    for (&dim, &(before, after)) in joined.iter().skip(1).zip(crops) {
        let end = dim.checked_sub(after).filter(|&end| before <= end).ok_or_else(refused)?;
        kept.push(before..end);
    }
    let blocks = block.len();
    let pairs = (0..blocks).flat_map(|i| [blocks + 1 + i, i]);
    let order: Vec<usize> = [blocks].into_iter().chain(pairs).chain(2 * blocks + 1..split.len()).collect();
    let split = input.reshaped(split)?;
    let whole = Strided::of(split.shape()).permuted(&order).copied(&split)?.reshaped(joined)?;
    let cropped = kept.into_iter().enumerate().fold(Strided::of(whole.shape()), |view, (index, range)| {
        view.sliced(index + 1, range.start, range.len(), 1)
    });
    cropped.copied(&whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantized_activation_is_padded_with_its_zero() {
        let q = Tensor::from_vec([1, 3], vec![1_i8, 2, 3]).unwrap();
        let inputs = Inputs::new(vec![
            Some(Value::Quantized { q, zero_offset: -9 }),
            Some(Tensor::vector(vec![2_i32]).into()),
            Some(Tensor::from_vec([1, 2], vec![0_i32, 1]).unwrap().into()),
        ]);
        let q = Tensor::from_vec([2, 2], vec![1_i8, 3, 2, -9]).unwrap();
        assert_eq!(SpaceToBatch.run(inputs).unwrap(), [Value::Quantized { q, zero_offset: -9 }]);
    }
}
