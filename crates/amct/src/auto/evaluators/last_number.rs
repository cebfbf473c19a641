/// The last finite number in a text, if the last number is finite. A number stands between blanks or
/// signs that belong to none, such as in `top1=71.8%`, and not within a word, such as in `v2`.
pub(super) fn last_number(text: &str) -> Option<f64> {
    let is_between = |c: char| c.is_whitespace() || "=:,;()[]{}%\"'/|".contains(c);
    text.split(is_between)
        .rev()
        .find_map(|word| word.trim_end_matches('.').parse::<f64>().ok())
        .filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_number_counts_whatever_stands_around_it() {
        for (text, expected) in [
            ("71.84\n", 71.84),
            ("top1=70.1% top5=89.3%\n", 89.3),
            ("{'accuracy': 0.5}", 0.5),
            ("loss -1.5e-3.", -1.5e-3),
            ("50 images\nmodel_v2 done", 50.0),
        ] {
            assert_eq!(last_number(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn no_number_is_none_and_so_is_one_that_is_not_finite() {
        for text in ["", "no result", "mobilenet_v2.pb", "0.5\nnan", "accuracy: inf"] {
            assert_eq!(last_number(text), None, "{text}");
        }
    }
}
