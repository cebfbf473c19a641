//! Signal to noise and cosine of two tensors, and the sums that they are made of.

/// Reference values up to this count as zero in relative errors, norms up to this in quotients: numpy's
/// epsilon of float64, as msaccucmp has it.
pub(crate) const EPSILON: f64 = f64::EPSILON;

/// The sums that signal to noise and cosine are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SignalSums {
    pub(crate) product: f64,
    pub(crate) found: f64,
    pub(crate) reference: f64,
    pub(crate) noise: f64,
}

impl SignalSums {
    /// Adds values and their references, as many as both have.
    pub fn add(&mut self, reference: &[f32], found: &[f32]) {
        for (&y, &x) in reference.iter().zip(found) {
            self.take(f64::from(x), f64::from(y));
        }
    }

    pub(crate) fn take(&mut self, x: f64, y: f64) {
        self.product += x * y;
        self.found += x * x;
        self.reference += y * y;
        self.noise += (x - y) * (x - y);
    }

    /// Takes in the sums of later values.
    pub fn merge(&mut self, later: &Self) {
        self.product += later.product;
        self.found += later.found;
        self.reference += later.reference;
        self.noise += later.noise;
    }

    /// The power of the reference over that of the difference, in dB; infinite without a difference.
    pub fn sqnr_db(&self) -> f64 {
        if self.noise == 0.0 { f64::INFINITY } else { 10.0 * (self.reference / self.noise).log10() }
    }

    /// The cosine of both as vectors; `None` if one has no length. Of two without length it is 1.
    pub fn cosine(&self) -> Option<f64> {
        match (self.found == 0.0, self.reference == 0.0) {
            (true, true) => Some(1.0),
            (false, false) => Some((self.product / (self.found * self.reference).sqrt()).min(1.0)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_of_a_hundredth_is_20_db() {
        let mut sums = SignalSums::default();
        assert_eq!((sums.sqnr_db(), sums.cosine()), (f64::INFINITY, Some(1.0)));
        sums.add(&[10.0, 0.0], &[10.0, 1.0]);
        assert!((sums.sqnr_db() - 20.0).abs() < 1e-12);
        assert!((sums.cosine().unwrap() - 100.0 / 10_100.0_f64.sqrt()).abs() < 1e-12);
        let mut twice = sums;
        twice.merge(&sums);
        assert!((twice.sqnr_db() - 20.0).abs() < 1e-12);
        sums.add(&[0.0], &[f32::NAN]);
        assert!(sums.sqnr_db().is_nan());
    }

    #[test]
    fn what_has_no_length_has_no_direction() {
        let mut sums = SignalSums::default();
        sums.add(&[0.0], &[1.0]);
        assert_eq!((sums.cosine(), sums.sqnr_db()), (None, f64::NEG_INFINITY));
    }
}
