//! Parses JSON and refuses an object that has a key twice, which serde_json would let pass.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};

use super::Json;

/// Why a text is not JSON, or not unambiguous. Lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ParseError {
    /// Not JSON.
    Syntax { message: String, line: usize, column: usize },
    /// One object has the same key twice. Most parsers keep the last silently.
    RepeatedKey { path: String, key: String, line: usize, column: usize },
}

/// Parses `text`. The depth of nesting is limited by serde_json to 128.
pub(crate) fn parse(text: &str) -> Result<Json, ParseError> {
    let repeated = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let seed = Node { path: String::new(), repeated: &repeated };
    let parsed = seed.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    parsed.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        match repeated.take() {
            Some((path, key)) => ParseError::RepeatedKey { path, key, line, column },
            None => ParseError::Syntax { message: without_position(&error), line, column },
        }
    })
}

/// serde_json's message ends in the position, which the error carries as numbers.
fn without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    message.strip_suffix(&suffix).unwrap_or(&message).to_owned()
}

/// The path of the object and the key that it has twice.
type Repeated = RefCell<Option<(String, String)>>;

/// Reads the value at `path`, and leaves word in `repeated` when it stops at a repeated key.
struct Node<'a> {
    path: String,
    repeated: &'a Repeated,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Json;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Int(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Json, E> {
        i64::try_from(value).map(Json::Int).map_err(|_| E::custom(format!("{value} is too large an integer")))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::string(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        loop {
            let path = format!("{}[{}]", self.path, array.len());
            match items.next_element_seed(Node { path, repeated: self.repeated })? {
                Some(item) => array.push(item),
                None => return Ok(Json::Array(array)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut object: Vec<(String, Json)> = Vec::new();
        let mut keys = BTreeSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if !keys.insert(key.clone()) {
                self.repeated.replace(Some((self.path, key)));
                return Err(A::Error::custom("repeated key"));
            }
            let path = if self.path.is_empty() { key.clone() } else { format!("{}.{key}", self.path) };
            let value = entries.next_value_seed(Node { path, repeated: self.repeated })?;
            object.push((key, value));
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_number_types_are_kept() {
        let value = parse(r#"{"b":1,"a":[1.0,-2,true,null,"x"]}"#).unwrap();
        let items = vec![Json::Float(1.0), Json::Int(-2), Json::Bool(true), Json::Null, Json::string("x")];
        assert_eq!(value, Json::object([("b", Json::Int(1)), ("a", Json::Array(items))]));
    }

    #[test]
    fn a_repeated_key_is_located() {
        let error = parse("{\n \"l\":[{},{\n  \"k\":1,\n  \"k\":2}]}").unwrap_err();
        let ParseError::RepeatedKey { path, key, line, .. } = error else { panic!("{error:?}") };
        assert_eq!((path.as_str(), key.as_str(), line), ("l[1]", "k", 4));
    }

    #[test]
    fn what_is_not_json_is_located() {
        for (text, place) in [
            ("{\"a\":1,}", (1, 8)),
            ("{}\n{}", (2, 1)),
            ("[NaN]", (1, 2)),
            ("", (1, 0)),
            ("[18446744073709551615]", (1, 21)),
        ] {
            let error = parse(text).unwrap_err();
            let ParseError::Syntax { message, line, column } = error else { panic!("{text:?}: {error:?}") };
            assert_eq!((line, column), place, "{text:?}: {message}");
            assert!(!message.contains("line"), "{message}");
        }
    }

    #[test]
    fn nesting_is_limited() {
        assert!(matches!(parse(&"[".repeat(100_000)), Err(ParseError::Syntax { .. })));
    }
}
