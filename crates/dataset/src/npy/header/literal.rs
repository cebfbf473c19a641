//! The few Python literals that a .npy header is made of, read without recursion.

/// A position in a text; every method skips white space first.
pub(super) struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// Whether `mark` is next; it is then consumed.
    pub(super) fn take(&mut self, mark: char) -> bool {
        self.take_str(mark.encode_utf8(&mut [0; 4]))
    }

    pub(super) fn expect(&mut self, mark: char) -> Result<(), String> {
        if self.take(mark) { Ok(()) } else { Err(self.found(&format!("'{mark}'"))) }
    }

    /// A quoted string without escapes.
    pub(super) fn string(&mut self) -> Result<&'a str, String> {
        let quote = ['\'', '"'].into_iter().find(|&quote| self.take(quote));
        let (text, rest) = quote
            .and_then(|quote| self.rest.split_once(quote))
            .ok_or_else(|| self.found("a quoted string"))?;
        self.rest = rest;
        Ok(text)
    }

    pub(super) fn boolean(&mut self) -> Result<bool, String> {
        if self.take_str("True") {
            Ok(true)
        } else if self.take_str("False") {
            Ok(false)
        } else {
            Err(self.found("True or False"))
        }
    }

    /// A tuple of dimensions.
    pub(super) fn tuple(&mut self) -> Result<Vec<usize>, String> {
        self.expect('(')?;
        let mut dims = Vec::new();
        while !self.take(')') {
            dims.push(self.dimension()?);
            if !self.take(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(dims)
    }

    fn dimension(&mut self) -> Result<usize, String> {
        self.rest = self.rest.trim_start();
        let len = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(len);
        let dimension = digits.parse().map_err(|_| self.found("a dimension"))?;
        self.rest = rest;
        Ok(dimension)
    }

    /// Nothing may follow.
    pub(super) fn end(&self) -> Result<(), String> {
        let rest = self.rest.trim_start();
        if rest.is_empty() { Ok(()) } else { Err(format!("{} after the dictionary", excerpt(rest))) }
    }

    fn take_str(&mut self, text: &str) -> bool {
        self.rest = self.rest.trim_start();
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn found(&self, wanted: &str) -> String {
        format!("{} where {wanted} is needed", excerpt(self.rest))
    }
}

/// The start of `text`, quoted and harmless to print.
fn excerpt(text: &str) -> String {
    match text {
        "" => "its end".to_owned(),
        _ => format!("{:?}", text.chars().take(20).collect::<String>()),
    }
}
