//! String literals of protobuf text: their escapes read and written.

use super::{Position, SyntaxError};

/// The bytes that the text between two quotes stands for. `at` is the place of the string.
pub(super) fn unescape(text: &str, at: Position) -> Result<Vec<u8>, SyntaxError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('\\') {
        bytes.extend_from_slice(plain.as_bytes());
        rest = resolve(escape, &mut bytes).ok_or_else(|| {
            let kind: String = escape.chars().take(1).collect();
            SyntaxError { at, message: format!("the string has an invalid escape \"\\{kind}\"") }
        })?;
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

/// Resolves the escape whose backslash stood before `text` and returns what follows it.
fn resolve<'a>(text: &'a str, bytes: &mut Vec<u8>) -> Option<&'a str> {
    let mut chars = text.chars();
    let kind = chars.next()?;
    let rest = chars.as_str();
    let single = match kind {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        '?' | '\\' | '\'' | '"' => kind as u8,
        '0'..='7' => return push_byte(text, 8, 3, bytes),
        'x' | 'X' => return push_byte(rest, 16, 2, bytes),
        'u' => return push_char(rest, 4, bytes),
        'U' => return push_char(rest, 8, bytes),
        _ => return None,
    };
    bytes.push(single);
    Some(rest)
}

/// Reads one to `most` digits as a byte.
fn push_byte<'a>(text: &'a str, radix: u32, most: usize, bytes: &mut Vec<u8>) -> Option<&'a str> {
    let length = text.chars().take(most).take_while(|c| c.is_digit(radix)).count();
    let (digits, rest) = text.split_at(length);
    bytes.push(u8::from_str_radix(digits, radix).ok()?);
    Some(rest)
}

/// Reads exactly `length` hexadecimal digits as a character.
fn push_char<'a>(text: &'a str, length: usize, bytes: &mut Vec<u8>) -> Option<&'a str> {
    let (digits, rest) = text.split_at_checked(length)?;
    if !digits.chars().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    let character = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Some(rest)
}

/// Appends `text` in double quotes, escaped as C++ protobuf does: all but printable ASCII as octal.
pub(crate) fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    for byte in text.bytes() {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b'"' | b'\'' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\{byte:03o}")),
        }
    }
    out.push('"');
}
