//! The file that tells which node of a quantized model stands for which of the float one.

use std::path::{Path, PathBuf};

/// The file given, or the one beside the model as `quantize` writes it; none if "none" is given.
pub(super) fn file(given: Option<&Path>, model: &Path) -> Option<PathBuf> {
    let beside = || {
        let name = model.file_name()?.to_str()?.strip_suffix("_quantized.pb")?;
        Some(model.with_file_name(format!("{name}_quant.json"))).filter(|file| file.exists())
    };
    match given {
        Some(none) if none == Path::new("none") => None,
        Some(file) => Some(file.to_owned()),
        None => beside(),
    }
}
