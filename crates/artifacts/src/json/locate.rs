//! Where in a JSON text a value is, for error messages. The text has been parsed before: only what
//! is needed to walk along its values is looked at.

use crate::text_format::Position;

/// The place of the entry that `keys` lead to: of the key of an object's entry, of the item of an
/// array. `keys` are names of entries, possibly several joined by dots, with `[index]` for items:
/// `["net/conv", "activation_quant_params.search_step"]`. `None` if there is no such entry.
pub(crate) fn locate(text: &str, keys: &[&str]) -> Option<Position> {
    let mut scan = Scan { text, at: 0 };
    let mut found = None;
    for keys in keys {
        let mut rest = *keys;
        while !rest.is_empty() {
            let (at, left) = scan.enter(rest)?;
            found = Some(at);
            rest = left;
        }
    }
    found.map(|at| position(text, at))
}

fn position(text: &str, at: usize) -> Position {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).map_or(0, |line| line.chars().count()) + 1;
    Position { line: before.matches('\n').count() + 1, column }
}

/// A place in the text, in bytes, always before a value or a symbol between values.
struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// The next character that is not blank.
    fn peek(&mut self) -> Option<char> {
        let rest = self.rest().trim_start();
        self.at = self.text.len() - rest.len();
        rest.chars().next()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    /// Goes into the entry of the value here that `keys` begin with. Returns where the entry is, and
    /// the keys that follow; the scan is then before the entry's value.
    fn enter<'k>(&mut self, keys: &'k str) -> Option<(usize, &'k str)> {
        if self.eat('[') { self.enter_array(keys) } else { self.enter_object(keys) }
    }

    fn enter_array<'k>(&mut self, keys: &'k str) -> Option<(usize, &'k str)> {
        let (index, left) = keys.strip_prefix('[')?.split_once(']')?;
        for _ in 0..index.parse::<usize>().ok()? {
            self.skip_value()?;
            self.eat(',').then_some(())?;
        }
        (self.peek()? != ']').then_some((self.at, left.strip_prefix('.').unwrap_or(left)))
    }

    fn enter_object<'k>(&mut self, keys: &'k str) -> Option<(usize, &'k str)> {
        self.eat('{').then_some(())?;
        // An entry's name may have a dot in it, so the longest name that fits is the one meant.
        let mut best: Option<(usize, usize, &'k str)> = None;
        while self.peek()? != '}' {
            let at = self.at;
            let name = self.string()?;
            self.eat(':').then_some(())?;
            let value = self.at;
            if let Some(left) = after(keys, &name)
                && best.is_none_or(|(_, _, shortest)| left.len() < shortest.len())
            {
                best = Some((at, value, left));
            }
            self.skip_value()?;
            self.eat(',');
        }
        let (at, value, left) = best?;
        self.at = value;
        Some((at, left))
    }

    fn string(&mut self) -> Option<String> {
        let start = self.at;
        self.skip_string()?;
        serde_json::from_str(self.text.get(start..self.at)?).ok()
    }

    fn skip_string(&mut self) -> Option<()> {
        self.eat('"').then_some(())?;
        let mut escaped = false;
        for (index, character) in self.rest().char_indices() {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    self.at += index + 1;
                    return Some(());
                }
                _ => {}
            }
        }
        None
    }

    /// Goes behind the value here.
    fn skip_value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                '"' => self.skip_string()?,
                '{' | '[' => {
                    self.at += 1;
                    depth += 1;
                    continue;
                }
                '}' | ']' => {
                    self.at += 1;
                    depth = depth.checked_sub(1)?;
                }
                ',' | ':' if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                _ => {
                    let ends = |c: char| matches!(c, ',' | ':' | '}' | ']') || c.is_whitespace();
                    self.at += self.rest().find(ends).unwrap_or(self.rest().len()).max(1);
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}

/// What follows `name` in `keys`; `None` if they do not begin with it.
fn after<'k>(keys: &'k str, name: &str) -> Option<&'k str> {
    match keys.strip_prefix(name)? {
        "" => Some(""),
        left if left.starts_with('[') => Some(left),
        left => left.strip_prefix('.'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{
    "version":1, "a.b":{"x":[]},
    "a":{"b":"}\"]", "n":{"é":[ 1.5, {"k":true}, [[], "x"]], "k":null}}
}"#;

    fn at(keys: &[&str]) -> Option<(usize, usize)> {
        locate(TEXT, keys).map(|position| (position.line, position.column))
    }

    #[test]
    fn entries_are_found_by_their_keys() {
        assert_eq!(at(&["version"]), Some((2, 5)));
        assert_eq!(at(&["a.b"]), Some((2, 18)), "the longest name counts");
        assert_eq!(at(&["a.b.x"]), Some((2, 25)));
        assert_eq!(at(&["a", "b"]), Some((3, 10)));
        assert_eq!(at(&["a", "n.k"]), Some((3, 62)));
        assert_eq!(at(&["a.n.é[1].k"]), Some((3, 39)));
        assert_eq!(at(&["a.n.é[2][1]"]), Some((3, 55)));
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for keys in ["c", "a.c", "version.x", "a.n.é[3]", "a.n[0]", "version[0]", "a.n.é[x]", ""] {
            assert_eq!(at(&[keys]), None, "{keys}");
        }
        assert_eq!(locate("", &["a"]), None);
        assert_eq!(locate("{\"a\":", &["a", "b"]), None);
    }
}
