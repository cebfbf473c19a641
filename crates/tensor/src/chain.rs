//! An error with all that it comes from, in one line.

use std::error::Error;
use std::fmt::{self, Write};

/// An error and its sources as `what: why: why that`.
///
/// No error of this workspace says in its own text what its source says, so that a chain tells
/// everything once.
#[derive(Clone, Copy, Debug)]
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut next = Some(self.0);
        let mut last = String::new();
        while let Some(error) = next {
            if !last.is_empty() {
                // AMCT's own texts are sentences.
                f.write_str(if last.ends_with(['.', '!', '?']) { " " } else { ": " })?;
            }
            last.clear();
            write!(last, "{error}")?;
            f.write_str(&last)?;
            next = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Link(&'static str, Option<Box<Link>>);

    impl fmt::Display for Link {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Link {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|link| link as &(dyn Error + 'static))
        }
    }

    #[test]
    fn a_chain_tells_every_link_once() {
        let link = |text, source| Link(text, Some(Box::new(source)));
        let chain = link("file x", link("This is wrong.", link("line 3", Link("no number", None))));
        assert_eq!(Chain(&chain).to_string(), "file x: This is wrong. line 3: no number");
    }
}
