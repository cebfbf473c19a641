//! Tests that outputs appear whole or not at all, with the right modes, and leave no temporary files.

use super::*;

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn directories_are_created_and_nothing_else_is_left() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a/b/c.txt");
    write(&path, b"one").unwrap();
    write(&path, b"two").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(names(path.parent().unwrap()), ["c.txt"]);
}

#[cfg(unix)]
#[test]
fn modes_are_amcts() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("d/f");
    write(&path, b"").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o640);
    assert_eq!(mode(path.parent().unwrap()) & !0o750, 0);
}

#[test]
fn a_failing_output_leaves_none_of_the_others() {
    let root = tempfile::tempdir().unwrap();
    let blocker = root.path().join("file");
    fs::write(&blocker, b"x").unwrap();
    let mut files = FileSet::new();
    files.stage(root.path().join("first"), b"1").unwrap();
    let error = files.stage(blocker.join("second"), b"2").unwrap_err();
    assert!(error.to_string().contains("second"), "{error}");
    drop(files);
    assert_eq!(names(root.path()), ["file"]);
}

#[test]
fn a_set_appears_only_at_commit() {
    let root = tempfile::tempdir().unwrap();
    let (first, second) = (root.path().join("first"), root.path().join("second"));
    let mut files = FileSet::new();
    files.stage(&first, b"1").unwrap();
    files.stage(&second, b"2").unwrap();
    assert!(!first.exists() && !second.exists());
    files.commit().unwrap();
    assert_eq!(names(root.path()), ["first", "second"]);
}

#[test]
fn the_same_output_twice_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("out");
    let mut files = FileSet::new();
    files.stage(&path, b"1").unwrap();
    assert!(matches!(files.stage(&path, b"2"), Err(WriteError::Twice { .. })));
}

#[test]
fn a_directory_and_an_empty_path_are_no_targets() {
    let root = tempfile::tempdir().unwrap();
    assert!(matches!(write(root.path(), b""), Err(WriteError::NotAFile { .. })));
    assert!(matches!(write("", b""), Err(WriteError::NotAFile { .. })));
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let root = tempfile::tempdir().unwrap();
    let (real, link) = (root.path().join("real"), root.path().join("link"));
    fs::write(&real, b"old").unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    write(&link, b"new").unwrap();
    assert!(link.is_symlink());
    assert_eq!(fs::read(&real).unwrap(), b"new");
}
