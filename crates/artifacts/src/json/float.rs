//! Floats in JSON as Python writes them.

/// `value` as Python's `repr` writes it: the fewest digits that read back the same, an exponent of at
/// least two digits below 1e-4 and from 1e16 on. NaN and infinities as `json.dump` writes them.
pub(crate) fn python_float(value: f64) -> String {
    if !value.is_finite() {
        let sign = if value < 0.0 { "-" } else { "" };
        return if value.is_nan() { "NaN".into() } else { format!("{sign}Infinity") };
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        // `{:?}` keeps the ".0" of whole numbers; it turns to exponents outside this range only.
        return format!("{value:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_pythons() {
        for (value, text) in [
            (0.999999, "0.999999"),
            (0.7, "0.7"),
            (1.3, "1.3"),
            (0.01, "0.01"),
            (1.0, "1.0"),
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (0.000015, "1.5e-05"),
            (1e15, "1000000000000000.0"),
            (123456789012345680.0, "1.2345678901234568e+17"),
            (1e16, "1e+16"),
            (1e100, "1e+100"),
            (5e-324, "5e-324"),
            (0.1 + 0.2, "0.30000000000000004"),
        ] {
            assert_eq!(python_float(value), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn reads_back_to_the_same_bits(bits: u64) {
            let value = f64::from_bits(bits);
            if value.is_finite() {
                assert_eq!(python_float(value).parse::<f64>().unwrap().to_bits(), bits);
            }
        }
    }
}
