//! What flows along the edges of a running graph: a plain tensor or a quantized activation.

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

    /// The tensor and, of a quantized activation, its zero offset.
    pub(crate) fn into_parts(self) -> (Tensor, Option<i32>) {
        match self {
            Value::Plain(tensor) => (tensor, None),
            Value::Quantized { q, zero_offset } => (q, Some(zero_offset)),
        }
    }

    /// What [`into_parts`](Self::into_parts) takes apart.
    pub(crate) fn from_parts(tensor: Tensor, zero_offset: Option<i32>) -> Self {
        match zero_offset {
            None => Value::Plain(tensor),
            Some(zero_offset) => Value::Quantized { q: tensor, zero_offset },
        }
    }

    /// The same value with its elements moved, dropped or repeated by `change`; a zero offset stays.
    ///
    /// # Errors
    /// Those of `change`.
    pub(crate) fn moved(
        self,
        change: impl FnOnce(Tensor) -> Result<Tensor, OpError>,
    ) -> Result<Self, OpError> {
        let (tensor, zero_offset) = self.into_parts();
        Ok(Self::from_parts(change(tensor)?, zero_offset))
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
