//! Writes a quantization info file (`_quant.json`) in the layout of protobuf's `MessageToJson`.

use std::collections::BTreeMap;

use super::{OpInfo, OutputOrigin, QuantInfo};
use crate::json::{Json, Style, to_python_text};

/// `val_type` of a list of strings.
const LIST_OF_STRINGS: i64 = 1;

impl QuantInfo {
    /// The text of the file.
    pub fn to_json(&self) -> String {
        let mut nodes: BTreeMap<&[String], usize> = BTreeMap::new();
        for names in self.ops.iter().filter_map(|op| op.original_op_names.as_deref()) {
            *nodes.entry(names).or_default() += 1;
        }
        // Several nodes stand for the same original ones: those without an output of their own are inner
        // nodes, which the comparison tools then pass over.
        let is_one_of_several = |op: &OpInfo| {
            let names = op.original_op_names.as_deref().filter(|names| !names.is_empty());
            names.is_some_and(|names| nodes.get(names).is_some_and(|&nodes| nodes > 1))
        };
        let ops = self.ops.iter().map(|info| op(info, is_one_of_several(info))).collect();
        let graph = Json::object([("op", Json::Array(ops))]);
        let file = Json::object([("name", Json::string(&self.name)), ("graph", Json::Array(vec![graph]))]);
        to_python_text(&file, Style::MESSAGE)
    }
}

fn op(op: &OpInfo, is_one_of_several: bool) -> Json {
    let mut entries = vec![("name", Json::string(&op.name)), ("type", Json::string(&op.op_type))];
    if let Some(names) = &op.original_op_names {
        let list = attribute("_datadump_original_op_names", "list", original_names(names));
        let mut attributes = vec![list];
        if is_one_of_several {
            attributes.push(attribute("_datadump_is_multiop", "b", Json::Bool(true)));
        }
        entries.push(("attr", Json::Array(attributes)));
    }
    if let Some(origin) = &op.output {
        let desc = Json::object([("attr", Json::Array(output(origin)))]);
        entries.push(("output_desc", Json::Array(vec![desc])));
    }
    Json::object(entries)
}

/// protobuf leaves out an empty list, which is how an inserted node is told from others.
fn original_names(names: &[String]) -> Json {
    let mut entries = Vec::new();
    if !names.is_empty() {
        entries.push(("s", Json::Array(names.iter().map(Json::string).collect())));
    }
    entries.push(("val_type", Json::Int(LIST_OF_STRINGS)));
    Json::object(entries)
}

fn output(origin: &OutputOrigin) -> Vec<Json> {
    let text = |key, value: &String| attribute(key, "s", Json::string(value));
    let mut attributes = Vec::new();
    attributes.extend(origin.format.as_ref().map(|format| text("_datadump_origin_format", format)));
    attributes.extend(origin.data_type.as_ref().map(|dtype| text("_datadump_data_type", dtype)));
    let index = Json::Int(i64::from(origin.index));
    attributes.push(attribute("_datadump_origin_output_index", "i", index));
    attributes.push(text("_datadump_origin_name", &origin.name));
    attributes
}

fn attribute(key: &str, kind: &str, value: Json) -> Json {
    Json::object([("key", Json::string(key)), ("value", Json::object([(kind, value)]))])
}
