//! Splits protobuf text into tokens, each with its line and column.

use super::{Position, SyntaxError};

/// A piece of the text, borrowed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name or a word like `true`, `inf`.
    Word(&'a str),
    /// A number without sign, as written.
    Number(&'a str),
    /// What stands between two quotes, escapes not yet resolved.
    Quoted(&'a str),
    /// One of `: { } [ ] < > , ; -`.
    Symbol(char),
    End,
}

impl Token<'_> {
    /// The token as an error message shows it.
    pub(super) fn describe(&self) -> String {
        match self {
            Token::Word(text) | Token::Number(text) => format!("\"{text}\""),
            Token::Quoted(_) => "a string".into(),
            Token::Symbol(symbol) => format!("\"{symbol}\""),
            Token::End => "the end of the text".into(),
        }
    }
}

/// Splits a text into tokens, one ahead of the parser.
pub(super) struct Lexer<'a> {
    rest: &'a str,
    position: Position,
    /// The token to come.
    next: Token<'a>,
    next_at: Position,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, SyntaxError> {
        let start = Position { line: 1, column: 1 };
        let mut lexer = Self { rest: text, position: start, next: Token::End, next_at: start };
        lexer.advance()?;
        Ok(lexer)
    }

    pub(super) fn peek(&self) -> Token<'a> {
        self.next
    }

    /// Where the token to come begins.
    pub(super) fn at(&self) -> Position {
        self.next_at
    }

    pub(super) fn take(&mut self) -> Result<Token<'a>, SyntaxError> {
        let token = self.next;
        self.advance()?;
        Ok(token)
    }

    /// Takes the token to come if it is `symbol`.
    pub(super) fn eat(&mut self, symbol: char) -> Result<bool, SyntaxError> {
        let found = self.next == Token::Symbol(symbol);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn advance(&mut self) -> Result<(), SyntaxError> {
        self.skip_blanks();
        self.next_at = self.position;
        self.next = match self.rest.chars().next() {
            None => Token::End,
            Some('"') => self.quoted('"')?,
            Some('\'') => self.quoted('\'')?,
            Some(first) if first.is_ascii_alphabetic() || first == '_' => {
                Token::Word(self.consume_while(|c| c.is_ascii_alphanumeric() || c == '_'))
            }
            Some(first) if first.is_ascii_digit() || first == '.' => Token::Number(self.number()),
            Some(symbol) if ":{}[]<>,;-".contains(symbol) => {
                self.consume(symbol.len_utf8());
                Token::Symbol(symbol)
            }
            Some(other) => return Err(self.error(format!("unexpected character {other:?}"))),
        };
        Ok(())
    }

    fn skip_blanks(&mut self) {
        loop {
            self.consume_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}'));
            if !self.rest.starts_with('#') {
                return;
            }
            self.consume_while(|c| c != '\n');
        }
    }

    /// A number as long as it may be; whether it is a valid one is decided when its type is known.
    fn number(&mut self) -> &'a str {
        let mut previous = ' ';
        self.consume_while(|c| {
            let exponent_sign = (c == '-' || c == '+') && matches!(previous, 'e' | 'E');
            previous = c;
            c.is_ascii_alphanumeric() || c == '.' || c == '_' || exponent_sign
        })
    }

    fn quoted(&mut self, quote: char) -> Result<Token<'a>, SyntaxError> {
        self.consume(1);
        let mut escaped = false;
        for (index, character) in self.rest.char_indices() {
            match character {
                '\n' => break,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if character == quote => {
                    let content = self.consume(index);
                    self.consume(1);
                    return Ok(Token::Quoted(content));
                }
                _ => {}
            }
        }
        Err(SyntaxError { at: self.next_at, message: "the string has no end on its line".into() })
    }

    fn consume_while(&mut self, mut wanted: impl FnMut(char) -> bool) -> &'a str {
        let length = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        self.consume(length)
    }

    /// Takes `length` bytes, which must end at a character, and counts lines and columns.
    fn consume(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        for character in taken.chars() {
            if character == '\n' {
                self.position = Position { line: self.position.line + 1, column: 1 };
            } else {
                self.position.column += 1;
            }
        }
        taken
    }

    fn error(&self, message: String) -> SyntaxError {
        SyntaxError { at: self.position, message }
    }
}
