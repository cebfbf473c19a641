//! `ZerosLike` and `OnesLike`: a constant of another tensor's shape and type.

use amct_tensor::{Element, Tensor};

use crate::dispatch::dispatch;
use crate::operator::{BuildContext, Inputs, Operator};
use crate::{OpError, Value};

pub(crate) fn build(context: &mut BuildContext<'_>) -> Result<Box<dyn Operator>, OpError> {
    context.expect_inputs(1)?;
    Ok(Box::new(Like { ones: context.node().op == "OnesLike" }))
}

struct Like {
    ones: bool,
}

impl Operator for Like {
    fn run(&self, mut inputs: Inputs) -> Result<Vec<Value>, OpError> {
        let input = inputs.tensor(0)?;
        let output = dispatch!(any input.dtype(), T => filled::<T>(input.shape(), self.ones))?;
        Ok(vec![output.into()])
    }
}

/// The number one of each type.
trait One: Element {
    const ONE: Self;
}

macro_rules! one {
    ($($rust:ty = $one:expr),+) => {$(
        impl One for $rust {
            const ONE: Self = $one;
        }
    )+};
}

one!(half::f16 = half::f16::ONE, f32 = 1.0, f64 = 1.0, bool = true);
one!(i8 = 1, i16 = 1, i32 = 1, i64 = 1, u8 = 1, u16 = 1, u32 = 1, u64 = 1);

fn filled<T: One>(shape: &[usize], ones: bool) -> Result<Tensor, OpError> {
    Ok(Tensor::full(shape, if ones { T::ONE } else { T::default() })?)
}
