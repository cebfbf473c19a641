use amct_tensor::Tensor;

use crate::OpError;

/// What flows along an edge.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A tensor of any type.
    Plain(Tensor),
    /// An int8 activation `q` that stands for the integer `q - zero_offset`; only between an
    /// `AscendQuant` and the layer it feeds. An operator that does not know it refuses it, so an
    /// offset is never lost.
    Quantized {
        /// int8 values.
        q: Tensor,
        /// The int8 that stands for zero, in [-128, 127].
        zero_offset: i32,
    },
}

impl Value {
    /// The dimensions.
    pub fn shape(&self) -> &[usize] {
        match self {
            Value::Plain(tensor) | Value::Quantized { q: tensor, .. } => tensor.shape(),
        }
    }

    /// The tensor, if it is a plain one.
    ///
    /// # Errors
    /// [`OpError::Quantized`] for a quantized activation.
    pub fn plain(self) -> Result<Tensor, OpError> {
        match self {
            Value::Plain(tensor) => Ok(tensor),
            Value::Quantized { .. } => Err(OpError::Quantized),
        }
    }

    /// The value as the float simulation sees it: `q - zero_offset` as f32, int32 sums as f32,
    /// anything else unchanged. For comparing and dumping.
    ///
    /// # Errors
    /// If a quantized value does not hold int8, which no operator makes.
    pub fn simulated(self) -> Result<Tensor, OpError> {
        match self {
            Value::Plain(tensor) => Ok(tensor),
            Value::Quantized { q, zero_offset } => {
                let values =
                    q.as_slice::<i8>()?.iter().map(|&q| (i32::from(q) - zero_offset) as f32).collect();
                Ok(Tensor::from_vec::<f32>(q.shape(), values)?)
            }
        }
    }
}

impl From<Tensor> for Value {
    fn from(tensor: Tensor) -> Self {
        Value::Plain(tensor)
    }
}
