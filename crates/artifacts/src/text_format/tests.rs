//! Tests of protobuf text: all ways to write messages, lists, strings and numbers, and what is refused.

use super::*;
use proptest::prelude::*;

/// The tree in one line: `name@line:column=value`.
fn show(fields: &[Field<'_>]) -> String {
    let one = |field: &Field<'_>| {
        let value = match &field.value {
            Value::Message(inner) => format!("{{{}}}", show(inner)),
            Value::Scalar(Scalar::String { text, .. }) => format!("{text:?}"),
            Value::Scalar(Scalar::Number { negative, text, .. } | Scalar::Word { negative, text, .. }) => {
                format!("{}{text}", if *negative { "-" } else { "" })
            }
        };
        format!("{}@{}={value}", field.name, field.at)
    };
    fields.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn shown(text: &str) -> String {
    show(&parse(text).unwrap())
}

fn error(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn all_ways_to_write_a_message() {
    let tree = "m@1:1={a@1:";
    for text in ["m { a: 1 }", "m: { a: 1 }", "m < a: 1 >", "m: < a: 1 >", "m{a:1};", "m{a:1},"] {
        assert!(shown(text).starts_with(tree), "{text}: {}", shown(text));
        assert!(shown(text).ends_with("=1}"), "{text}: {}", shown(text));
    }
}

#[test]
fn lists_become_single_fields() {
    assert_eq!(shown("v: [1, -2]"), "v@1:5=1 v@1:8=-2");
    assert_eq!(shown("v: [] v: 3"), "v@1:7=3");
    assert_eq!(shown("m [{a: 1}, <a: 2>]; b: 3"), "m@1:4={a@1:5=1} m@1:12={a@1:13=2} b@1:21=3");
}

#[test]
fn comments_blanks_and_separators() {
    let text = "# head\na : 1,\n\tb: 2; # \"tail\"\r\nc: x";
    assert_eq!(shown(text), "a@2:1=1 b@3:2=2 c@4:1=x");
    assert_eq!(shown(""), "");
}

#[test]
fn strings_are_unescaped_and_joined() {
    assert_eq!(shown(r#"s: "a" 'b"' "\n\x41\101\\\'\"\u00e9\U0001F600é""#), r#"s@1:1="ab\"\nAA\\'\"é😀é""#);
    assert_eq!(shown(r#"s: "\303\251""#), r#"s@1:1="é""#);
}

#[test]
fn errors_have_a_place() {
    for (text, message) in [
        ("a", "1:2: found the end of the text, where \":\" or \"{\" after \"a\" is expected"),
        ("a 1", "1:3: found \"1\", where \":\" or \"{\" after \"a\" is expected"),
        (
            "m {\n a: 1\n",
            "3:1: found the end of the text, where the end of \"m\" that begins at 1:1 is expected",
        ),
        ("}", "1:1: found \"}\", where the name of a field is expected"),
        ("m { >", "1:5: found \">\", where the name of a field is expected"),
        ("a: ,", "1:4: found \",\", where a value is expected"),
        ("a: -\"x\"", "1:4: found a string, where a value is expected"),
        ("v: [1 2]", "1:7: found \"2\", where \",\" or \"]\" is expected"),
        ("v: [1,]", "1:7: found \"]\", where a value is expected"),
        ("m [{}, 1]", "1:8: found \"1\", where \"{\" is expected"),
        ("s: \"a\nb\"", "1:4: the string has no end on its line"),
        ("s: \"\\q\"", "1:4: the string has an invalid escape \"\\q\""),
        ("s: \"\\400\"", "1:4: the string has an invalid escape \"\\4\""),
        ("s: \"\\ud800\"", "1:4: the string has an invalid escape \"\\u\""),
        ("s: \"\\xff\"", "1:4: the string is not UTF-8"),
        ("é: 1", "1:1: unexpected character 'é'"),
        ("[ext]: 1", "1:1: found \"[\", where the name of a field is expected"),
    ] {
        assert_eq!(error(text), message, "{text:?}");
    }
}

#[test]
fn nesting_is_limited() {
    assert!(parse(&("m{".repeat(100) + &"}".repeat(100))).is_ok());
    assert!(error(&"m{".repeat(101)).contains("nested deeper than 100"));
}

fn scalar(text: &str) -> Scalar<'_> {
    let Value::Scalar(scalar) = parse(text).unwrap().remove(0).value else { panic!("{text}") };
    scalar
}

#[test]
fn scalars_are_read_by_type() {
    for (text, value) in
        [("1", 1.0), ("1.", 1.0), (".5", 0.5), ("1e-05", 1e-5), ("2.5f", 2.5), ("10F", 10.0), ("-3", -3.0)]
    {
        assert_eq!(scalar(&format!("x: {text}")).float(), Ok(value), "{text}");
    }
    assert_eq!(scalar("x: -inf").float(), Ok(f32::NEG_INFINITY));
    assert_eq!(scalar("x: 1e39").float(), Ok(f32::INFINITY));
    assert!(scalar("x: NaN").float().unwrap().is_nan());
    for (text, value) in [("-128", -128), ("0x7f", 127), ("017", 15), ("-2147483648", i32::MIN), ("0", 0)] {
        assert_eq!(scalar(&format!("x: {text}")).int32(), Ok(value), "{text}");
    }
    assert_eq!(scalar("x: 4294967295").uint32(), Ok(u32::MAX));
    for (text, value) in
        [("true", true), ("True", true), ("t", true), ("1", true), ("false", false), ("0", false)]
    {
        assert_eq!(scalar(&format!("x: {text}")).bool(), Ok(value), "{text}");
    }
    assert_eq!(scalar("x: 'a'").string(), Ok("a"));
}

#[test]
fn values_of_another_type_are_refused() {
    for text in ["1x", "0x10", "1..2", "'1'", "one", "1e", "_1"] {
        let refused = parse(&format!("x: {text}")).map(|_| scalar(&format!("x: {text}")).float());
        assert!(!matches!(refused, Ok(Ok(_))), "{text}");
    }
    for text in ["1.0", "2147483648", "08", "0x", "true", "'1'"] {
        assert!(scalar(&format!("x: {text}")).int32().is_err(), "{text}");
    }
    assert!(scalar("x: -1").uint32().is_err());
    assert!(scalar("x: 2").bool().is_err());
    let wrong = scalar("x: -yes").string().unwrap_err();
    assert_eq!((wrong.found.as_str(), wrong.at.column), ("-yes", 4));
}

proptest! {
    #[test]
    fn a_written_string_is_read_back(text in "\\PC*|[\\x00-\\x20'\"\\\\]*") {
        let mut written = String::from("s: ");
        write_quoted(&text, &mut written);
        prop_assert!(written.is_ascii());
        let scalar = scalar(&written);
        prop_assert_eq!(scalar.string(), Ok(text.as_str()));
    }

    #[test]
    fn no_text_makes_it_panic(text in "[a-c:{}<>,;\\[\\]\"'\\\\0-9x.#\n é-]{0,40}") {
        let _ = parse(&text);
    }
}
