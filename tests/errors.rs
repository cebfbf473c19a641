//! Errors are data: each has a kind, a place and its source, none repeats its source, and no library names an
//! option of the command line.

use std::error::Error;
use std::path::Path;

use amct::graph::{Graph, GraphMeta, Node};
use amct::{Chain, ErrorKind, Remedy};

use crate::support::sources;

/// Where a literal ends that begins before `text`.
fn end_of(text: &str, is_raw: bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while *bytes.get(at)? != b'"' {
        at += if bytes[at] == b'\\' && !is_raw { 2 } else { 1 };
    }
    Some(at)
}

/// The string literals of some code.
fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find(['"', '\'', '/']) {
        let (before, from) = rest.split_at(at);
        rest = &from[1..];
        if from.starts_with("//") {
            rest = from.find('\n').map_or("", |end| &from[end..]);
        } else if from.starts_with("'\"'") || from.starts_with("'\\\"'") {
            rest = &from[from.find("\"'").unwrap() + 2..];
        } else if let Some(inside) = from.strip_prefix('"') {
            let is_raw = before.ends_with("r#") || before.ends_with('r');
            let end = if before.ends_with("r#") { inside.find("\"#") } else { end_of(inside, is_raw) };
            let (literal, after) = inside.split_at(end.unwrap());
            found.push(literal.to_owned());
            rest = &after[1..];
        }
    }
    found
}

#[test]
fn literals_are_found() {
    let code =
        "let a = \"one \\\" two\"; // \"none\"\nlet b = ['\"', 'x']; f(r\"a\\\", r#\"x\"y\"#, \"--z\")";
    assert_eq!(literals(code), ["one \\\" two", "a\\", "x\"y", "--z"]);
}

#[test]
fn only_the_command_line_names_its_options() {
    let is_option = |text: &str| {
        let mut parts = text.split("--").skip(1);
        parts.any(|after| after.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    let mut named = Vec::new();
    let mut seen = 0;
    for (path, code) in sources() {
        if path.starts_with("crates/cli") {
            continue;
        }
        for literal in literals(&code) {
            seen += 1;
            // ATC's own options are no options of ours.
            let ours: String = literal.split('`').filter(|part| !part.starts_with("atc ")).collect();
            if is_option(&ours) {
                named.push(format!("{}: {literal}", path.display()));
            }
        }
    }
    assert!(seen > 2000, "the search finds {seen} literals only");
    assert!(named.is_empty(), "say it as a Remedy, which crates/cli/src/remedy.rs words: {named:#?}");
}

#[test]
fn error_types_can_grow_and_tell_their_kind_and_source() {
    let sources = sources();
    let all: String = sources.iter().map(|(_, code)| code.as_str()).collect();
    let mut count = 0;
    let mut wrong = Vec::new();
    for (path, code) in &sources {
        for (at, _) in code.match_indices("pub enum ") {
            let name: String = code[at + 9..].chars().take_while(|c| c.is_alphanumeric()).collect();
            let Some(implementation) =
                ["std::error::Error for ", "error::Error for "].iter().find_map(|word| {
                    all.find(&format!("{word}{name} ")).or_else(|| all.find(&format!("{word}{name}<")))
                })
            else {
                continue;
            };
            count += 1;
            let mut say = |what: &str| wrong.push(format!("{} {name}: {what}", path.display()));
            let attributes = code[..at].rsplit("\n\n").next().unwrap();
            if !attributes.contains("#[non_exhaustive]") {
                say("is not #[non_exhaustive]");
            }
            if !all.contains(&format!("Fault for {name} ")) && !all.contains(&format!("Fault for {name}<")) {
                say("is no Fault");
            }
            let body = &code[at..at + code[at..].find("\n}").unwrap()];
            let wraps = body.lines().filter(|line| !line.trim_start().starts_with("//")).any(|line| {
                line.contains("source: ")
                    || line.contains("Error>")
                    || line.contains("Error)")
                    || line.contains("Error,")
            });
            let body = &all[implementation..];
            let body =
                &body[..body.find("\n}").unwrap_or(body.len()).min(body.find("{}").unwrap_or(body.len()))];
            if wraps && !body.contains("fn source") {
                say("wraps an error and has no source()");
            }
        }
    }
    assert!(count > 25, "the search finds {count} types only");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_file_that_is_not_there_is_told_once_and_as_data() {
    let path = Path::new("no/such.pb");
    let error = amct::Error::from(amct::graphdef::load(path).unwrap_err());
    assert_eq!((error.kind(), error.file()), (ErrorKind::Io, Some(path)));
    let system = error.source().unwrap().downcast_ref::<std::io::Error>().unwrap();
    assert_eq!(system.kind(), std::io::ErrorKind::NotFound);
    assert_eq!(Chain(&error).to_string(), format!("cannot read the model 'no/such.pb': {system}"));
}

#[test]
fn the_kind_is_that_of_the_cause_and_the_place_is_all_that_is_known() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.json");
    std::fs::write(&path, "{\n  \"version\": 1,\n  \"version\": 1\n}").unwrap();
    let error = amct::Error::from(amct_artifacts::config::QuantConfig::read(&path).unwrap_err());
    assert_eq!(error.kind(), ErrorKind::Format);
    assert_eq!(
        (error.file(), error.line(), error.attribute()),
        (Some(path.as_path()), Some(3), Some("version"))
    );
    let text = Chain(&error).to_string();
    assert_eq!(text.matches("repeated items are").count(), 1, "{text}");
    assert!(text.starts_with(&format!("{}:3:", path.display())), "{text}");
}

#[test]
fn what_can_be_done_is_data_and_its_words_name_no_option() {
    let node = |name: &str, op: &str, inputs: &[&str]| {
        let inputs = inputs.iter().map(|input| (*input).to_owned()).collect();
        (Node { name: name.into(), op: op.into(), ..Node::default() }, inputs)
    };
    let nodes = [node("x", "Placeholder", &[]), node("a", "Relu", &["x"]), node("b", "Relu6", &["x"])];
    let graph = Graph::from_named(nodes, GraphMeta::default()).unwrap();
    let error = amct::signature::outputs(&graph, &[]).unwrap_err();
    assert_eq!(error.remedy(), Some(Remedy::NameAnOutput(vec!["a".into(), "b".into()])));
    assert_eq!(error.in_one_line(), "the graph has 2 possible outputs: 'a', 'b'; name one of them");
}
