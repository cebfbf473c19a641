//! Tests of the log lines on console and in the file, and of their levels.

use super::*;
use log::Log;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A console whose text can be looked at.
#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Screen {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn noon() -> Clock {
    let time = chrono::NaiveDate::from_ymd_opt(2024, 10, 23)
        .and_then(|day| day.and_hms_milli_opt(10, 47, 16, 612))
        .unwrap();
    Box::new(move || time)
}

fn logger(console: Level, file: Level, path: &Path) -> (AmctLogger, Screen) {
    let screen = Screen::default();
    let logger = AmctLogger::new(console, Box::new(screen.clone())).with_file(file, path).unwrap();
    (logger.with_clock(noon()), screen)
}

fn say(logger: &AmctLogger, level: log::Level, module_path: &str, target: &str, text: &str) {
    let args = format_args!("{text}");
    logger.log(
        &log::Record::builder().level(level).module_path(Some(module_path)).target(target).args(args).build(),
    );
}

#[test]
fn console_and_file_have_their_forms_and_levels() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(LOG_FILE);
    let (logger, screen) = logger(Level::Warning, Level::Debug, &path);
    say(&logger, log::Level::Warn, "amct::save", "save_model", "careful");
    say(&logger, log::Level::Info, "amct_rewrite::fold", "amct_rewrite::fold", "folded");
    say(&logger, log::Level::Trace, "amct", "amct", "detail");
    assert_eq!(screen.text(), "WARNING - [AMCT]:[save_model]: careful\n");
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "2024-10-23 10:47:16,612 - WARNING - [AMCT]:[save_model]: careful\n\
         2024-10-23 10:47:16,612 - INFO - [AMCT]:[fold]: folded\n\
         2024-10-23 10:47:16,612 - DEBUG - [AMCT]:[AMCT]: detail\n"
    );
}

#[test]
fn of_other_crates_only_warnings_are_shown() {
    let dir = tempfile::tempdir().unwrap();
    let (logger, screen) = logger(Level::Debug, Level::Debug, &dir.path().join("log"));
    say(&logger, log::Level::Info, "image::jpeg", "image::jpeg", "hidden");
    say(&logger, log::Level::Warn, "image::jpeg", "image::jpeg", "shown");
    assert_eq!(screen.text(), "WARNING - [AMCT]:[jpeg]: shown\n");
}

#[test]
fn without_a_file_the_console_level_alone_counts() {
    let screen = Screen::default();
    let logger = AmctLogger::new(Level::Error, Box::new(screen.clone()));
    say(&logger, log::Level::Warn, "amct", "amct", "hidden");
    say(&logger, log::Level::Error, "amct", "amct", "shown");
    assert_eq!(screen.text(), "ERROR - [AMCT]:[AMCT]: shown\n");
}

#[test]
fn an_old_log_is_emptied() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    std::fs::write(&path, "old").unwrap();
    logger(Level::Info, Level::Info, &path);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "");
}

#[cfg(unix)]
#[test]
fn modes_are_amcts() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(LOG_FILE);
    logger(Level::Info, Level::Info, &path);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o640);
    assert_eq!(mode(path.parent().unwrap()) & !0o750, 0);
}

#[test]
fn a_log_that_cannot_be_created_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let blocker = dir.path().join("file");
    std::fs::write(&blocker, "").unwrap();
    let logger = AmctLogger::new(Level::Info, Box::new(Screen::default()));
    let error = logger.with_file(Level::Info, blocker.join("log")).unwrap_err();
    assert!(error.to_string().starts_with("cannot create the log file"), "{error}");
}

#[test]
fn levels_have_names_in_any_case() {
    for (name, level) in
        [("debug", Level::Debug), ("Info", Level::Info), ("WARNING", Level::Warning), ("error", Level::Error)]
    {
        assert_eq!(name.parse(), Ok(level));
        assert_eq!(level.to_string(), name.to_uppercase());
    }
    assert_eq!(
        "warn".parse::<Level>().unwrap_err().to_string(),
        "'warn' is invalid, only support ['DEBUG', 'INFO', 'WARNING', 'ERROR']"
    );
}
