//! A single value of protobuf text, and its conversion to the type of its field.

use super::Position;

/// A value as written. Its type is the reader's to know, and its range to check.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    /// Digits, perhaps with a point, an exponent, a radix prefix or an `f`.
    Number { negative: bool, text: &'a str, at: Position },
    /// `true`, `inf`, the name of an enum value.
    Word { negative: bool, text: &'a str, at: Position },
    /// One or more adjacent strings.
    String { text: String, at: Position },
}

/// A value that is not of the type its field has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrongScalar {
    pub(crate) at: Position,
    pub(crate) expected: &'static str,
    pub(crate) found: String,
}

impl Scalar<'_> {
    fn wrong(&self, expected: &'static str) -> WrongScalar {
        let sign = |negative: bool| if negative { "-" } else { "" };
        let (at, found) = match self {
            Scalar::Number { negative, text, at } | Scalar::Word { negative, text, at } => {
                (*at, format!("{}{text}", sign(*negative)))
            }
            Scalar::String { text, at } => (*at, format!("{text:?}")),
        };
        WrongScalar { at, expected, found }
    }

    /// The value of a `float` field: parsed as f64, then rounded, as protobuf does; too large a number
    /// becomes infinite.
    pub(crate) fn float(&self) -> Result<f32, WrongScalar> {
        let (negative, magnitude) = match self {
            Scalar::Number { negative, text, .. } => (*negative, decimal(text)),
            Scalar::Word { negative, text, .. } => (*negative, non_finite(text)),
            Scalar::String { .. } => (false, None),
        };
        let magnitude = magnitude.ok_or_else(|| self.wrong("a number"))?;
        Ok(if negative { -magnitude } else { magnitude } as f32)
    }

    /// The value of an `int32` field.
    pub(crate) fn int32(&self) -> Result<i32, WrongScalar> {
        self.integer()
            .and_then(|value| i32::try_from(value).ok())
            .ok_or_else(|| self.wrong("a 32-bit integer"))
    }

    /// The value of a `uint32` field.
    pub(crate) fn uint32(&self) -> Result<u32, WrongScalar> {
        self.integer()
            .and_then(|value| u32::try_from(value).ok())
            .ok_or_else(|| self.wrong("a 32-bit integer not below zero"))
    }

    /// The value of a `bool` field.
    pub(crate) fn bool(&self) -> Result<bool, WrongScalar> {
        match self {
            Scalar::Word { negative: false, text: "true" | "True" | "t", .. } => Ok(true),
            Scalar::Word { negative: false, text: "false" | "False" | "f", .. } => Ok(false),
            _ => match self.integer() {
                Some(0) => Ok(false),
                Some(1) => Ok(true),
                _ => Err(self.wrong("true or false")),
            },
        }
    }

    /// The value of a `string` field.
    pub(crate) fn string(&self) -> Result<&str, WrongScalar> {
        match self {
            Scalar::String { text, .. } => Ok(text),
            _ => Err(self.wrong("a string in quotes")),
        }
    }

    /// The name of an `enum` field's value.
    pub(crate) fn word(&self) -> Result<&str, WrongScalar> {
        match self {
            Scalar::Word { negative: false, text, .. } => Ok(text),
            _ => Err(self.wrong("the name of a value")),
        }
    }

    fn integer(&self) -> Option<i64> {
        let Scalar::Number { negative, text, .. } = self else { return None };
        let (digits, radix) = match text.strip_prefix('0') {
            None | Some("") => (*text, 10),
            Some(rest) => match rest.strip_prefix(['x', 'X']) {
                Some(digits) => (digits, 16),
                None => (rest, 8),
            },
        };
        let magnitude = i64::from(u32::from_str_radix(digits, radix).ok()?);
        Some(if *negative { -magnitude } else { magnitude })
    }
}

/// A decimal number with an optional `f` behind it.
fn decimal(text: &str) -> Option<f64> {
    let plain = text.strip_suffix(['f', 'F']).unwrap_or(text);
    plain.parse().ok()
}

fn non_finite(text: &str) -> Option<f64> {
    match text.to_ascii_lowercase().as_str() {
        "inf" | "infinity" | "inff" | "infinityf" => Some(f64::INFINITY),
        "nan" | "nanf" => Some(f64::NAN),
        _ => None,
    }
}
