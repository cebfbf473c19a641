//! The file names of a dump, as Ascend's comparison tools want them, and the choice of nodes to dump.
//! Names that are too long become numbers; `mapping.csv` gives them back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use amct_artifacts::atomic;
use amct_graph::{Graph, NodeId, Outlet};
use amct_tensor::{ErrorKind, Fault, Place};
use glob::Pattern;

use crate::Error;

/// The third field of a name. Tools sort by it and want 16 digits; always the same one keeps dumps of
/// the same model the same.
const TIME: &str = "1000000000000000";

/// The longest file name.
const LONGEST: usize = 255;

/// The file that gives long names back.
pub(crate) const MAPPING: &str = "mapping.csv";

/// Why nothing is dumped.
#[derive(Debug)]
#[non_exhaustive]
pub enum DumpError {
    /// The directory holds `.npy` files already, which would pass for this model's.
    NotEmpty {
        /// The directory.
        directory: PathBuf,
        /// One of the files.
        file: String,
    },
    /// Two outputs would have one file.
    SameName {
        /// The outputs, as `node:slot`.
        outputs: [String; 2],
        /// The file.
        file: String,
    },
    /// No node has such a name.
    NoNode(String),
    /// A pattern that cannot be read.
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is the matter with it.
        problem: String,
    },
    /// The directory cannot be made or read.
    Directory {
        /// The directory.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl fmt::Display for DumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotEmpty { directory, file } => write!(
                f,
                "'{}' holds arrays already, such as '{file}', which would be taken for this model's; give an \
                 empty directory",
                directory.display()
            ),
            Self::SameName { outputs: [first, second], file } => write!(
                f,
                "'{first}' and '{second}' would both be written to '{file}', since '/' and '.' become '_'"
            ),
            Self::NoNode(pattern) => {
                write!(f, "the pattern '{pattern}' fits no node that the outputs need")
            }
            Self::Pattern { pattern, problem } => {
                write!(f, "the pattern '{pattern}' cannot be read: {problem}")
            }
            Self::Directory { directory, .. } => {
                write!(f, "cannot use the directory '{}'", directory.display())
            }
        }
    }
}

impl std::error::Error for DumpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            DumpError::Directory { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl Fault for DumpError {
    fn kind(&self) -> ErrorKind {
        match self {
            DumpError::Directory { .. } => ErrorKind::Io,
            DumpError::NotEmpty { .. }
            | DumpError::SameName { .. }
            | DumpError::NoNode(_)
            | DumpError::Pattern { .. } => ErrorKind::Configuration,
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            DumpError::NotEmpty { directory, .. } | DumpError::Directory { directory, .. } => {
                Place::file(directory)
            }
            DumpError::SameName { outputs: [first, _], .. } => Place::node(first),
            DumpError::NoNode(_) | DumpError::Pattern { .. } => Place::default(),
        }
    }
}

/// Which nodes are dumped: names, or patterns with `*`, `?` and `[abc]`; all if there are none.
#[derive(Clone, Debug, Default)]
pub struct NodePatterns(Vec<Pattern>);

impl NodePatterns {
    /// Reads patterns.
    ///
    /// # Errors
    /// [`DumpError::Pattern`].
    pub fn new(patterns: &[String]) -> Result<Self, DumpError> {
        let read = |text: &String| {
            Pattern::new(text)
                .map_err(|error| DumpError::Pattern { pattern: text.clone(), problem: error.msg.to_owned() })
        };
        Ok(Self(patterns.iter().map(read).collect::<Result<_, _>>()?))
    }

    /// The nodes among `needed` that a pattern fits.
    pub(super) fn select(&self, graph: &Graph, needed: &[NodeId]) -> Result<BTreeSet<NodeId>, DumpError> {
        if self.0.is_empty() {
            return Ok(needed.iter().copied().collect());
        }
        let mut selected = BTreeSet::new();
        for pattern in &self.0 {
            let fitting = needed.iter().filter(|&&id| pattern.matches(&graph.node(id).name));
            let before = selected.len();
            let found: Vec<NodeId> = fitting.copied().collect();
            if found.is_empty() && selected.len() == before {
                return Err(DumpError::NoNode(pattern.as_str().to_owned()));
            }
            selected.extend(found);
        }
        Ok(selected)
    }
}

/// The files of a dump.
pub(super) struct Files {
    /// Each output's file.
    names: BTreeMap<Outlet, String>,
    /// The name that a file stands for whose own would be too long.
    long: BTreeMap<Outlet, String>,
}

impl Files {
    pub(super) fn new(graph: &Graph, outlets: &[Outlet]) -> Result<Self, DumpError> {
        let mut taken: BTreeMap<String, Outlet> = BTreeMap::new();
        let (mut names, mut long) = (BTreeMap::new(), BTreeMap::new());
        for &outlet in outlets {
            let node = &graph.node(outlet.node).name;
            let file = format!("{}.{}.{TIME}.npy", file_part(node), outlet.slot);
            if let Some(&other) = taken.get(&file) {
                let outputs = [other, outlet].map(|outlet| super::name(graph, outlet));
                return Err(DumpError::SameName { outputs, file });
            }
            taken.insert(file.clone(), outlet);
            if file.len() > LONGEST {
                names.insert(outlet, format!("{}.npy", 1000 + long.len()));
                long.insert(outlet, file);
            } else {
                names.insert(outlet, file);
            }
        }
        Ok(Self { names, long })
    }

