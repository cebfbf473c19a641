//! The form of AMCT's log lines: module in brackets, level, time, long messages cut into pieces.

use chrono::NaiveDateTime;

use super::Level;

/// The longest piece of text on one line, in characters.
const PIECE_CHARS: usize = 500;

/// The lines of one message, without timestamps and newlines. An empty message has none.
pub(super) fn lines(level: Level, module: &str, message: &str) -> Vec<String> {
    pieces(message).iter().map(|piece| format!("{level} - [AMCT]:[{module}]: {piece}")).collect()
}

/// `time` as Python's logging prints it, milliseconds after a comma.
pub(super) fn timestamp(time: NaiveDateTime) -> String {
    time.format("%Y-%m-%d %H:%M:%S,%3f").to_string()
}

/// Cuts `message` every 500 characters and strips each piece, as AMCT does.
fn pieces(message: &str) -> Vec<String> {
    let chars: Vec<char> = message.chars().collect();
    chars.chunks(PIECE_CHARS).map(|piece| piece.iter().collect::<String>().trim().to_owned()).collect()
}

/// The name in brackets for a record with this `target`.
pub(super) fn module(target: &str) -> &str {
    match target.rsplit_once("::") {
        Some((_, last)) => last,
        None => match target.strip_prefix("amct") {
            Some("") => "AMCT",
            Some(rest) => rest.strip_prefix('_').unwrap_or(target),
            None if target.is_empty() => "AMCT",
            None => target,
        },
    }
}

/// Whether a record comes from this workspace. Its module path tells, whatever its target.
pub(super) fn is_ours(record: &log::Record<'_>) -> bool {
    let path = record.module_path().unwrap_or(match record.target() {
        path if path.contains("::") => path,
        // A name like `save_model`, which is how this workspace names its targets.
        _ => "amct",
    });
    let root = path.split("::").next().unwrap_or(path);
    root == "amct" || root.starts_with("amct_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_cut_by_characters_and_stripped() {
        let message = format!("{} é{}", "x".repeat(499), "y".repeat(600));
        let lines = lines(Level::Info, "m", &message);
        let lengths: Vec<_> =
            lines.iter().map(|line| line.chars().count() - "INFO - [AMCT]:[m]: ".len()).collect();
        assert_eq!(lengths, [499, 500, 101], "the blank at the first cut is stripped");
        assert!(super::lines(Level::Info, "m", "").is_empty());
    }

    #[test]
    fn time_is_pythons() {
        let time =
            chrono::NaiveDate::from_ymd_opt(2020, 9, 1).and_then(|day| day.and_hms_milli_opt(9, 31, 4, 7));
        assert_eq!(timestamp(time.unwrap()), "2020-09-01 09:31:04,007");
    }

    #[test]
    fn targets_become_modules() {
        for (target, name) in [
            ("save_model", "save_model"),
            ("AMCT", "AMCT"),
            ("", "AMCT"),
            ("amct", "AMCT"),
            ("amct_rewrite", "rewrite"),
            ("amct_rewrite::fold::batch_norm", "batch_norm"),
            ("amctool", "amctool"),
        ] {
            assert_eq!(module(target), name, "{target:?}");
        }
    }

    #[test]
    fn the_module_path_tells_whose_record_it_is() {
        let ours = |path, target| is_ours(&log::Record::builder().module_path(path).target(target).build());
        assert!(ours(Some("amct_rewrite::fold"), "fold"));
        assert!(ours(Some("amct"), "AMCT"));
        assert!(ours(None, "save_model"));
        assert!(!ours(Some("image::codecs"), "save_model"));
        assert!(!ours(None, "image::codecs"));
        assert!(!ours(Some("amctool"), "x"));
    }
}
