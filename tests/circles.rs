//! No circles between the files of a crate: what a file is built on is not built on the file.
//!
//! An arrow goes from a file to the module that each of its `use crate::..`, `use super::..`, `use self::..`
//! and `use child::..` lines names, to the innermost one that has a file. No arrow goes between a module and
//! one that lies in it, in either direction: a parent is made of its children, and these take what they share
//! (an error type, a constant, an import) from it by `super::`, which is the usual shape in Rust. So two
//! siblings may not be tied to each other in both directions, nor by a detour; what both need goes into a
//! third file. Tests are left aside. Paths inside of expressions are not looked at: write a `use`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::{root, rust_files};

/// The path of a module within its crate; that of `lib.rs` and `main.rs` is empty.
type Module = Vec<String>;

/// The module that a file below `src` holds.
fn module(path: &Path) -> Module {
    let mut names: Module = path.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
    let file = names.pop().unwrap();
    match file.strip_suffix(".rs").unwrap() {
        "lib" | "main" => {}
        name => names.push(name.to_owned()),
    }
    names
}

/// The files below `src` of each crate by crate and module, without tests.
fn crates() -> BTreeMap<String, BTreeMap<Module, String>> {
    let mut crates: BTreeMap<String, BTreeMap<Module, String>> = BTreeMap::new();
    for path in rust_files() {
        let below = path.strip_prefix(root()).unwrap();
        let names: Vec<&str> = below.iter().map(|name| name.to_str().unwrap()).collect();
        if let ["crates", name, "src", inner @ ..] = names.as_slice() {
            let module = module(&inner.iter().collect::<std::path::PathBuf>());
            if !module.iter().any(|name| name == "tests") {
                let text = std::fs::read_to_string(&path).unwrap();
                crates.entry((*name).to_owned()).or_default().insert(module, text);
            }
        }
    }
    crates
}

/// The paths that the `use` lines of a file name, braces taken apart, up to its tests.
fn used_paths(text: &str) -> Vec<Vec<String>> {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let mut paths = Vec::new();
    let mut lines = code.iter().map(|line| line.trim());
    while let Some(line) = lines.next() {
        let visible = line.find("use ").filter(|&at| at == 0 || line.starts_with("pub"));
        let Some(at) = visible else { continue };
        let mut statement = line[at + "use ".len()..].to_owned();
        while !statement.contains(';') {
            statement.push_str(lines.next().expect("a `use` has an end"));
        }
        take_apart(&[], statement.split(';').next().unwrap(), &mut paths);
    }
    paths
}

/// `a::{b, c::d}` after `before` as the paths `a::b` and `a::c::d`.
fn take_apart(before: &[String], tree: &str, paths: &mut Vec<Vec<String>>) {
    let mut depth = 0_u32;
    let branches = tree.split(|c| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    for branch in branches.map(str::trim).filter(|branch| !branch.is_empty()) {
        let (head, inner) = match branch.split_once('{') {
            Some((head, inner)) => (head, inner.rsplit_once('}').map(|(inner, _)| inner)),
            None => (branch.split(" as ").next().unwrap_or_default(), None),
        };
        let names = head.split("::").map(str::trim).filter(|name| !name.is_empty());
        let path: Vec<String> = before.iter().cloned().chain(names.map(str::to_owned)).collect();
        match inner {
            Some(inner) => take_apart(&path, inner, paths),
            None => paths.push(path),
        }
    }
}

/// The module with a file that a path in `own` leads into; `None` for another crate.
fn target<'m>(files: &'m BTreeMap<Module, String>, own: &Module, path: &[String]) -> Option<&'m Module> {
    let ups = path.iter().take_while(|name| *name == "super").count();
    let mut full: Module = match path.first()?.as_str() {
        "crate" => path[1..].to_vec(),
        "self" => [own, &path[1..]].concat(),
        "super" => [&own[..own.len() - ups], &path[ups..]].concat(),
        child => {
            let child = [own.as_slice(), &[child.to_owned()]].concat();
            files.get(&child)?;
            [own, path].concat()
        }
    };
    loop {
        if let Some((module, _)) = files.get_key_value(&full) {
            return Some(module);
        }
        full.pop()?;
    }
}

fn arrows(files: &BTreeMap<Module, String>) -> BTreeMap<&Module, BTreeSet<&Module>> {
    let mut arrows: BTreeMap<&Module, BTreeSet<&Module>> = BTreeMap::new();
    for (own, text) in files {
        for path in used_paths(text) {
            let Some(used) = target(files, own, &path) else { continue };
            if !used.starts_with(own) && !own.starts_with(used) {
                arrows.entry(own).or_default().insert(used);
            }
        }
    }
    arrows
}

/// The modules that `from` is built on.
fn reachable<'m>(arrows: &BTreeMap<&'m Module, BTreeSet<&'m Module>>, from: &Module) -> BTreeSet<&'m Module> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Module> = arrows.get(from).into_iter().flatten().copied().collect();
    while let Some(module) = open.pop() {
        if found.insert(module) {
            open.extend(arrows.get(module).into_iter().flatten());
        }
    }
    found
}

/// The modules that are built on themselves, each with those that it shares its circle with.
fn circles(files: &BTreeMap<Module, String>) -> BTreeSet<String> {
    let arrows = arrows(files);
    let below: BTreeMap<&Module, BTreeSet<&Module>> =
        files.keys().map(|module| (module, reachable(&arrows, module))).collect();
    let circle = |module: &Module| -> Vec<String> {
        let others = below[module].iter().filter(|other| below[*other].contains(module));
        others.map(|other| other.join("::")).collect()
    };
    files.keys().map(circle).filter(|circle| !circle.is_empty()).map(|circle| circle.join(" <-> ")).collect()
}

#[test]
fn files_are_not_built_on_each_other() {
    let crates = crates();
    assert!(crates.len() >= 11, "{}", crates.len());
    let mut found = Vec::new();
    for (name, files) in &crates {
        found.extend(circles(files).into_iter().map(|circle| format!("{name}: {circle}")));
    }
    assert!(found.is_empty(), "put what both need into a third file: {found:#?}");
}

#[test]
fn a_circle_is_found() {
    let files = |texts: &[(&str, &str)]| -> BTreeMap<Module, String> {
        texts
            .iter()
            .map(|(path, text)| (module(Path::new(&format!("{path}.rs"))), (*text).to_owned()))
            .collect()
    };
    // A parent made of children that take its items, and each other's in one direction.
    let sound = [
        ("lib", "mod a;\npub use a::b::B;\n"),
        ("a", "mod b;\nmod c;\nuse b::B;\nuse self::c::C;\n"),
        ("a/b", "use super::Error;\nuse super::c::{C, D};\nuse crate::Root;\n"),
        (
            "a/c",
            "use super::Error;\n// use super::b::B;\n#[cfg(test)]\nmod tests {\n    use crate::a::b;\n}\n",
        ),
    ];
    assert_eq!(circles(&files(&sound)), BTreeSet::new());
    // Each other's, in lines that are broken, and by a detour over a third file.
    for back in
        ["use super::b::B;", "use crate::{\n    a::{b as other, Error},\n    Root,\n};", "use super::d;"]
    {
        let mut tied = files(&sound);
        tied.insert(module(Path::new("a/c.rs")), back.to_owned());
        tied.insert(module(Path::new("a/d.rs")), "pub(crate) use super::b::B as E;\n".to_owned());
        let names = if back.ends_with("d;") { "a::b <-> a::c <-> a::d" } else { "a::b <-> a::c" };
        assert_eq!(circles(&tied), BTreeSet::from([names.to_owned()]), "{back}");
    }
}
