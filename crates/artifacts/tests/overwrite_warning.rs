//! The warning about an overwritten file, through a logger installed for the whole process. One test,
//! because a process can have one logger only.

use amct_artifacts::atomic;
use amct_artifacts::logging::{self, Level, LogError};

#[test]
fn an_overwritten_file_is_announced_in_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join(logging::LOG_FILE);
    logging::install(Level::Error, Level::Info, &log).unwrap();

    let output = dir.path().join("config.json");
    atomic::write(&output, b"1").unwrap();
    assert_eq!(std::fs::read_to_string(&log).unwrap(), "");
    atomic::write(&output, b"2").unwrap();

    let line = std::fs::read_to_string(&log).unwrap();
    let (time, text) = line.split_once(" - ").unwrap();
    assert_eq!(time.len(), "2024-10-23 10:47:16,612".len());
    let path = output.display();
    assert_eq!(
        text,
        format!(
            "WARNING - [AMCT]:[AMCT]: The file already exists at {path}, and it will be overwritten by AMCT\n"
        )
    );

    assert!(matches!(logging::install(Level::Info, Level::Info, &log), Err(LogError::AlreadySet)));
}
