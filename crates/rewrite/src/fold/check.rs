//! What a constant or a layout must be like to be folded, and what is said of another.

use amct_graph::Node;
use amct_tensor::{DType, DataFormat, Tensor};

use super::FoldSkip;

pub(super) fn check_format(node: &Node, layer: DataFormat) -> Result<(), FoldSkip> {
    let attrs = node.attributes();
    let other = match attrs.string("data_format")?.unwrap_or("NHWC") {
        "NHWC" | "NDHWC" => DataFormat::Nhwc,
        "NCHW" | "NCDHW" => DataFormat::Nchw,
        name => return Err(attrs.error("data_format", "NHWC or NCHW", name).into()),
    };
    if other == layer { Ok(()) } else { Err(FoldSkip::DataFormat { convolution: layer, other }) }
}

pub(super) fn exact(tensor: &Tensor, what: &'static str, channels: usize) -> Result<Vec<f32>, FoldSkip> {
    let values = floats(tensor, what)?;
    if tensor.shape() == [channels] && channels > 0 {
        Ok(values.to_vec())
    } else {
        Err(wrong(what, &format!("float32 [{channels}], one per channel"), tensor))
    }
}

pub(super) fn floats<'t>(tensor: &'t Tensor, what: &'static str) -> Result<&'t [f32], FoldSkip> {
    tensor.as_slice().map_err(|_| wrong(what, DType::F32.name(), tensor))
}

pub(super) fn wrong(what: &'static str, expected: &str, tensor: &Tensor) -> FoldSkip {
    let found = format!("{} {:?}", tensor.dtype(), tensor.shape());
    FoldSkip::Constant { what, expected: expected.to_owned(), found }
}
