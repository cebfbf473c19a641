//! Standard output: the one place that writes to it.
//!
//! `println!` panics if the reader is gone (`amct inspect m.pb | head -1`) or the disk is full. Here
//! nothing that is written can fail. The first error is kept, what comes after it is dropped, and the
//! end of the program asks what went wrong. So a command does all of its work and has its own exit
//! code, whoever reads its results.

use std::fmt;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};

/// Where results go, by `write!` and `writeln!`.
pub(crate) struct Out {
    sink: Box<dyn Write>,
    /// Of the first write that failed.
    error: Option<io::Error>,
}

impl Out {
    /// Standard output: line by line to a terminal, in larger pieces to anything else.
    #[allow(clippy::disallowed_methods, reason = "this is the one place")]
    pub(crate) fn stdout() -> Self {
        let stdout = io::stdout();
        if stdout.is_terminal() { Self::to(stdout) } else { Self::to(BufWriter::new(stdout)) }
    }

    fn to(sink: impl Write + 'static) -> Self {
        Self { sink: Box::new(sink), error: None }
    }

    /// What `write!` and `writeln!` call.
    pub(crate) fn write_fmt(&mut self, text: fmt::Arguments<'_>) {
        self.attempt(|sink| sink.write_fmt(text));
    }

    /// Writes what has its own way to do so, unless a write has failed.
    pub(crate) fn attempt(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if self.error.is_none() {
            self.error = write(&mut *self.sink).err();
        }
    }

    /// Writes what is still in memory.
    ///
    /// # Errors
    /// Results are lost. A reader that went away lacks nothing: it has read what it wanted.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.attempt(|sink| sink.flush());
        match self.error {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    /// Takes `room` bytes and then fails; what was asked of it stays readable.
    #[derive(Clone, Default)]
    struct Disk {
        room: usize,
        kind: Option<ErrorKind>,
        taken: Rc<RefCell<Vec<u8>>>,
        failures: Rc<RefCell<usize>>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut taken = self.taken.borrow_mut();
            let left = self.room.saturating_sub(taken.len()).min(bytes.len());
            match self.kind {
                Some(kind) if left == 0 => {
                    *self.failures.borrow_mut() += 1;
                    Err(kind.into())
                }
                _ => {
                    taken.extend(&bytes[..left]);
                    Ok(left)
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn full_after(room: usize, kind: ErrorKind) -> Disk {
        Disk { room, kind: Some(kind), ..Disk::default() }
    }

    #[test]
    fn all_is_written_in_order() {
        let disk = Disk { room: 100, ..Disk::default() };
        let mut out = Out::to(BufWriter::new(disk.clone()));
        writeln!(out, "a {}", 1);
        out.attempt(|sink| sink.write_all(b"b\n"));
        write!(out, "c");
        assert!(disk.taken.borrow().is_empty());
        out.finish().unwrap();
        assert_eq!(*disk.taken.borrow(), b"a 1\nb\nc");
    }

    #[test]
    fn after_an_error_nothing_more_is_tried_and_the_end_tells_it() {
        let disk = full_after(3, ErrorKind::StorageFull);
        let mut out = Out::to(disk.clone());
        for _ in 0..10 {
            writeln!(out, "ab");
        }
        assert_eq!((disk.taken.borrow().len(), *disk.failures.borrow()), (3, 1));
        assert_eq!(out.finish().unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(*disk.failures.borrow(), 1);
    }

    #[test]
    fn an_error_of_the_last_flush_counts() {
        let mut out = Out::to(BufWriter::new(full_after(0, ErrorKind::StorageFull)));
        writeln!(out, "a");
        assert_eq!(out.finish().unwrap_err().kind(), ErrorKind::StorageFull);
    }

    #[test]
    fn a_reader_that_goes_away_is_no_error() {
        let mut out = Out::to(full_after(3, ErrorKind::BrokenPipe));
        writeln!(out, "ab");
        writeln!(out, "cd");
        out.finish().unwrap();
        let mut out = Out::to(BufWriter::new(full_after(0, ErrorKind::BrokenPipe)));
        writeln!(out, "ab");
        out.finish().unwrap();
    }

    #[test]
    fn nothing_written_is_nothing_lost() {
        Out::to(full_after(0, ErrorKind::StorageFull)).finish().unwrap();
    }
}
