//! Rule 4: how constants are written. ATC copies `tensor_content` without looking at its length,
//! and prefers a value list where there are both.

use amct_graph::{AttrValue, TensorLiteral, op, type_name};
use amct_tensor::{DType, checked_len};

use super::context::{Context, Findings};

/// Rule 4.
pub(super) fn are_encoded_exactly(context: &Context<'_>, findings: &mut Findings) {
    for (_, node) in context.of_op(op::CONST) {
        let Some(AttrValue::Type(dtype)) = node.attrs.get("dtype") else {
            let found = node.attrs.get("dtype").map_or("nothing", AttrValue::kind);
            findings.add(&node.name, format!("{found} as dtype"), "a type");
            continue;
        };
        let Some(AttrValue::Tensor(literal)) = node.attrs.get("value") else {
            let found = node.attrs.get("value").map_or("nothing", AttrValue::kind);
            findings.add(&node.name, format!("{found} as value"), "a tensor");
            continue;
        };
        if literal.dtype != *dtype {
            findings.add(&node.name, format!("a value of {}", type_name(literal.dtype)), type_name(*dtype));
        } else if let Some((found, expected)) = problem(literal) {
            findings.add(&node.name, found, expected);
        }
    }
}

/// What is wrong with the encoding, and what is right.
fn problem(literal: &TensorLiteral) -> Option<(String, String)> {
    let (field, element) = field_and_size(literal.dtype)?;
    let dims = match literal.dims() {
        Ok(dims) => dims,
        Err(error) => {
            return Some((error.to_string(), "known dimensions, or no shape for a scalar".to_owned()));
        }
    };
    let Ok(elements) = checked_len(&dims, DType::U8) else {
        return Some((format!("shape {dims:?}"), "less than 2 GiB".to_owned()));
    };
    let listed: Vec<(&str, usize)> = lists(literal).into_iter().filter(|(_, len)| *len > 0).collect();
    let content = literal.content.len();
    match listed.as_slice() {
        [] if content == 0 => None,
        [] => (content != elements.saturating_mul(element)).then(|| {
            let expected = format!("{} for shape {dims:?}", elements.saturating_mul(element));
            (format!("{content} bytes of tensor_content"), expected)
        }),
        [(name, _)] if *name != field => {
            Some((format!("values in {name}"), format!("{field} or tensor_content")))
        }
        [(name, _)] if content > 0 => {
            Some((format!("{name} and tensor_content"), "one of the two".to_owned()))
        }
        [(name, len)] => (*len > elements)
            .then(|| (format!("{len} values in {name}"), format!("at most {elements} for shape {dims:?}"))),
        several => {
            let names: Vec<&str> = several.iter().map(|(name, _)| *name).collect();
            Some((format!("values in {}", names.join(" and ")), field.to_owned()))
        }
    }
}

/// The list that holds values of a type, and the bytes of one in `tensor_content`. `None` for
/// types that are carried and not looked at.
fn field_and_size(dtype: i32) -> Option<(&'static str, usize)> {
    match dtype {
        1 => Some(("float_val", 4)),
        2 => Some(("double_val", 8)),
        3 | 13 => Some(("int_val", 4)),
        4 | 6 | 11 | 12 => Some(("int_val", 1)),
        5 | 15 | 16 | 17 => Some(("int_val", 2)),
        7 => Some(("string_val", 1)),
        9 => Some(("int64_val", 8)),
        10 => Some(("bool_val", 1)),
        14 | 19 => Some(("half_val", 2)),
        22 => Some(("uint32_val", 4)),
        23 => Some(("uint64_val", 8)),
        _ => None,
    }
}

fn lists(literal: &TensorLiteral) -> [(&'static str, usize); 9] {
    [
        ("half_val", literal.half_val.len()),
        ("float_val", literal.float_val.len()),
        ("double_val", literal.double_val.len()),
        ("int_val", literal.int_val.len()),
        ("string_val", literal.string_val.len()),
        ("int64_val", literal.int64_val.len()),
        ("bool_val", literal.bool_val.len()),
        ("uint32_val", literal.uint32_val.len()),
        ("uint64_val", literal.uint64_val.len()),
    ]
}
