//! The operators of a device, where they differ from those of TensorFlow.

mod anti_quant;
mod avg_pool;
mod channels;
mod dequant;
mod quant;
mod taps;

use amct_graph::{LayerKind, op};

use crate::OpError;
use crate::device::{Device, Requant};
use crate::operator::{BuildContext, Operator};

/// The operator of a node; `None` if a device computes it like TensorFlow. `requant` is for an `AscendQuant`
/// that reads sums: how they are dequantized.
pub(crate) fn build(
    context: &mut BuildContext<'_>,
    device: Device,
    requant: Option<&Requant>,
) -> Option<Result<Box<dyn Operator>, OpError>> {
    match context.node().op.as_str() {
        op::ANTI_QUANT => Some(anti_quant::build(context, device)),
        op::DEQUANT => Some(dequant::build(context, device)),
        op::QUANT => Some(quant::build(context, device, requant)),
        other if LayerKind::of_op(other) == Some(LayerKind::AvgPool) => Some(avg_pool::build(context)),
        _ => None,
    }
}

/// A channel that the operator has no scale for, which [`channels::Channels`] rules out.
fn no_channel() -> OpError {
    OpError::Unsupported("it has no deq_scale for one of its channels".to_owned())
}
