//! Two directories of dumps, file by file.

mod files;

use amct_graph::op;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use amct_artifacts::quant_info::QuantInfo;
use amct_dataset::read_npy;
use amct_metrics::{ErrorSums, LsbHistogram};
use amct_tensor::{DType, Tensor};

use self::files::{Key, Listing};
use super::values::{floats, values};
use super::{CompareError, Comparison, NodeComparison, Unmatched};
use crate::Error;
use crate::dump::file_part;

/// What nodes of the second dump stand for in the first, in the order in which it is looked up: of the dump
/// of a device first the compiled model, then the `_quant.json` of the quantized one.
#[derive(Clone, Debug, Default)]
pub struct Mapping(pub Vec<QuantInfo>);

/// Compares each array of `found` with its counterpart in `reference`: that of the same node, or of the one
/// that `mapping` names. One pair is in memory at a time. Rows come in the order of the mapping's nodes, or
/// by name.
///
/// Files are named `NODE.SLOT.TIME.npy` as [`dump`](crate::dump::dump) names them, or
/// `TYPE.NAME.TASK[.STREAM].TIME.output.SLOT[.FORMAT].npy` as msaccucmp names what it converts from the dump
/// of a device. Arrays of integers on both sides are compared in LSB as well.
///
/// # Errors
/// A directory or array that cannot be read, one without arrays, two arrays of different sizes, or none with
/// a counterpart.
pub fn compare_dumps(reference: &Path, found: &Path, mapping: &Mapping) -> Result<Comparison, Error> {
    let (references, founds) = (Listing::read(reference)?, Listing::read(found)?);
    let order: BTreeMap<String, usize> =
        mapping.0.iter().flat_map(|info| &info.ops).map(|op| file_part(&op.name)).zip(0..).collect();
    let mapping: Vec<BTreeMap<String, Origin>> = mapping.0.iter().map(origins).collect();
    let (mut nodes, mut unmatched) = (Vec::new(), Vec::new());
    for (key, file) in founds.files() {
        let node = format!("{}:{}", key.node, key.slot);
        let target = match target(key, &mapping) {
            Ok(target) => target,
            Err(reason) => {
                unmatched.push(Unmatched { node, reason });
                continue;
            }
        };
        let Some(counterpart) = references.get(&target) else {
            let reason = format!("there is no array of '{}:{}' to compare it with", target.node, target.slot);
            unmatched.push(Unmatched { node, reason });
            continue;
        };
        let (y, x) = (read_npy(counterpart)?, read_npy(file)?);
        if x.dtype() == DType::I8 && matches!(y.dtype(), DType::F16 | DType::F32 | DType::F64) {
            let reason = "it is int8, inside a quantized layer, and its counterpart is not".to_owned();
            unmatched.push(Unmatched { node, reason });
            continue;
        }
        match compared(key, &target, &y, &x)? {
            Some(row) => nodes.push(row),
            None => unmatched.push(Unmatched { node, reason: "strings are not compared".to_owned() }),
        }
    }
    if nodes.is_empty() {
        return Err(CompareError::NothingInCommon.into());
    }
    nodes.sort_by_key(|node| order.get(&node.node).copied().unwrap_or(usize::MAX));
    Ok(Comparison {
        inputs: 1,
        outputs: Vec::new(),
        layers: Vec::new(),
        nodes,
        unmatched,
        left_float: Vec::new(),
    })
}

fn compared(key: &Key, target: &Key, y: &Tensor, x: &Tensor) -> Result<Option<NodeComparison>, Error> {
    if x.len() != y.len() {
        return Err(CompareError::Shapes {
            node: format!("{}:{}", key.node, key.slot),
            found: x.shape().to_vec(),
            reference: format!("{}:{}", target.node, target.slot),
            expected: y.shape().to_vec(),
        }
        .into());
    }
    let (Some(reference), Some(found)) = (floats(y), floats(x)) else { return Ok(None) };
    let mut sums = ErrorSums::default();
    sums.add(values(&reference)?, values(&found)?);
    let lsb = integers(y).zip(integers(x)).map(|(y, x)| {
        let mut histogram = LsbHistogram::default();
        histogram.add(&y, &x);
        histogram
    });
    Ok(Some(NodeComparison {
        node: key.node.clone(),
        op: key.op.clone().unwrap_or_default(),
        slot: key.slot,
        layer: None,
        reference: format!("{}:{}", target.node, target.slot),
        shape: x.shape().to_vec(),
        dtypes: [x.dtype().to_string(), y.dtype().to_string()],
        errors: sums.errors(),
        lsb,
    }))
}

/// The values of an array of integers.
fn integers(tensor: &Tensor) -> Option<Vec<i64>> {
    let is_integer =
        matches!(tensor.dtype(), DType::I8 | DType::I16 | DType::I32 | DType::I64 | DType::U8 | DType::U16);
    if is_integer { tensor.to_i64_vec().ok() } else { None }
}

/// What a node stands for.
enum Origin {
    Value(Key),
    /// Only together with others.
    Inner,
}

/// The origins of a mapping's nodes by the names that files have.
fn origins(info: &QuantInfo) -> BTreeMap<String, Origin> {
    // What belongs to a quantized layer stands for all of it together; only its end has a counterpart.
    let layers: BTreeSet<&[String]> = info
        .ops
        .iter()
        .filter(|op| op.op_type == op::DEQUANT)
        .filter_map(|op| op.original_op_names.as_deref())
        .collect();
    let ops = info.ops.iter().map(|op| {
        let is_inner = op.output.is_none()
            && op.original_op_names.as_deref().is_some_and(|names| layers.contains(names));
        let origin = match op.origin().filter(|_| !is_inner) {
            Some((name, slot)) => Origin::Value(Key { op: None, node: file_part(name), slot }),
            None => Origin::Inner,
        };
        (file_part(&op.name), origin)
    });
    ops.collect()
}

/// The key of the counterpart.
fn target(key: &Key, mapping: &[BTreeMap<String, Origin>]) -> Result<Key, String> {
    let mut key = Key { op: None, ..key.clone() };
    for origins in mapping {
        match origins.get(&key.node) {
            Some(Origin::Value(origin)) if key.slot == 0 => key = origin.clone(),
            // A further output is that of the node of its own name.
            Some(Origin::Value(_)) | None => {}
            Some(Origin::Inner) => return Err("it is inside a fused or quantized layer".to_owned()),
        }
    }
    Ok(key)
}
