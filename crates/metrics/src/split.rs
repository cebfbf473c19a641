//! A quantized layer's error taken apart into what it inherited, clipping, rounding and weights.

use serde::Serialize;

/// The error of a quantized layer, taken apart in the order in which the data meet its causes.
///
/// With the float layer `F`, the float input `x`, the quantized model's input `x'`, `C` that clips to the
/// range of the integers, `Q` that rounds to them as well, and the layer's own output `y'`:
///
/// ```text
/// y' - F(x) = [F(x') - F(x)] + [F(C x') - F(x')] + [F(Q x') - F(C x')] + [y' - F(Q x')]
///             inherited        clipping            rounding              weights (and bias)
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ErrorSplit {
    /// What the layers before it did to its input.
    pub inherited: SplitPart,
    /// What lies outside the range of the integers.
    pub clipping: SplitPart,
    /// Rounding of its input to integers.
    pub rounding: SplitPart,
    /// Rounding of its weights and its bias.
    pub weights: SplitPart,
    /// What the layer adds itself: clipping, rounding and weights together.
    pub own: SplitPart,
    /// All together.
    pub total: SplitPart,
}

/// One part of an error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SplitPart {
    /// The signal's power over that of the part, in dB: infinite if there is none.
    pub sqnr_db: f64,
    /// Its share of the whole error: its product with the whole over the whole's power. The shares sum
    /// up to 1; one that takes away what others add is negative. 0 without any error.
    pub share: f64,
}

/// The sums that an [`ErrorSplit`] is made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct SplitSums {
    signal: f64,
    total: f64,
    /// Power and product with the whole of what the layer adds itself.
    own: f64,
    own_product: f64,
    /// Power and product with the whole of each part.
    parts: [(f64, f64); 4],
}

impl SplitSums {
    /// Adds the values of one input: the float output, then the float layer's output for the quantized
    /// model's input, for that clipped, for that rounded, and the quantized layer's own.
    pub fn add(&mut self, float: &[f32], stages: [&[f32]; 3], quantized: &[f32]) {
        let [inherited, clipped, rounded] = stages;
        let values = float.iter().zip(inherited).zip(clipped).zip(rounded).zip(quantized);
        for ((((&float, &inherited), &clipped), &rounded), &quantized) in values {
            let [float, inherited, clipped, rounded, quantized] =
                [float, inherited, clipped, rounded, quantized].map(f64::from);
            let whole = quantized - float;
            self.signal += float * float;
            self.total += whole * whole;
            let own = quantized - inherited;
            self.own += own * own;
            self.own_product += own * whole;
            let parts = [inherited - float, clipped - inherited, rounded - clipped, quantized - rounded];
            for ((power, product), part) in self.parts.iter_mut().zip(parts) {
                *power += part * part;
                *product += part * whole;
            }
        }
    }

    /// Takes in the sums of later inputs. The result is the same for the same pieces in the same order.
    pub fn merge(&mut self, later: &Self) {
        self.signal += later.signal;
        self.total += later.total;
        self.own += later.own;
        self.own_product += later.own_product;
        for ((power, product), later) in self.parts.iter_mut().zip(later.parts) {
            *power += later.0;
            *product += later.1;
        }
    }

    /// The parts of the error of all values added.
    pub fn split(&self) -> ErrorSplit {
        let part = |(power, product): (f64, f64)| SplitPart {
            sqnr_db: if power == 0.0 { f64::INFINITY } else { 10.0 * (self.signal / power).log10() },
            share: if self.total == 0.0 { 0.0 } else { product / self.total },
        };
        let [inherited, clipping, rounding, weights] = self.parts.map(part);
        let own = part((self.own, self.own_product));
        ErrorSplit { inherited, clipping, rounding, weights, own, total: part((self.total, self.total)) }
    }
}

impl ErrorSplit {
    /// The four parts by name.
    pub fn parts(&self) -> [(&'static str, SplitPart); 4] {
        [
            ("inherited", self.inherited),
            ("clipping", self.clipping),
            ("rounding", self.rounding),
            ("weights", self.weights),
        ]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_are_those_worked_out_by_hand() {
        let mut sums = SplitSums::default();
        // Signal 100; inherited 1, clipping 0, rounding 2, weights -1; whole 2.
        sums.add(&[10.0], [&[11.0], &[11.0], &[13.0]], &[12.0]);
        let split = sums.split();
        let shares = split.parts().map(|(_, part)| part.share);
        assert_eq!(shares, [0.5, 0.0, 1.0, -0.5]);
        assert!((split.inherited.sqnr_db - 20.0).abs() < 1e-12);
        assert_eq!(split.clipping.sqnr_db, f64::INFINITY);
        assert_eq!((split.own.share, split.total.share), (0.5, 1.0));
        assert!((split.own.sqnr_db - 20.0).abs() < 1e-12);
        assert!((split.total.sqnr_db - 10.0 * 25.0_f64.log10()).abs() < 1e-12);
    }

    #[test]
    fn no_error_has_no_parts() {
        let mut sums = SplitSums::default();
        sums.add(&[1.0], [&[1.0], &[1.0], &[1.0]], &[1.0]);
        assert!(sums.split().parts().iter().all(|(_, part)| part.share == 0.0));
    }

    #[test]
    fn pieces_merge_to_the_whole() {
        let (float, stages, quantized) =
            ([3.0_f32, 4.0], [[3.5_f32, 4.0], [3.5, 3.0], [3.0, 3.0]], [3.0, 3.25]);
        let [a, b, c] = &stages;
        let (mut whole, mut first, mut second) =
            (SplitSums::default(), SplitSums::default(), SplitSums::default());
        whole.add(&float, [a, b, c], &quantized);
        first.add(&float[..1], [&a[..1], &b[..1], &c[..1]], &quantized[..1]);
        second.add(&float[1..], [&a[1..], &b[1..], &c[1..]], &quantized[1..]);
        first.merge(&second);
        assert_eq!(first.split(), whole.split());
    }

    proptest! {
        #[test]
        fn shares_sum_up_to_one(values in proptest::collection::vec(proptest::array::uniform5(-10.0_f32..10.0), 1..50)) {
            let column = |index: usize| values.iter().map(|row| row[index]).collect::<Vec<f32>>();
            let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(column);
            let mut sums = SplitSums::default();
            sums.add(&a, [&b, &c, &d], &e);
            let whole: f64 = sums.split().parts().iter().map(|(_, part)| part.share).sum();
            prop_assert!(a == e || (whole - 1.0).abs() < 1e-9);
        }
    }
}
