//! Paths and sections of documents: what a comment or a document cites is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use amct_rewrite::verify::{ADVICE, RULES};
use amct_rewrite::{PASSES, PassInfo};

use crate::support::root;

/// What of the repository is searched, besides the files at its root.
const FOLDERS: [&str; 6] = ["benches", "crates", "data", "docs", "proto", "tests"];
const KINDS: [&str; 4] = ["md", "proto", "py", "rs"];

/// The documents that are cited by section.
const SOURCES: &str = "docs/sources";

/// A searched file, with its path from the root.
struct File {
    path: PathBuf,
    /// Its words in one line, without what marks a comment.
    text: String,
}

fn files() -> Vec<File> {
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(|folder| root().join(folder)).collect();
    let mut paths: Vec<PathBuf> = entries(root()).into_iter().filter(|path| path.is_file()).collect();
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() { folders.push(path) } else { paths.push(path) }
        }
    }
    let is_kind = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| KINDS.contains(&extension))
    };
    let files: Vec<File> = paths
        .into_iter()
        .filter(is_kind)
        .map(|path| {
            let text = in_one_line(&fs::read_to_string(&path).unwrap());
            File { path: path.strip_prefix(root()).unwrap().to_owned(), text }
        })
        .collect();
    assert!(files.len() > 300);
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn in_one_line(text: &str) -> String {
    let words = text.lines().flat_map(|line| {
        let line = line.trim_start();
        let comment = ["//!", "///", "//", "#"].iter().find_map(|mark| line.strip_prefix(mark));
        comment.unwrap_or(line).split_whitespace()
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A document that is mentioned, and the sections of it that are cited behind its name.
#[derive(Debug, PartialEq)]
struct Citation<'t> {
    document: &'t str,
    sections: Vec<&'t str>,
}

fn citations(text: &str) -> Vec<Citation<'_>> {
    let is_of_path = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let mut found = Vec::new();
    for (at, _) in text.match_indices(".md") {
        let end = at + ".md".len();
        let (before, behind) = text.split_at(end);
        if behind.starts_with(is_of_path) && !behind.starts_with(['.', '-']) {
            continue;
        }
        let begin = before.rfind(|c| !is_of_path(c)).map_or(0, |last| last + 1);
        let is_address = before[..begin].ends_with(':');
        let document = &before[begin..];
        if !is_address && document != ".md" {
            found.push(Citation { document, sections: sections(behind) });
        }
    }
    found
}

/// The sections that the words behind a document's name cite: numbers, or names in quotes.
fn sections(behind: &str) -> Vec<&str> {
    let behind = behind.trim_start_matches(['`', ',', ')', ' ']);
    let Some(mut rest) = behind.strip_prefix("sections ").or_else(|| behind.strip_prefix("section ")) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    loop {
        let section = match rest.strip_prefix('"') {
            Some(name) => name.split('"').next().unwrap_or_default(),
            None => {
                let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
                rest[..end].trim_end_matches('.')
            }
        };
        if section.is_empty() {
            return found;
        }
        found.push(section);
        rest = rest[section.len()..].trim_start_matches('"');
        match [", and ", ", ", " and ", " to "].iter().find_map(|word| rest.strip_prefix(word)) {
            Some(next) => rest = next,
            None => return found,
        }
    }
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
        plain
    })
}

/// Where a document is that a file mentions: from the root, or from the file.
fn document(file: &File, name: &str) -> Option<PathBuf> {
    let beside = plain(&file.path.parent().unwrap().join(name));
    [PathBuf::from(name), beside].into_iter().find(|path| root().join(path).is_file())
}

/// The sections of each document: number and name.
fn headings() -> BTreeMap<PathBuf, BTreeSet<String>> {
    let sections = |text: &str| {
        let mut found = BTreeSet::new();
        for heading in text.lines().filter_map(|line| line.strip_prefix('#')) {
            let heading = heading.trim_start_matches('#').trim();
            let (number, name) = heading.split_once(' ').unwrap_or((heading, ""));
            let is_number = number.starts_with(|c: char| c.is_ascii_digit());
            let (number, name) = if is_number { (number.trim_end_matches('.'), name) } else { ("", heading) };
            assert!(number.is_empty() || !found.contains(number), "two sections {number}");
            found.extend([number, name].map(str::to_owned));
        }
        found
    };
    let documents = entries(&root().join(SOURCES)).into_iter();
    documents
        .map(|path| {
            let found = sections(&fs::read_to_string(&path).unwrap());
            (path.strip_prefix(root()).unwrap().to_owned(), found)
        })
        .collect()
}