    pub(super) fn name(&self, outlet: Outlet) -> Option<&str> {
        self.names.get(&outlet).map(String::as_str)
    }

    /// Makes the directory, which must not hold arrays yet.
    pub(super) fn prepare(&self, directory: &Path) -> Result<(), DumpError> {
        let failed = |source| DumpError::Directory { directory: directory.to_owned(), source };
        fs::create_dir_all(directory).map_err(failed)?;
        let mut there = Vec::new();
        for entry in fs::read_dir(directory).map_err(failed)? {
            there.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
        }
        there.sort();
        let stale = there.into_iter().find(|name| name.ends_with(".npy") || name == MAPPING);
        match stale {
            Some(file) => Err(DumpError::NotEmpty { directory: directory.to_owned(), file }),
            None => Ok(()),
        }
    }

    /// Writes `mapping.csv` if a file has a number for a name.
    pub(super) fn write_mapping(
        &self,
        directory: &Path,
        is_written: impl Fn(Outlet) -> bool,
    ) -> Result<(), Error> {
        let long = self.long.iter().filter(|(outlet, _)| is_written(**outlet));
        let lines = long.filter_map(|(outlet, name)| Some(format!("{},{name}\n", self.names.get(outlet)?)));
        let text: String = lines.collect();
        if !text.is_empty() {
            atomic::write(directory.join(MAPPING), text.as_bytes())?;
        }
        Ok(())
    }
}

/// A node's name as the tools look it up.
pub(crate) fn file_part(node: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    node.chars().map(|c| if kept(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use amct_graph::{GraphMeta, Node};

    use super::*;

    fn graph(names: &[&str]) -> Graph {
        let node = |name: &&str| {
            (Node { name: (*name).into(), op: "Placeholder".into(), ..Node::default() }, Vec::new())
        };
        Graph::from_named(names.iter().map(node), GraphMeta::default()).unwrap()
    }

    fn outlets(graph: &Graph) -> Vec<Outlet> {
        graph.nodes().map(|(id, _)| id.into()).collect()
    }

    #[test]
    fn names_have_three_fields() {
        let graph = graph(&["a/b.c", "plain", "odd>\\name"]);
        let files = Files::new(&graph, &outlets(&graph)).unwrap();
        let found: Vec<&str> = outlets(&graph).into_iter().filter_map(|outlet| files.name(outlet)).collect();
        assert_eq!(
            found,
            [
                "a_b_c.0.1000000000000000.npy",
                "plain.0.1000000000000000.npy",
                "odd__name.0.1000000000000000.npy"
            ]
        );
    }

    #[test]
    fn nodes_that_would_share_a_file_are_refused() {
        let graph = graph(&["a/b", "a.b"]);
        let error = Files::new(&graph, &outlets(&graph)).err().unwrap().to_string();
        assert!(error.starts_with("'a/b:0' and 'a.b:0' would both be written to 'a_b.0."), "{error}");
    }

    #[test]
    fn long_names_get_numbers_and_a_mapping() {
        let long = "x/".repeat(130);
        let graph = graph(&["short", &long]);
        let files = Files::new(&graph, &outlets(&graph)).unwrap();
        let directory = tempfile::tempdir().unwrap();
        files.write_mapping(directory.path(), |_| false).unwrap();
        assert!(!directory.path().join(MAPPING).exists());
        files.write_mapping(directory.path(), |_| true).unwrap();
        let text = fs::read_to_string(directory.path().join(MAPPING)).unwrap();
        assert_eq!(text, format!("1000.npy,{}.0.{TIME}.npy\n", "x_".repeat(130)));
        assert_eq!(files.name(outlets(&graph)[1]), Some("1000.npy"));
    }

    #[test]
    fn patterns_select_nodes_and_must_fit_one() {
        let graph = graph(&["net/a/conv", "net/b/conv", "net/b/relu"]);
        let all: Vec<NodeId> = graph.nodes().map(|(id, _)| id).collect();
        let select = |patterns: &[&str]| {
            let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
            let selected = NodePatterns::new(&patterns)?.select(&graph, &all)?;
            Ok::<_, DumpError>(selected.into_iter().map(|id| graph.node(id).name.clone()).collect::<Vec<_>>())
        };
        assert_eq!(select(&[]).unwrap().len(), 3);
        assert_eq!(select(&["*/conv"]).unwrap(), ["net/a/conv", "net/b/conv"]);
        assert_eq!(select(&["net/b/relu", "net/?/conv"]).unwrap().len(), 3);
        assert!(select(&["*conv", "nothing"]).unwrap_err().to_string().contains("'nothing' fits no node"));
        assert!(select(&["[a"]).unwrap_err().to_string().contains("cannot be read"));
    }

    #[test]
    fn a_directory_with_arrays_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let files = Files { names: BTreeMap::new(), long: BTreeMap::new() };
        fs::write(directory.path().join("README"), "").unwrap();
        files.prepare(directory.path()).unwrap();
        fs::write(directory.path().join("a.0.1.npy"), "").unwrap();
        let error = files.prepare(directory.path()).unwrap_err().to_string();
        assert!(error.contains("'a.0.1.npy'") && error.contains("give an empty directory"), "{error}");
    }
}
