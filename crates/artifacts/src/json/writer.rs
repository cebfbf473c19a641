//! Writes JSON in the layouts of Python's `json.dump` and of protobuf's `MessageToJson`.

use super::{Json, python_float};

/// The layout that arguments of `json.dump` ask for.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    /// Blanks per level.
    indent: usize,
    /// What stands between a key and its value.
    colon: &'static str,
    /// Whether what is outside ASCII is escaped (`ensure_ascii`).
    ascii: bool,
}

impl Style {
    /// `indent=4, separators=(',', ':')`, as in `config.json`.
    pub(crate) const CONFIG: Style = Style { indent: 4, colon: ":", ascii: true };
    /// The same with `ensure_ascii=False`, as in the files of automatic calibration.
    pub(crate) const AUTO_CALIBRATION: Style = Style { ascii: false, ..Style::CONFIG };
    /// `indent=2`, as protobuf's `MessageToJson`.
    pub(crate) const MESSAGE: Style = Style { indent: 2, colon: ": ", ascii: true };
}

/// The text that Python's `json.dump` makes of `value`: empty containers closed at once, no newline at
/// the end.
pub(crate) fn to_python_text(value: &Json, style: Style) -> String {
    let mut text = String::new();
    write(value, style, 0, &mut text);
    text
}

/// Recursion is as deep as the value, which this crate builds: at most ten levels.
fn write(value: &Json, style: Style, depth: usize, text: &mut String) {
    let indent = style.indent;
    match value {
        Json::Null => text.push_str("null"),
        Json::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Json::Int(value) => text.push_str(&value.to_string()),
        Json::Float(value) => text.push_str(&python_float(*value)),
        Json::String(value) => write_string(value, style, text),
        Json::Array(items) => write_items(items, ['[', ']'], indent, depth, text, |item, text| {
            write(item, style, depth + 1, text);
        }),
        Json::Object(entries) => {
            write_items(entries, ['{', '}'], indent, depth, text, |(key, item), text| {
                write_string(key, style, text);
                text.push_str(style.colon);
                write(item, style, depth + 1, text);
            })
        }
    }
}

fn write_items<T>(
    items: &[T],
    [open, close]: [char; 2],
    indent: usize,
    depth: usize,
    text: &mut String,
    write_item: impl Fn(&T, &mut String),
) {
    text.push(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        new_line((depth + 1) * indent, text);
        write_item(item, text);
    }
    if !items.is_empty() {
        new_line(depth * indent, text);
    }
    text.push(close);
}

fn new_line(blanks: usize, text: &mut String) {
    text.push('\n');
    text.extend(std::iter::repeat_n(' ', blanks));
}

fn write_string(value: &str, style: Style, text: &mut String) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            ' '..='~' => text.push(character),
            ' '.. if !style.ascii => text.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    text.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn layout_is_pythons() {
        let value = Json::object([
            ("empty", Json::Array(vec![])),
            ("none", Json::object::<&str>([])),
            ("list", Json::Array(vec![Json::Float(0.7), Json::Int(-1)])),
            ("nested", Json::object([("flag", Json::Bool(true)), ("null", Json::Null)])),
        ]);
        expect![[r#"
            {
                "empty":[],
                "none":{},
                "list":[
                    0.7,
                    -1
                ],
                "nested":{
                    "flag":true,
                    "null":null
                }
            }"#]]
        .assert_eq(&to_python_text(&value, Style::CONFIG));
        let message = Json::object([("a", Json::Array(vec![Json::Int(1)]))]);
        assert_eq!(to_python_text(&message, Style::MESSAGE), "{\n  \"a\": [\n    1\n  ]\n}");
    }

    #[test]
    fn strings_are_ascii() {
        let text = to_python_text(&Json::string("a\"\\/\n\t\u{1}\u{7f}é层😀"), Style::CONFIG);
        assert_eq!(text, r#""a\"\\/\n\t\u0001\u007f\u00e9\u5c42\ud83d\ude00""#);
        let text = to_python_text(&Json::string("\u{1}\u{7f}é"), Style::AUTO_CALIBRATION);
        assert_eq!(text, "\"\\u0001\u{7f}é\"");
    }
}
