//! Reads a quantization info file, or the same parts of ATC's JSON dump of an `.om`.

use serde::Deserialize;
use serde_json::Value;

use super::{OpInfo, OutputOrigin, QuantInfo, QuantInfoError};

/// The parts of the file that are used. Others are skipped: the same reader takes ATC's JSON dump of an
/// `.om`, which has inputs, identifiers and many attributes more.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    name: String,
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
    attr: Vec<Attribute>,
    #[serde(default)]
    output_desc: Vec<OutputDesc>,
}

#[derive(Deserialize)]
struct OutputDesc {
    #[serde(default)]
    attr: Vec<Attribute>,
}

#[derive(Deserialize)]
struct Attribute {
    key: String,
    #[serde(default)]
    value: Value,
}

impl QuantInfo {
    /// Reads the text of a quantization info file, or of ATC's JSON dump of an `.om`. The nodes of
    /// several graphs follow each other.
    ///
    /// # Errors
    /// Not JSON, an op without name or type, or an attribute of the wrong form.
    pub fn from_json(text: &str) -> Result<Self, QuantInfoError> {
        let file: File = serde_json::from_str(text).map_err(QuantInfoError::Json)?;
        let ops = file.graph.into_iter().flat_map(|graph| graph.op).map(op);
        Ok(QuantInfo { name: file.name, ops: ops.collect::<Result<_, _>>()? })
    }
}

fn op(op: Op) -> Result<OpInfo, QuantInfoError> {
    Ok(OpInfo {
        original_op_names: original_op_names(&op)?,
        output: output(&op)?,
        name: op.name,
        op_type: op.r#type,
    })
}

fn original_op_names(op: &Op) -> Result<Option<Vec<String>>, QuantInfoError> {
    let key = "_datadump_original_op_names";
    let Some(value) = find(&op.attr, key) else { return Ok(None) };
    let names = match value.get("list").map(|list| list.get("s")) {
        Some(None) => Some(Vec::new()),
        Some(Some(Value::Array(names))) => {
            names.iter().map(|name| name.as_str().map(str::to_owned)).collect()
        }
        _ => None,
    };
    names.map(Some).ok_or_else(|| wrong(op, key, "a list of strings"))
}

fn output(op: &Op) -> Result<Option<OutputOrigin>, QuantInfoError> {
    let Some(desc) = op.output_desc.first() else { return Ok(None) };
    let text = |key: &str| match find(&desc.attr, key) {
        None => Ok(None),
        Some(value) => match value.get("s").and_then(Value::as_str) {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(wrong(op, key, "a string")),
        },
    };
    let Some(name) = text("_datadump_origin_name")? else { return Ok(None) };
    let data_type = match text("_datadump_data_type")? {
        None => text("_datadump_origin_data_type")?,
        found => found,
    };
    Ok(Some(OutputOrigin {
        name,
        index: index(op, desc)?,
        format: text("_datadump_origin_format")?,
        data_type,
    }))
}

fn index(op: &Op, desc: &OutputDesc) -> Result<u32, QuantInfoError> {
    let key = "_datadump_origin_output_index";
    let Some(value) = find(&desc.attr, key) else { return Ok(0) };
    let index = value.get("i").and_then(Value::as_u64).and_then(|index| u32::try_from(index).ok());
    index.ok_or_else(|| wrong(op, key, "an integer not below zero"))
}

fn find<'a>(attributes: &'a [Attribute], key: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| attribute.key == key).map(|attribute| &attribute.value)
}

fn wrong(op: &Op, key: &str, expected: &'static str) -> QuantInfoError {
    QuantInfoError::Attribute { op: op.name.clone(), key: key.into(), expected }
}
