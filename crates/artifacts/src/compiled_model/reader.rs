//! Reads ATC's JSON dump of a compiled model, and checks that names are unique and inputs exist.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::{CompiledInput, CompiledModel, CompiledModelError, CompiledOp, CompiledOutput};

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    name: String,
    #[serde(default)]
    attr: Vec<Attribute>,
    graph: Vec<Graph>,
}

#[derive(Deserialize)]
struct Graph {
    op: Vec<Op>,
}

#[derive(Deserialize)]
struct Op {
    name: String,
    r#type: String,
    #[serde(default)]
    input: Vec<String>,
    #[serde(default)]
    attr: Vec<Attribute>,
    #[serde(default)]
    input_desc: Vec<Desc>,
    #[serde(default)]
    output_desc: Vec<Desc>,
}

#[derive(Deserialize)]
struct Desc {
    #[serde(default)]
    dtype: Option<String>,
    #[serde(default)]
    attr: Vec<Attribute>,
}

#[derive(Deserialize)]
struct Attribute {
    key: String,
    #[serde(default)]
    value: Value,
}

impl CompiledModel {
    /// Reads the text of the file.
    ///
    /// # Errors
    /// Not JSON, an op without name or type, a name that is there twice, an input from nowhere, or
    /// a value of the wrong form.
    pub fn from_json(text: &str) -> Result<Self, CompiledModelError> {
        let file: File = serde_json::from_str(text).map_err(CompiledModelError::Json)?;
        let text =
            |key: &str| find(&file.attr, key).and_then(|value| value.get("s")?.as_str().map(str::to_owned));
        let ops: Vec<CompiledOp> =
            file.graph.iter().flat_map(|graph| &graph.op).map(op).collect::<Result<_, _>>()?;
        check(&ops)?;
        let (soc_version, atc_version) = (text("soc_version"), text("atc_version"));
        Ok(Self { name: file.name, soc_version, atc_version, ops })
    }
}

/// Names are there once, and inputs come from somewhere.
fn check(ops: &[CompiledOp]) -> Result<(), CompiledModelError> {
    let mut names = BTreeSet::new();
    for op in ops {
        if !names.insert(op.name.as_str()) {
            return Err(CompiledModelError::NameTwice(op.name.clone()));
        }
    }
    for op in ops {
        let from_nowhere = op.inputs.iter().flatten().find(|input| !names.contains(input.op.as_str()));
        if let Some(input) = from_nowhere {
            return Err(CompiledModelError::NoSuchOp { op: op.name.clone(), input: input.op.clone() });
        }
    }
    Ok(())
}

fn op(op: &Op) -> Result<CompiledOp, CompiledModelError> {
    let inputs = op.input.iter().enumerate().map(|(index, text)| input(op, index, text));
    let outputs = op.output_desc.iter().map(|desc| output(op, desc));
    Ok(CompiledOp {
        name: op.name.clone(),
        op_type: op.r#type.clone(),
        origins: origins(op)?,
        inputs: inputs.collect::<Result<_, _>>()?,
        outputs: outputs.collect::<Result<_, _>>()?,
    })
}

/// `name:index`; nothing for an optional input, `name:-1` for a control edge.
fn input(op: &Op, index: usize, text: &str) -> Result<Option<CompiledInput>, CompiledModelError> {
    if text.is_empty() {
        return Ok(None);
    }
    let parsed = text.rsplit_once(':').and_then(|(name, output)| Some((name, output.parse::<i64>().ok()?)));
    let Some((name, output)) = parsed else {
        return Err(wrong(op, "input", "a list of name:index"));
    };
    let Ok(output) = usize::try_from(output) else { return Ok(None) };
    let data_type = op.input_desc.get(index).and_then(|desc| desc.dtype.clone());
    Ok(Some(CompiledInput { op: name.to_owned(), index: output, data_type }))
}

fn output(op: &Op, desc: &Desc) -> Result<CompiledOutput, CompiledModelError> {
    let key = "_datadump_origin_name";
    let origin = match find(&desc.attr, key) {
        None => None,
        Some(value) => match value.get("s").and_then(Value::as_str) {
            Some(name) => Some(name.to_owned()),
            None => return Err(wrong(op, key, "a string")),
        },
    };
    Ok(CompiledOutput { data_type: desc.dtype.clone(), origin })
}

/// Each origin once, in the order of the file.
fn origins(op: &Op) -> Result<Vec<String>, CompiledModelError> {
    let key = "_datadump_original_op_names";
    let names = match find(&op.attr, key).map(|value| value.get("list").map(|list| list.get("s"))) {
        None | Some(Some(None)) => Some(Vec::new()),
        Some(Some(Some(Value::Array(names)))) => {
            names.iter().map(|name| name.as_str().map(str::to_owned)).collect()
        }
        Some(_) => None,
    };
    let Some(names) = names else { return Err(wrong(op, key, "a list of strings")) };
    let mut seen = BTreeSet::new();
    let mut once: Vec<String> = names.into_iter().filter(|name| seen.insert(name.clone())).collect();
    if once.is_empty() {
        once.push(op.name.clone());
    }
    Ok(once)
}

fn find<'a>(attributes: &'a [Attribute], key: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| attribute.key == key).map(|attribute| &attribute.value)
}

fn wrong(op: &Op, key: &'static str, expected: &'static str) -> CompiledModelError {
    CompiledModelError::Value { op: op.name.clone(), key, expected }
}
