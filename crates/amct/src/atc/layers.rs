//! Finds the quantized layers among the operators of a compiled model.

use amct_graph::op;
use std::collections::BTreeMap;

use amct_artifacts::compiled_model::{CompiledInput, CompiledModel, CompiledOp};

use super::{CompiledError, CompiledLayer, SharedQuant};

/// Operators that only take the sums of another one out of int32.
const DEQUANTS: [&str; 4] = [op::DEQUANT, op::REQUANT, op::DEQUANT_S16, op::REQUANT_S16];
/// Operators that hand on what they read, in another layout.
const MOVES: [&str; 3] = [op::TRANS_DATA, op::RESHAPE, op::IDENTITY];

/// The quantized layers, and the quantized activations with several readers.
pub(super) fn find(model: &CompiledModel) -> Result<(Vec<CompiledLayer>, Vec<SharedQuant>), CompiledError> {
    let ops = Ops(model.ops.iter().map(|op| (op.name.as_str(), op)).collect());
    let mut layers = Vec::new();
    let mut readers: Vec<(String, Vec<String>)> = Vec::new();
    let mut read = |quant: &str, reader: &str| match readers.iter_mut().find(|(known, _)| known == quant) {
        Some((_, all)) => {
            if !all.iter().any(|known| known == reader) {
                all.push(reader.to_owned());
            }
        }
        None => readers.push((quant.to_owned(), vec![reader.to_owned()])),
    };
    for op in &model.ops {
        for dequant in op.origins.iter().filter(|name| is(name, op::DEQUANT)) {
            let layer = ops.layer(op, dequant)?;
            // A node that went into several operators counts once.
            if layers.iter().any(|known: &CompiledLayer| known.dequant == layer.dequant) {
                continue;
            }
            if let Some(quant) = &layer.quant {
                read(quant, &layer.name);
            }
            layers.push(layer);
        }
        if op.op_type == op::ANTI_QUANT
            && let Some(quant) = ops.quant_of(op)
        {
            let own = op.origins.iter().find(|name| is(name, op::ANTI_QUANT));
            read(&quant, own.unwrap_or(&op.name));
        }
    }
    if layers.is_empty() {
        return Err(CompiledError::NotQuantized);
    }
    let shared = readers.into_iter().filter(|(_, readers)| readers.len() > 1);
    Ok((layers, shared.map(|(quant, readers)| SharedQuant { quant, readers }).collect()))
}

/// Whether a node of the original graph is of this op, by its name: AMCT gives such a node the name of
/// its op, with a number if that is taken.
fn is(name: &str, op: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    match last.strip_prefix(op) {
        Some("") => true,
        Some(number) => number.strip_prefix('_').is_some_and(|n| n.parse::<u32>().is_ok()),
        None => false,
    }
}

struct Ops<'a>(BTreeMap<&'a str, &'a CompiledOp>);

impl<'a> Ops<'a> {
    /// The layer whose `AscendDequant` is among the origins of `op`.
    fn layer(&self, op: &'a CompiledOp, dequant: &str) -> Result<CompiledLayer, CompiledError> {
        let layer = self.computing(op);
        let input = layer.inputs.first().and_then(Option::as_ref);
        let data_type = input.and_then(|input| input.data_type.clone());
        let data_type = data_type.ok_or_else(|| CompiledError::NoType(layer.name.clone()))?;
        let mut found = CompiledLayer {
            name: layer_name(layer, dequant).to_owned(),
            op_type: layer.op_type.clone(),
            dequant: dequant.to_owned(),
            data_type,
            quant: None,
        };
        if found.is_integer() {
            found.quant = self.quant_of(layer);
        }
        Ok(found)
    }

    /// The operator that computes the sums which `op` dequantizes: itself, or one before it.
    fn computing(&self, op: &'a CompiledOp) -> &'a CompiledOp {
        let mut op = op;
        // No chain without a cycle is longer than the model.
        for _ in 0..self.0.len() {
            let only_moves = DEQUANTS.contains(&op.op_type.as_str()) || MOVES.contains(&op.op_type.as_str());
            let before = op.inputs.first().and_then(|input| self.source(input.as_ref()?));
            match before {
                Some(before) if only_moves => op = before,
                _ => break,
            }
        }
        op
    }

    fn source(&self, input: &CompiledInput) -> Option<&'a CompiledOp> {
        self.0.get(input.op.as_str()).copied()
    }

    /// The `AscendQuant` whose values an operator reads.
    fn quant_of(&self, reader: &CompiledOp) -> Option<String> {
        let mut input = reader.inputs.first()?.as_ref()?;
        for _ in 0..self.0.len() {
            let op = self.source(input)?;
            if !MOVES.contains(&op.op_type.as_str()) {
                let output = op.outputs.get(input.index).and_then(|output| output.origin.as_ref());
                let last = || op.origins.iter().rev().find(|name| is(name, op::QUANT));
                let found = output.filter(|name| is(name, op::QUANT)).or_else(last);
                return Some(found.unwrap_or(&op.name).clone());
            }
            input = op.inputs.first()?.as_ref()?;
        }
        None
    }
}

/// The layer among the origins of an operator. A fused operator has the names of its parts one behind
/// the other, the layer first; else the layer lies in the scope of its `AscendDequant`.
fn layer_name<'a>(op: &'a CompiledOp, dequant: &str) -> &'a str {
    const OWN: [&str; 4] = [op::QUANT, op::DEQUANT, op::WEIGHT_QUANT, op::ANTI_QUANT];
    let own = |name: &str| OWN.into_iter().any(|op| is(name, op));
    let others = || op.origins.iter().map(String::as_str).filter(|name| !own(name));
    // Of `a/Conv2D` and `a/Conv2D_1` both might begin the name.
    let first = others().filter(|name| op.name.starts_with(name)).max_by_key(|name| name.len());
    let scope = dequant.rsplitn(3, '/').nth(2);
    let beside = || others().find(|name| name.rsplit_once('/').map(|(scope, _)| scope) == scope);
    first.or_else(beside).unwrap_or(&op.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_names_count_and_longer_ones_do_not() {
        for (name, expected) in [
            ("a/act_quant/AscendQuant", true),
            ("a/act_quant/AscendQuant_12", true),
            ("AscendQuant", true),
            ("a/AscendQuantV2", false),
            ("a/AscendQuant_x", false),
            ("a/AscendQuant/read", false),
        ] {
            assert_eq!(is(name, "AscendQuant"), expected, "{name}");
        }
    }

    #[test]
    fn the_layer_is_told_by_the_name_or_the_scope() {
        let op = |name: &str, origins: &[&str]| CompiledOp {
            name: name.to_owned(),
            origins: origins.iter().map(|&name| name.to_owned()).collect(),
            ..CompiledOp::default()
        };
        let dequant = "a/dequant/AscendDequant";
        let fused = op("a/Conv2D_1a/dequant/AscendDequant", &["a/Pad", dequant, "a/Conv2D", "a/Conv2D_1"]);
        assert_eq!(layer_name(&fused, dequant), "a/Conv2D_1");
        let renamed = op("fused_7", &["b/Pad", dequant, "a/Conv2D"]);
        assert_eq!(layer_name(&renamed, dequant), "a/Conv2D");
        assert_eq!(layer_name(&op("fused_7", &[dequant]), dequant), "fused_7");
    }
}
