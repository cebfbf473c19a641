//! The JSON form of a graph of Ascend's graph engine: operators with attributes and descriptions of their outputs.
//!
//! AMCT writes its `_quant.json` so, and ATC dumps a compiled model so. Of the many keys only those are read that
//! somebody uses; the others may be anything. What only one kind of file needs stays a [`Value`] here, so that
//! another file may hold anything in its place.

use serde::Deserialize;
use serde_json::Value;

/// A whole file.
#[derive(Deserialize)]
pub(crate) struct File {
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    attr: Value,
    pub(crate) graph: Vec<Graph>,
}

/// One graph.
#[derive(Deserialize)]
pub(crate) struct Graph {
    pub(crate) op: Vec<Op>,
}

/// One operator.
#[derive(Deserialize)]
pub(crate) struct Op {
    pub(crate) name: String,
    pub(crate) r#type: String,
    #[serde(default)]
    input: Value,
    #[serde(default)]
    attr: Vec<Attribute>,
    #[serde(default)]
    input_desc: Value,
    #[serde(default)]
    pub(crate) output_desc: Vec<Desc>,
}

/// What is said of an input or output.
#[derive(Deserialize)]
pub(crate) struct Desc {
    #[serde(default)]
    dtype: Value,
    #[serde(default)]
    attr: Vec<Attribute>,
}

#[derive(Deserialize)]
struct Attribute {
    key: String,
    #[serde(default)]
    value: Value,
}

/// A value that is used and has another form than its key demands.
pub(crate) struct WrongForm {
    /// The operator.
    pub(crate) op: String,
    pub(crate) key: &'static str,
    /// The form demanded.
    pub(crate) expected: &'static str,
}

impl File {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// Not JSON, or not of the structure; the text names line and column.
    pub(crate) fn from_json(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// A text among the attributes of the whole file.
    ///
    /// # Errors
    /// The attributes are no list of keys and values.
    pub(crate) fn text(&self, key: &str) -> serde_json::Result<Option<String>> {
        let attributes: Vec<Attribute> = list(&self.attr)?;
        Ok(find(&attributes, key).and_then(|value| value.get("s")?.as_str().map(str::to_owned)))
    }
}

impl Op {
    /// The names of the original nodes; none for an inserted operator, `None` if nothing is said.
    ///
    /// # Errors
    /// [`WrongForm`].
    pub(crate) fn original_names(&self) -> Result<Option<Vec<String>>, WrongForm> {
        let key = "_datadump_original_op_names";
        let Some(value) = find(&self.attr, key) else { return Ok(None) };
        let names = match value.get("list").map(|list| list.get("s")) {
            Some(None) => Some(Vec::new()),
            Some(Some(Value::Array(names))) => {
                names.iter().map(|name| name.as_str().map(str::to_owned)).collect()
            }
            _ => None,
        };
        names.map(Some).ok_or_else(|| self.wrong(key, "a list of strings"))
    }

    /// What it reads, as text.
    ///
    /// # Errors
    /// [`WrongForm`].
    pub(crate) fn inputs(&self) -> Result<Vec<String>, WrongForm> {
        list(&self.input).map_err(|_| self.wrong("input", "a list of name:index"))
    }

    /// What is said of its inputs.
    ///
    /// # Errors
    /// [`WrongForm`].
    pub(crate) fn input_descs(&self) -> Result<Vec<Desc>, WrongForm> {
        list(&self.input_desc).map_err(|_| self.wrong("input_desc", "a list of descriptions"))
    }

    /// A text among the attributes of one of its outputs.
    ///
    /// # Errors
    /// [`WrongForm`].
    pub(crate) fn output_text(&self, desc: &Desc, key: &'static str) -> Result<Option<String>, WrongForm> {
        let Some(value) = find(&desc.attr, key) else { return Ok(None) };
        let text = value.get("s").and_then(Value::as_str);
        text.map(|text| Some(text.to_owned())).ok_or_else(|| self.wrong(key, "a string"))
    }

    /// A count among the attributes of one of its outputs.
    ///
    /// # Errors
    /// [`WrongForm`].
    pub(crate) fn output_count(&self, desc: &Desc, key: &'static str) -> Result<Option<u32>, WrongForm> {
        let Some(value) = find(&desc.attr, key) else { return Ok(None) };
        let count = value.get("i").and_then(Value::as_u64).and_then(|count| u32::try_from(count).ok());
        count.map(Some).ok_or_else(|| self.wrong(key, "an integer not below zero"))
    }

    /// The element type of an input or output.
    ///
    /// # Errors
    /// [`WrongForm`].
    pub(crate) fn data_type(&self, desc: &Desc) -> Result<Option<String>, WrongForm> {
        match &desc.dtype {
            Value::Null => Ok(None),
            Value::String(name) => Ok(Some(name.clone())),
            _ => Err(self.wrong("dtype", "a string")),
        }
    }

    /// What is wrong with the value of a key.
    pub(crate) fn wrong(&self, key: &'static str, expected: &'static str) -> WrongForm {
        WrongForm { op: self.name.clone(), key, expected }
    }
}

/// The entries of a list that may be missing.
fn list<'v, T: Deserialize<'v>>(value: &'v Value) -> serde_json::Result<Vec<T>> {
    if value.is_null() { Ok(Vec::new()) } else { Vec::deserialize(value) }
}

fn find<'a>(attributes: &'a [Attribute], key: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| attribute.key == key).map(|attribute| &attribute.value)
}
