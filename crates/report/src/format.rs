//! Numbers as text.

/// A ratio in dB.
pub(crate) fn decibels(value: f64) -> String {
    match value {
        _ if value.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "∞".to_owned(),
        f64::NEG_INFINITY => "−∞".to_owned(),
        _ => format!("{value:.2}"),
    }
}

/// Four significant digits, whatever the size.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if !value.is_finite() => value.to_string(),
        0.0 => "0".to_owned(),
        _ if !(1e-3..1e5).contains(&size) => format!("{value:.3e}"),
        _ => {
            let digits = (3 - size.log10().floor() as i32).clamp(0, 6) as usize;
            format!("{value:.digits$}")
        }
    }
}

/// A share as percent.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.2}", 100.0 * share)
}

/// The key that a table cell sorts by: what is no number comes last.
pub(crate) fn key(value: f64) -> String {
    match value {
        _ if value.is_nan() => String::new(),
        f64::INFINITY => "1e308".to_owned(),
        f64::NEG_INFINITY => "-1e308".to_owned(),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_keep_their_size() {
        for (value, expected) in [
            (0.0, "0"),
            (1.0, "1.000"),
            (123.456, "123.5"),
            (-0.012_345_6, "-0.01235"),
            (1_234_567.0, "1.235e6"),
            (0.000_012_3, "1.230e-5"),
        ] {
            assert_eq!(short(value), expected);
        }
        assert_eq!((decibels(f64::INFINITY), decibels(12.345)), ("∞".to_owned(), "12.35".to_owned()));
        assert_eq!((key(f64::NAN), key(2.5)), (String::new(), "2.5".to_owned()));
    }
}
