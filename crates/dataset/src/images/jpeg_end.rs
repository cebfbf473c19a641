//! Whether JPEG data is complete.
//!
//! The decoder fills what is missing with grey and says nothing. A calibration image that is half
//! grey would give wrong ranges, so its end is looked for here; Pillow refuses such files as well.

const END_OF_IMAGE: u8 = 0xD9;

/// Whether the end-of-image marker follows, after all segments and their compressed data.
///
/// Source: ITU-T T.81, B.1.1. Segments are skipped by their lengths, so that the end of a thumbnail
/// inside one does not count. Bytes between segments that belong to none are skipped, as libjpeg does.
pub(super) fn has_end_of_image(data: &[u8]) -> bool {
    let mut rest = data;
    while let Some((marker, after)) = next_marker(rest) {
        rest = match marker {
            END_OF_IMAGE => return true,
            // Start of image, TEM and the restarts stand alone.
            0xD8 | 0x01 | 0xD0..=0xD7 => after,
            // The length of a segment counts its own two bytes. Compressed data after a start of
            // scan has no length: in it, 0xFF is followed by 0 or a restart, which are no segments.
            _ => match after.first_chunk().map(|&length| usize::from(u16::from_be_bytes(length))) {
                Some(length) => match after.get(length.max(2)..) {
                    Some(after) => after,
                    None => return false,
                },
                None => return false,
            },
        };
    }
    false
}

/// The first marker in `data` and what follows it. 0xFF 0x00 is a data byte, 0xFF 0xFF is fill.
fn next_marker(data: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = data;
    loop {
        let start = rest.iter().position(|&byte| byte == 0xFF)?;
        rest = rest.get(start + 1..)?;
        match rest.split_first()? {
            (0, after) => rest = after,
            (0xFF, _) => {}
            (&marker, after) => return Some((marker, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A start of image, a segment that holds an end marker, and a scan with a data byte 0xFF and a restart.
    const BODY: [u8; 22] =
        [0xFF, 0xD8, 0xFF, 0xE1, 0, 6, 0xFF, 0xD9, 1, 2, 0xFF, 0xDA, 0, 3, 9, 7, 0xFF, 0, 0xFF, 0xD0, 5, 6];

    #[test]
    fn the_end_counts_only_outside_a_segment() {
        assert!(!has_end_of_image(&BODY));
        let complete = [BODY.as_slice(), &[0xFF, 0xFF, 0xD9]].concat();
        assert!(has_end_of_image(&complete));
        assert!(has_end_of_image(&[complete.as_slice(), b"more"].concat()));
        for len in 0..complete.len() {
            assert!(!has_end_of_image(&complete[..len]), "{len}");
        }
    }

    #[test]
    fn a_length_beyond_the_data_or_below_two_does_no_harm() {
        assert!(!has_end_of_image(&[0xFF, 0xE0, 0xFF, 0xFF, 0xFF, 0xD9]));
        assert!(has_end_of_image(&[0xFF, 0xE0, 0, 0, 0xFF, 0xD9]));
        assert!(!has_end_of_image(&[0xFF, 0xE0, 0]));
    }
}
