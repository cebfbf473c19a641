//! Parses protobuf text into a tree of fields. It knows no schema; types are checked by who reads the fields.

use super::lexer::{Lexer, Token};
use super::scalar::Scalar;
use super::{Field, Position, SyntaxError, Value, quoted};

/// The deepest nesting accepted, that of protobuf's own parsers.
const MAX_DEPTH: usize = 100;

/// A message whose end has not been met yet.
struct Open<'a> {
    /// The field whose value the message is.
    name: &'a str,
    at: Position,
    /// The symbol that ends it.
    close: char,
    /// Whether it is an element of a list.
    in_list: bool,
    fields: Vec<Field<'a>>,
}

/// Parses `text` as the fields of a message. Nesting is followed on a heap stack, not by recursion.
pub(crate) fn parse(text: &str) -> Result<Vec<Field<'_>>, SyntaxError> {
    let mut lexer = Lexer::new(text)?;
    let mut fields = Vec::new();
    let mut open: Vec<Open<'_>> = Vec::new();
    loop {
        let at = lexer.at();
        match lexer.take()? {
            Token::End => match open.last() {
                None => return Ok(fields),
                Some(message) => {
                    let begun = format!("\"{}\" that begins at {}", message.name, message.at);
                    return Err(unexpected(at, Token::End, &format!("the end of {begun}")));
                }
            },
            Token::Word(name) => {
                let into = open.last_mut().map_or(&mut fields, |message| &mut message.fields);
                if let Some(message) = value(&mut lexer, name, at, into)? {
                    push(&mut open, message)?;
                } else {
                    separator(&mut lexer)?;
                }
            }
            Token::Symbol(symbol) if open.last().is_some_and(|message| message.close == symbol) => {
                let Some(done) = open.pop() else { continue };
                let into = open.last_mut().map_or(&mut fields, |message| &mut message.fields);
                into.push(Field { name: done.name, at: done.at, value: Value::Message(done.fields) });
                if done.in_list && !end_of_list(&mut lexer)? {
                    push(&mut open, message_in_list(&mut lexer, done.name)?)?;
                } else {
                    separator(&mut lexer)?;
                }
            }
            other => return Err(unexpected(at, other, "the name of a field")),
        }
    }
}

fn push<'a>(open: &mut Vec<Open<'a>>, message: Open<'a>) -> Result<(), SyntaxError> {
    if open.len() == MAX_DEPTH {
        let message_text = format!("messages are nested deeper than {MAX_DEPTH}");
        return Err(SyntaxError { at: message.at, message: message_text });
    }
    open.push(message);
    Ok(())
}

/// Reads what follows the name of a field: scalars go to `into`, a message is returned open.
fn value<'a>(
    lexer: &mut Lexer<'a>,
    name: &'a str,
    at: Position,
    into: &mut Vec<Field<'a>>,
) -> Result<Option<Open<'a>>, SyntaxError> {
    let colon = lexer.eat(':')?;
    if let Some(close) = opening(lexer)? {
        return Ok(Some(Open { name, at, close, in_list: false, fields: Vec::new() }));
    }
    if lexer.eat('[')? {
        return list(lexer, name, into);
    }
    if !colon {
        return Err(unexpected(lexer.at(), lexer.peek(), &format!("\":\" or \"{{\" after \"{name}\"")));
    }
    into.push(Field { name, at, value: Value::Scalar(scalar(lexer)?) });
    Ok(None)
}

/// Reads a list after its bracket, up to its end or its first message.
fn list<'a>(
    lexer: &mut Lexer<'a>,
    name: &'a str,
    into: &mut Vec<Field<'a>>,
) -> Result<Option<Open<'a>>, SyntaxError> {
    if lexer.eat(']')? {
        return Ok(None);
    }
    if matches!(lexer.peek(), Token::Symbol('{' | '<')) {
        return message_in_list(lexer, name).map(Some);
    }
    loop {
        let at = lexer.at();
        into.push(Field { name, at, value: Value::Scalar(scalar(lexer)?) });
        if end_of_list(lexer)? {
            return Ok(None);
        }
    }
}

/// Takes the `,` or `]` after an element; true for the latter.
fn end_of_list(lexer: &mut Lexer<'_>) -> Result<bool, SyntaxError> {
    if lexer.eat(']')? {
        return Ok(true);
    }
    if lexer.eat(',')? {
        return Ok(false);
    }
    Err(unexpected(lexer.at(), lexer.peek(), "\",\" or \"]\""))
}

fn message_in_list<'a>(lexer: &mut Lexer<'a>, name: &'a str) -> Result<Open<'a>, SyntaxError> {
    let at = lexer.at();
    match opening(lexer)? {
        Some(close) => Ok(Open { name, at, close, in_list: true, fields: Vec::new() }),
        None => Err(unexpected(at, lexer.peek(), "\"{\"")),
    }
}

/// Takes the beginning of a message and returns the symbol of its end.
fn opening(lexer: &mut Lexer<'_>) -> Result<Option<char>, SyntaxError> {
    Ok(if lexer.eat('{')? {
        Some('}')
    } else if lexer.eat('<')? {
        Some('>')
    } else {
        None
    })
}

fn separator(lexer: &mut Lexer<'_>) -> Result<(), SyntaxError> {
    if !lexer.eat(',')? {
        lexer.eat(';')?;
    }
    Ok(())
}

fn scalar<'a>(lexer: &mut Lexer<'a>) -> Result<Scalar<'a>, SyntaxError> {
    let at = lexer.at();
    let negative = lexer.eat('-')?;
    match lexer.take()? {
        Token::Number(text) => Ok(Scalar::Number { negative, text, at }),
        Token::Word(text) => Ok(Scalar::Word { negative, text, at }),
        Token::Quoted(first) if !negative => {
            let mut bytes = quoted::unescape(first, at)?;
            while let Token::Quoted(next) = lexer.peek() {
                bytes.extend(quoted::unescape(next, lexer.at())?);
                lexer.take()?;
            }
            match String::from_utf8(bytes) {
                Ok(text) => Ok(Scalar::String { text, at }),
                Err(_) => Err(SyntaxError { at, message: "the string is not UTF-8".into() }),
            }
        }
        other => Err(unexpected(at, other, "a value")),
    }
}

fn unexpected(at: Position, found: Token<'_>, wanted: &str) -> SyntaxError {
    SyntaxError { at, message: format!("found {}, where {wanted} is expected", found.describe()) }
}
