//! The operators of a device, where they differ from those of TensorFlow.

mod anti_quant;
mod avg_pool;
mod channels;
mod dequant;
mod quant;

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

/// A value of which nobody knows what the device makes.
fn unknown(device: Device, value: impl std::fmt::Display) -> OpError {
    OpError::Unsupported(format!(
        "the result for {value} is beyond what an f16 holds, and what {device} makes of that is not public; \
         check the scales, or run with the semantics of tf"
    ))
}
