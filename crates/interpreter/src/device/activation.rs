//! The activations that ATC lets stand between a dequantization and the quantization that takes it in.

use amct_graph::{Node, op};

use super::half::{f16, product};

/// ATC takes a slope below that for none.
const NO_SLOPE: f32 = 1e-5;

/// What is done to a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Activation {
    /// Clips at zero; `LeakyRelu` without a slope too.
    Relu,
    /// Clips at zero and six.
    Relu6,
    /// Multiplies negative values by a slope.
    LeakyRelu(f32),
}

impl Activation {
    /// That of a node; `None` for another op.
    pub(super) fn of(node: &Node) -> Option<Self> {
        match node.op.as_str() {
            op::RELU => Some(Self::Relu),
            op::RELU6 => Some(Self::Relu6),
            op::LEAKY_RELU => {
                let slope = node.attributes().float_or("alpha", 0.2).ok()?;
                Some(if slope.abs() < NO_SLOPE { Self::Relu } else { Self::LeakyRelu(slope) })
            }
            _ => None,
        }
    }

    /// Whether the dequantization does it on the way; the others stay steps of their own.
    pub(super) fn is_absorbed(self) -> bool {
        self == Self::Relu
    }

    /// As a step in f16, on a value that is `scale` times the real one.
    pub(super) fn in_f16(self, x: f32, scale: f32) -> f32 {
        match self {
            Self::Relu => x.max(0.0),
            Self::Relu6 => x.max(0.0).min(f16((6.0 * scale).into())),
            Self::LeakyRelu(slope) if x < 0.0 => product(x, f16(slope.into())),
            Self::LeakyRelu(_) => x,
        }
    }
}

#[cfg(test)]
mod tests {
    use amct_graph::AttrValue;

    use super::*;

    #[test]
    fn activations_are_told_by_op_and_slope() {
        let of = |op: &str, alpha: Option<f32>| {
            let attrs = alpha.map(|alpha| ("alpha".to_owned(), AttrValue::F(alpha)));
            Activation::of(&Node { op: op.into(), attrs: attrs.into_iter().collect(), ..Node::default() })
        };
        assert_eq!(of("Relu", None), Some(Activation::Relu));
        assert_eq!(of("Relu6", None), Some(Activation::Relu6));
        assert_eq!(of("LeakyRelu", None), Some(Activation::LeakyRelu(0.2)));
        assert_eq!(of("LeakyRelu", Some(0.0)), Some(Activation::Relu));
        assert_eq!(of("Elu", None), None);
    }

    /// The slope 0.1 as an f16: in [2^-4, 2^-3) the steps are 2^-14, 0.1 * 16384 = 1638.4, so
    /// 1638 * 2^-14. Times -10: -16380 * 2^-14 = -0.99975..., in steps of 2^-11 (of [0.5, 1)) 2047.5,
    /// a tie that goes to 2048: -1. Six times 0.7 is 4.2 in f32; steps of 2^-8: 1075.2, so 1075/256.
    #[test]
    fn steps_are_f16() {
        assert_eq!(Activation::LeakyRelu(0.1).in_f16(-10.0, 3.0), -1.0);
        assert_eq!(Activation::LeakyRelu(0.1).in_f16(10.0, 3.0), 10.0);
        assert_eq!(Activation::Relu6.in_f16(100.0, 0.7), 1075.0 / 256.0);
        assert_eq!([Activation::Relu6, Activation::Relu].map(|a| a.in_f16(-1.0, 0.7)), [0.0; 2]);
    }
}
