//! Floats as C++ protobuf prints them, which a record needs to be the same bytes as AMCT's.

/// `value` as C++ protobuf prints a `float`: `%.6g`, or `%.9g` if the former does not parse back to the
/// same bits. Verified on 43,726 numbers of real records (`docs/sources/algorithms.md` section 9).
pub fn proto_float(value: f32) -> String {
    let short = printf_g(f64::from(value), 6);
    match short.parse::<f32>() {
        Ok(same) if same == value => short,
        // NaN equals nothing, but its text is right.
        _ if value.is_nan() => short,
        _ => printf_g(f64::from(value), 9),
    }
}

/// `value` as C's `%.<precision>g` prints it: that many significant digits, rounded exactly, without
/// trailing zeros; with an exponent below 1e-4 and where the digits do not reach the point.
pub fn printf_g(value: f64, precision: usize) -> String {
    if !value.is_finite() {
        let sign = if value.is_sign_negative() && !value.is_nan() { "-" } else { "" };
        return format!("{sign}{}", if value.is_nan() { "nan" } else { "inf" });
    }
    let digits = precision.max(1);
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i64 = exponent.parse().unwrap_or(0);
    let limit = i64::try_from(digits).unwrap_or(i64::MAX);
    if (-4..limit).contains(&exponent) {
        let places = usize::try_from(limit - 1 - exponent).unwrap_or(0);
        return without_trailing_zeros(&format!("{value:.places$}")).to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", without_trailing_zeros(mantissa), exponent.abs())
}

fn without_trailing_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_print_as_in_real_records() {
        let golden = include_str!("../../../../tests/golden/amct/record_number_format.json");
        let golden: serde_json::Value = serde_json::from_str(golden).unwrap();
        let cases = golden["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 23);
        for case in cases {
            let bits = case["bits"].as_str().unwrap().trim_start_matches("0x");
            let value = f32::from_bits(u32::from_str_radix(bits, 16).unwrap());
            assert_eq!(proto_float(value), case["text"].as_str().unwrap(), "0x{bits}");
        }
    }

    #[test]
    fn g_follows_c() {
        for (value, precision, text) in [
            (0.0, 6, "0"),
            (-0.0, 6, "-0"),
            (100000.0, 6, "100000"),
            (1000000.0, 6, "1e+06"),
            (999999.5, 6, "1e+06"),
            (999999.4, 6, "999999"),
            (0.0001, 6, "0.0001"),
            (0.00001, 6, "1e-05"),
            (0.000099999996, 6, "0.0001"),
            (123456789.0, 6, "1.23457e+08"),
            (1e100, 6, "1e+100"),
            (2.5, 1, "2"),
            (3.5, 1, "4"),
            (2.5, 0, "2"),
            (f64::INFINITY, 6, "inf"),
            (f64::NEG_INFINITY, 6, "-inf"),
            (-f64::NAN, 6, "nan"),
        ] {
            assert_eq!(printf_g(value, precision), text, "{value:?} at {precision}");
        }
        assert_eq!(proto_float(f32::MAX), "3.40282347e+38");
        assert_eq!(proto_float(f32::from_bits(1)), "1.4013e-45");
    }

    proptest! {
        #[test]
        fn nine_digits_are_enough(bits: u32) {
            let value = f32::from_bits(bits);
            let read: f32 = proto_float(value).parse().unwrap();
            prop_assert!(read.to_bits() == bits || value.is_nan() && read.is_nan());
        }
    }
}
