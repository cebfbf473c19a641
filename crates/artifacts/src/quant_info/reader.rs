//! Reads a quantization info file, or the same parts of ATC's JSON dump of an `.om`.

use super::{OpInfo, OutputOrigin, QuantInfo, QuantInfoError};
use crate::ge_json::{File, Op, WrongForm};

impl QuantInfo {
    /// Reads the text of a quantization info file, or of ATC's JSON dump of an `.om`. The nodes of
    /// several graphs follow each other.
    ///
    /// # Errors
    /// Not JSON, an op without name or type, or an attribute of the wrong form.
    pub fn from_json(text: &str) -> Result<Self, QuantInfoError> {
        let file = File::from_json(text).map_err(QuantInfoError::Json)?;
        let ops = file.graph.into_iter().flat_map(|graph| graph.op).map(op);
        Ok(QuantInfo { name: file.name, ops: ops.collect::<Result<_, _>>()? })
    }
}

impl From<WrongForm> for QuantInfoError {
    fn from(WrongForm { op, key, expected }: WrongForm) -> Self {
        QuantInfoError::Attribute { op, key: key.to_owned(), expected }
    }
}

fn op(op: Op) -> Result<OpInfo, QuantInfoError> {
    Ok(OpInfo {
        original_op_names: op.original_names()?,
        output: output(&op)?,
        name: op.name,
        op_type: op.r#type,
    })
}

fn output(op: &Op) -> Result<Option<OutputOrigin>, WrongForm> {
    let Some(desc) = op.output_desc.first() else { return Ok(None) };
    let Some(name) = op.output_text(desc, "_datadump_origin_name")? else { return Ok(None) };
    let data_type = match op.output_text(desc, "_datadump_data_type")? {
        None => op.output_text(desc, "_datadump_origin_data_type")?,
        found => found,
    };
    Ok(Some(OutputOrigin {
        name,
        index: op.output_count(desc, "_datadump_origin_output_index")?.unwrap_or(0),
        format: op.output_text(desc, "_datadump_origin_format")?,
        data_type,
    }))
}
