//! The ranges of the values, each defined once.

use std::fmt;

use crate::json::python_float;

/// What a value has to fulfil.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// `version` is 1.
    Version,
    /// `batch_num` is at least 1.
    BatchNum,
    /// `fakequant_precision_mode` is one of two words.
    FakequantPrecisionMode,
    /// `input_index` counts from 0.
    InputIndex,
    /// `num_bits` of an activation is 8.
    ActivationBits,
    /// `num_bits` of weights is 8.
    WeightBits,
    /// A percentile is in (0.5, 1].
    Percentile,
    /// `search_range` has two numbers.
    SearchRangeLength,
    /// `search_range` begins above zero.
    SearchRangeStart,
    /// `search_range` ends above its beginning.
    SearchRangeOrder,
    /// `search_step` is above zero.
    SearchStepPositive,
    /// `search_step` is at most the length of `search_range`.
    SearchStepFits,
    /// `act_algo` is one of these words.
    ActAlgo(&'static [&'static str]),
    /// `num_of_bins` is one of four numbers.
    NumOfBins,
    /// `wts_algo` is `arq_quantize`.
    WtsAlgo,
    /// `dmq_balancer_param` is in \[0.2, 0.8\].
    DmqBalancer,
}

impl Rule {
    /// AMCT's text for the rule broken by the value `found` of `key`.
    pub(crate) fn fmt_for(self, key: &str, found: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::Version => write!(f, "The {key} must be 1."),
            Rule::BatchNum => write!(f, "The {key} must be greater than zero."),
            Rule::FakequantPrecisionMode => {
                write!(f, "Type of {key} should be ['DEFAULT', 'FORCE_FP16_QUANT'], but is {found}")
            }
            Rule::InputIndex => write!(f, "The {key} must not be negative"),
            Rule::ActivationBits => f.write_str("activation num_bits is not in [8]"),
            Rule::WeightBits => f.write_str("weight num_bits is not in [8]"),
            Rule::Percentile => {
                write!(f, "The {key} must be greater than 0.5 and less than or equal to 1.0")
            }
            Rule::SearchRangeLength => write!(f, "The {key} must have two floating-point number"),
            Rule::SearchRangeStart => write!(f, "{key}[0] must be greater than zero"),
            Rule::SearchRangeOrder => write!(f, "{key}[0] must be less than {key}[1]"),
            Rule::SearchStepPositive => write!(f, "The {key} must be greater than zero"),
            Rule::SearchStepFits => {
                write!(f, "The search_step must be less than or equal to (search_range[1] - search_range[0])")
            }
            Rule::ActAlgo(names) => {
                let (last, others) = names.split_last().unwrap_or((&"", &[]));
                write!(f, "act_algo must be {} or {last}", others.join(", "))
            }
            Rule::NumOfBins => write!(f, "{key} {found} must be in [1024, 2048, 4096, 8192]"),
            Rule::WtsAlgo => f.write_str("wts_algo must be arq_quantize"),
            Rule::DmqBalancer => write!(f, "The {key} must be in range [0.2, 0.8]"),
        }
    }

    /// Whether the integer `value` fulfils the rule; true for rules about something else.
    pub(crate) fn allows_int(self, value: i64) -> bool {
        match self {
            Rule::Version => value == 1,
            Rule::BatchNum => value > 0,
            Rule::InputIndex => value >= 0,
            Rule::ActivationBits | Rule::WeightBits => value == 8,
            Rule::NumOfBins => [1024, 2048, 4096, 8192].contains(&value),
            _ => true,
        }
    }

    /// Whether the number `value` fulfils the rule; true for rules about something else.
    pub(crate) fn allows_number(self, value: f64) -> bool {
        match self {
            Rule::Percentile => value > 0.5 && value <= 1.0,
            Rule::SearchRangeStart | Rule::SearchStepPositive => value > 0.0,
            Rule::DmqBalancer => (0.2..=0.8).contains(&value),
            _ => true,
        }
    }
}

/// Whether `step <= end - start` holds for the decimal numbers as they are written. In binary 0.4 is
/// above 1.2 - 0.8.
pub(crate) fn step_fits(step: f64, [start, end]: [f64; 2]) -> bool {
    decimal_step_fits(step, start, end).unwrap_or(step <= end - start)
}

/// `None` when the numbers are too far apart for an exact sum in 128 bits.
fn decimal_step_fits(step: f64, start: f64, end: f64) -> Option<bool> {
    let parts = [decimal(step)?, decimal(start)?, decimal(end)?];
    let lowest = parts.iter().map(|(_, exponent)| *exponent).min()?;
    let scaled = |(digits, exponent): (i128, i32)| {
        let power = u32::try_from(exponent.checked_sub(lowest)?).ok()?;
        digits.checked_mul(10_i128.checked_pow(power)?)
    };
    let [step, start, end] = parts.map(scaled);
    Some(step? <= end?.checked_sub(start?)?)
}

/// The shortest decimal of `value` as digits and a power of ten.
fn decimal(value: f64) -> Option<(i128, i32)> {
    let text = python_float(value);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}").parse().ok()?;
    let places = i32::try_from(fraction.len()).ok()?;
    Some((digits, exponent.parse::<i32>().ok()?.checked_sub(places)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_is_compared_in_decimal() {
        assert!(step_fits(0.4, [0.8, 1.2]), "1.2 - 0.8 is below 0.4 in binary");
        assert!(step_fits(0.6, [0.7, 1.3]));
        assert!(!step_fits(0.60000001, [0.7, 1.3]));
        assert!(step_fits(1e-7, [0.5, 1.0]));
        assert!(step_fits(1e-300, [1.0, 1e300]), "too far apart for decimals");
    }
}
