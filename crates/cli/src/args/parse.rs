//! Values with a structure of their own.

use amct::data::GivenInput;
use amct_artifacts::config::activation::{ALGORITHMS, Algorithm};
use amct_tensor::DType;
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// A `;`-separated list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List<T>(pub(crate) Vec<T>);

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').map(str::trim).filter(|item| !item.is_empty())
}

fn list<T>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<List<T>, String> {
    let found: Vec<T> = items(text).map(parse).collect::<Result<_, _>>()?;
    if found.is_empty() { Err("the list is empty".to_owned()) } else { Ok(List(found)) }
}

/// A file for an input, `NAME=FILE` or `FILE`.
pub(crate) fn given_input(text: &str) -> Result<GivenInput, String> {
    let (name, path) = match text.split_once('=') {
        Some((name, path)) => (Some(name.strip_suffix(":0").unwrap_or(name).to_owned()), path),
        None => (None, text),
    };
    if path.is_empty() || name.as_deref() == Some("") {
        return Err(format!("'{text}' is not NAME=FILE"));
    }
    Ok(GivenInput { name, path: path.into() })
}

/// The name of an algorithm that calibrates activations.
pub(crate) fn act_algo() -> impl TypedValueParser<Value = &'static Algorithm> {
    let names = PossibleValuesParser::new(ALGORITHMS.map(|algorithm| algorithm.name));
    names.try_map(|name| Algorithm::named(&name).ok_or("there is no such algorithm"))
}

/// A threshold: a number, or "none".
pub(crate) fn threshold(text: &str) -> Result<Threshold, String> {
    if text == "none" {
        return Ok(Threshold(None));
    }
    match text.parse::<f64>() {
        Ok(value) if !value.is_nan() => Ok(Threshold(Some(value))),
        _ => Err(format!("'{text}' is not a number or \"none\"")),
    }
}

/// A threshold that may be switched off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Threshold(pub(crate) Option<f64>);

/// Output tensors, `a/b:0;c:1`; slot 0 is the node itself.
pub(crate) fn tensor_names(text: &str) -> Result<List<String>, String> {
    list(text, |name| Ok(name.strip_suffix(":0").unwrap_or(name).to_owned()))
}

/// Inputs with their shapes, `in1:32,224,224,3;in2:32,10`. A name may itself end in `:0`.
pub(crate) fn input_shapes(text: &str) -> Result<List<(String, Vec<usize>)>, String> {
    list(text, |item| {
        let (name, shape) = item
            .rsplit_once(':')
            .ok_or_else(|| format!("'{item}' is not NAME:DIM,DIM,... such as input:32,224,224,3"))?;
        let dims = shape
            .split(',')
            .map(|dim| match dim.trim().parse::<usize>() {
                Ok(dim) if dim > 0 => Ok(dim),
                _ if matches!(dim.trim(), "?" | "-1" | "None") => Err(format!(
                    "'{dim}' in '{item}': a dimension that the model leaves free needs a size here, that of \
                     the data"
                )),
                _ => Err(format!("'{dim}' in '{item}' is not a positive whole number")),
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok((name.strip_suffix(":0").unwrap_or(name).to_owned(), dims))
    })
}

/// Directories, `d1/;d2/`.
pub(crate) fn directories(text: &str) -> Result<List<std::path::PathBuf>, String> {
    list(text, |item| Ok(item.into()))
}

/// A number of batches, refused in AMCT's words.
pub(crate) fn batch_num(text: &str) -> Result<std::num::NonZeroU32, String> {
    let wrong = || "The batch_num must be greater than zero.".to_owned();
    text.parse().map_err(|_| {
        if text.parse::<i64>().is_ok_and(|n| n <= 0) {
            wrong()
        } else {
            format!("'{text}' is not a number of batches; give a whole number such as 1")
        }
    })
}

/// Element types, `float32;int64`.
pub(crate) fn data_types(text: &str) -> Result<List<DType>, String> {
    list(text, |name| {
        DType::from_name(name).filter(|&dtype| dtype != DType::String).ok_or_else(|| {
            format!(
                "'{name}' is not a data type; accepted are float64, float32, float16, int8, int16, int32, \
                 int64, uint8, uint16, uint32, uint64 and bool"
            )
        })
    })
}

/// A size in pixels, `224x224` (width x height), as (height, width).
pub(crate) fn size(text: &str) -> Result<(usize, usize), String> {
    let wrong = || format!("'{text}' is not WIDTHxHEIGHT in pixels, such as 224x224");
    let (width, height) = text.split_once(['x', 'X']).ok_or_else(wrong)?;
    let side = |side: &str| side.trim().parse::<usize>().ok().filter(|&side| side > 0).ok_or_else(wrong);
    Ok((side(height)?, side(width)?))
}

/// One number, or three for R, G and B, separated by commas.
pub(crate) fn channels(text: &str) -> Result<List<f32>, String> {
    let values = text
        .split(',')
        .map(|value| value.trim().parse::<f32>().map_err(|_| format!("'{value}' is not a number")))
        .collect::<Result<Vec<_>, _>>()?;
    match values.len() {
        1 | 3 => Ok(List(values)),
        n => Err(format!("{n} values; give one, or three for R, G and B")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_keep_colons_in_names() {
        let parsed = input_shapes("a/b:0:1,2; c:3").unwrap().0;
        assert_eq!(parsed, [("a/b".to_owned(), vec![1, 2]), ("c".to_owned(), vec![3])]);
        for wrong in ["", "a", "a:1,x", "a:0,2", "a:-1"] {
            assert!(input_shapes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_size_is_width_by_height() {
        assert_eq!(size("320x240").unwrap(), (240, 320));
        assert!(size("320").is_err() && size("0x1").is_err());
    }

    #[test]
    fn one_or_three_channel_values() {
        assert_eq!(channels("128").unwrap().0, [128.0]);
        assert_eq!(channels("1, 2.5,3").unwrap().0, [1.0, 2.5, 3.0]);
        assert!(channels("1,2").is_err() && channels("a").is_err());
    }

    #[test]
    fn data_types_are_numpys() {
        assert_eq!(data_types("float32;bool").unwrap().0, [DType::F32, DType::Bool]);
        assert!(data_types("float").is_err() && data_types("string").is_err());
    }
}
