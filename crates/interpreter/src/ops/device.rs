//! The operators of a device, where they differ from those of TensorFlow.

mod anti_quant;
mod avg_pool;
mod channels;
mod dequant;
mod quant;
mod taps;

use crate::OpError;
use crate::device::Device;
use crate::operator::{Arithmetic, BuildContext};
use crate::registry::Builder;

/// The builder for an op type; `None` if a device computes it like TensorFlow.
pub(crate) fn find(op: &str) -> Option<Builder> {
    match op {
        "AscendAntiQuant" => Some(anti_quant::build),
        "AscendDequant" => Some(dequant::build),
        "AscendQuant" => Some(quant::build),
        "AvgPool" => Some(avg_pool::build),
        _ => None,
    }
}

fn device(context: &BuildContext<'_>) -> Result<Device, OpError> {
    match context.arithmetic() {
        Arithmetic::Device(device) => Ok(device),
        _ => Err(OpError::Unsupported("the plan is not for a device".to_owned())),
    }
}

/// A channel that the operator has no scale for, which [`channels::Channels`] rules out.
fn no_channel() -> OpError {
    OpError::Unsupported("it has no deq_scale for one of its channels".to_owned())
}
