//! Reads ATC's JSON dump of a compiled model, and checks that names are unique and inputs exist.

use std::collections::BTreeSet;

use super::{CompiledInput, CompiledModel, CompiledModelError, CompiledOp, CompiledOutput};
use crate::ge_json::{Desc, File, Op, WrongForm};

impl CompiledModel {
    /// Reads the text of the file.
    ///
    /// # Errors
    /// Not JSON, an op without name or type, a name that is there twice, an input from nowhere, or
    /// a value of the wrong form.
    pub fn from_json(text: &str) -> Result<Self, CompiledModelError> {
        let file = File::from_json(text).map_err(CompiledModelError::Json)?;
        let ops: Vec<CompiledOp> =
            file.graph.iter().flat_map(|graph| &graph.op).map(op).collect::<Result<_, _>>()?;
        check(&ops)?;
        let text = |key: &str| file.text(key).map_err(CompiledModelError::Json);
        let (soc_version, atc_version) = (text("soc_version")?, text("atc_version")?);
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
    let descs = op.input_descs()?;
    let texts = op.inputs()?;
    let inputs = texts.iter().enumerate().map(|(index, text)| input(op, descs.get(index), text));
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
fn input(op: &Op, desc: Option<&Desc>, text: &str) -> Result<Option<CompiledInput>, WrongForm> {
    if text.is_empty() {
        return Ok(None);
    }
    let parsed = text.rsplit_once(':').and_then(|(name, output)| Some((name, output.parse::<i64>().ok()?)));
    let Some((name, output)) = parsed else {
        return Err(op.wrong("input", "a list of name:index"));
    };
    let Ok(output) = usize::try_from(output) else { return Ok(None) };
    let data_type = desc.map(|desc| op.data_type(desc)).transpose()?.flatten();
    Ok(Some(CompiledInput { op: name.to_owned(), index: output, data_type }))
}

fn output(op: &Op, desc: &Desc) -> Result<CompiledOutput, WrongForm> {
    Ok(CompiledOutput {
        data_type: op.data_type(desc)?,
        origin: op.output_text(desc, "_datadump_origin_name")?,
    })
}

/// Each origin once, in the order of the file.
fn origins(op: &Op) -> Result<Vec<String>, WrongForm> {
    let names = op.original_names()?.unwrap_or_default();
    let mut seen = BTreeSet::new();
    let mut once: Vec<String> = names.into_iter().filter(|name| seen.insert(name.clone())).collect();
    if once.is_empty() {
        once.push(op.name.clone());
    }
    Ok(once)
}

impl From<WrongForm> for CompiledModelError {
    fn from(WrongForm { op, key, expected }: WrongForm) -> Self {
        CompiledModelError::Value { op, key, expected }
    }
}
