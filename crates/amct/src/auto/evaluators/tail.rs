use std::io::Read;
use std::thread::JoinHandle;

/// Bytes kept of what a command prints.
const KEPT: usize = 64 << 10;

/// Reads a stream to its end on a thread of its own, and keeps the end of it.
pub(super) fn follow(mut stream: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        let mut chunk = [0; 4096];
        // A stream that breaks off has ended.
        while let Ok(read @ 1..) = stream.read(&mut chunk) {
            kept.extend_from_slice(chunk.get(..read).unwrap_or_default());
            if kept.len() > 2 * KEPT {
                kept.drain(..kept.len() - KEPT);
            }
        }
        kept
    })
}

/// What a follower kept, as text without blanks around it.
pub(super) fn text(follower: JoinHandle<Vec<u8>>) -> String {
    String::from_utf8_lossy(&follower.join().unwrap_or_default()).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_stream_is_kept() {
        let mut stream = vec![b'x'; 10 * KEPT];
        stream.extend_from_slice(b"end\n");
        let kept = text(follow(std::io::Cursor::new(stream)));
        assert!(kept.len() >= KEPT - 1 && kept.len() <= 2 * KEPT && kept.ends_with("xend"));
    }
}
