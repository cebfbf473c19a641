//! How much of a metric may be lost, as an absolute or a relative number.

use std::str::FromStr;

use super::AutoError;

/// The loss that is accepted of a metric of which more is better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// In the metric's unit.
    Absolute(f64),
    /// As a fraction of the original model's metric.
    Relative(f64),
}

/// Metrics are quotients of counts; a loss may be over the limit by as much as their rounding.
const ROUNDING: f64 = 1e-9;

impl Limit {
    /// Whether the loss is within the limit, and the loss in the metric's unit.
    pub fn judge(self, original: f64, new: f64) -> (bool, f64) {
        let loss = original - new;
        let allowed = match self {
            Limit::Absolute(limit) => limit,
            Limit::Relative(limit) => limit * original.abs(),
        };
        (loss <= allowed + ROUNDING * original.abs(), loss)
    }
}

/// `0.5` is absolute, `1%` relative.
impl FromStr for Limit {
    type Err = AutoError;

    fn from_str(text: &str) -> Result<Self, AutoError> {
        let (number, relative) = match text.trim().strip_suffix('%') {
            Some(number) => (number.trim_end(), true),
            None => (text.trim(), false),
        };
        match number.parse::<f64>() {
            Ok(value) if value.is_finite() && value >= 0.0 => {
                Ok(if relative { Limit::Relative(value / 100.0) } else { Limit::Absolute(value) })
            }
            _ => Err(AutoError::BadLimit(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_absolute_or_a_share_of_the_original() {
        assert_eq!("0.5".parse::<Limit>().unwrap(), Limit::Absolute(0.5));
        assert_eq!(" 2 %".parse::<Limit>().unwrap(), Limit::Relative(0.02));
        for wrong in ["", "%", "-1", "nan", "inf", "1pt", "1%%"] {
            let error = wrong.parse::<Limit>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("'{wrong}' is not a loss")), "{error}");
        }
    }

    #[test]
    fn a_loss_of_just_the_limit_is_accepted_whatever_its_rounding() {
        // 71.9 - 71.8 is 0.10000000000000853.
        assert!(Limit::Absolute(0.1).judge(71.9, 71.8).0);
        assert_eq!(Limit::Absolute(0.1).judge(71.75, 71.5), (false, 0.25));
        assert_eq!(Limit::Relative(0.01).judge(50.0, 49.5), (true, 0.5));
        assert!(!Limit::Relative(0.01).judge(50.0, 49.4).0);
        // A better model has a negative loss; a metric that is not a number satisfies nobody.
        assert_eq!(Limit::Absolute(0.0).judge(0.0, 1.0), (true, -1.0));
        assert!(!Limit::Absolute(1.0).judge(1.0, f64::NAN).0);
        assert!(!Limit::Absolute(1.0).judge(f64::NAN, f64::NAN).0);
    }
}