#[test]
fn citations_are_found_in_text() {
    let text = in_one_line(
        "//! As `docs/accuracy.md` sections 4.3, 5 and\n//! 6.1, not https://b.org/c.md; d.md, section \"Name\".",
    );
    assert_eq!(
        citations(&text),
        [
            Citation { document: "docs/accuracy.md", sections: vec!["4.3", "5", "6.1"] },
            Citation { document: "d.md", sections: vec!["Name"] },
        ]
    );
}

#[test]
fn every_document_mentioned_is_there() {
    let mut count = 0;
    for file in files() {
        for Citation { document: name, .. } in citations(&file.text) {
            if name.starts_with("docs/") || name.starts_with("sources/") {
                count += 1;
                assert!(document(&file, name).is_some(), "{}: there is no {name}", file.path.display());
            }
        }
    }
    assert!(count > 50, "the search finds {count} mentions only");
}

#[test]
fn every_link_of_a_document_leads_to_a_file() {
    for file in files().iter().filter(|file| file.path.extension().is_some_and(|kind| kind == "md")) {
        for (at, _) in file.text.match_indices("](") {
            let target = file.text[at + 2..].split([')', '#']).next().unwrap();
            let path = plain(&file.path.parent().unwrap().join(target));
            let is_there = target.contains("://") || root().join(path).exists();
            assert!(is_there, "{}: the link to {target} leads nowhere", file.path.display());
        }
    }
}

#[test]
fn every_section_cited_is_there() {
    let headings = headings();
    let mut count = 0;
    for file in files() {
        for Citation { document: name, sections } in citations(&file.text) {
            let Some(known) = document(&file, name).and_then(|path| headings.get(&path)) else { continue };
            for section in sections {
                count += 1;
                let place = file.path.display();
                assert!(known.contains(section), "{place}: {name} has no section '{section}'");
            }
        }
    }
    assert!(count > 25, "the search finds {count} sections only");
}

/// Sections of their own that the documents speak of.
#[test]
fn every_section_mentioned_by_itself_is_there() {
    let headings = headings();
    for file in files().iter().filter(|file| file.path.starts_with(SOURCES)) {
        let known = &headings[&file.path];
        for (at, _) in file.text.match_indices("section") {
            let before = file.text[..at].trim_end_matches(['`', ',', ')', ' ']);
            if before.ends_with(".md") {
                continue;
            }
            for section in sections(&file.text[at..]) {
                let place = file.path.display();
                assert!(known.contains(section), "{place}: there is no section '{section}'");
            }
        }
    }
}

#[test]
fn every_rule_has_its_row() {
    let text = fs::read_to_string(root().join(SOURCES).join("atc.md")).unwrap();
    for rule in RULES.iter().chain(&ADVICE) {
        let rows = text.lines().filter(|line| line.starts_with(&format!("| {} |", rule.number))).count();
        assert_eq!(rows, 1, "rule {}", rule.number);
    }
}

#[test]
fn architecture_lists_the_passes_in_their_order() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rows = text.lines().skip_while(|line| !line.starts_with("| pass |")).skip(2);
    let rows: Vec<&str> = rows.take_while(|line| line.starts_with('|')).collect();
    let row = |pass: &PassInfo| {
        let written = if pass.is_written { "yes" } else { "no" };
        format!("| `{}` | {} | {written} |", pass.name, pass.does)
    };
    assert_eq!(rows, PASSES.iter().map(row).collect::<Vec<_>>());
}

/// Comments once cited a folder that the repository does not have. A module may have such a folder.
#[test]
fn nobody_cites_what_the_repository_does_not_have() {
    let folder = concat!("refer", "ence/");
    for file in files() {
        for (at, _) in file.text.match_indices(folder) {
            assert!(file.text[..at].ends_with('/'), "{} mentions {folder}", file.path.display());
        }
    }
}
