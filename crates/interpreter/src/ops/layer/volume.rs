//! The attributes of a convolution over volumes.

use amct_graph::{AttrError, Node};
use amct_tensor::DataFormat;
use amct_tensor::window::Padding;

/// Strides, dilations, padding and layout. Triples are (depth, height, width).
pub(super) struct VolumeAttrs {
    /// `Nhwc` stands for NDHWC, `Nchw` for NCDHW.
    pub(super) format: DataFormat,
    pub(super) strides: [usize; 3],
    pub(super) dilations: [usize; 3],
    pub(super) padding: Padding,
}

impl VolumeAttrs {
    pub(super) fn of(node: &Node) -> Result<Self, AttrError> {
        let attrs = node.attributes();
        let format = match attrs.string("data_format")?.unwrap_or("NDHWC") {
            "NDHWC" => DataFormat::Nhwc,
            "NCDHW" => DataFormat::Nchw,
            other => return Err(attrs.error("data_format", "NDHWC or NCDHW", other)),
        };
        let triple = |name: &str, list: &[i64]| {
            let sizes = match (format, list) {
                (DataFormat::Nhwc, &[1, depth, height, width, 1])
                | (DataFormat::Nchw, &[1, 1, depth, height, width]) => [depth, height, width],
                _ => [0; 3],
            };
            match sizes.map(usize::try_from) {
                [Ok(depth @ 1..), Ok(height @ 1..), Ok(width @ 1..)] => Ok([depth, height, width]),
                _ => Err(attrs.error(
                    name,
                    "five positive integers in the order of data_format, 1 for batch and channels",
                    format!("{list:?}"),
                )),
            }
        };
        let dilations = attrs.ints("dilations")?;
        Ok(Self {
            format,
            strides: triple("strides", attrs.ints("strides")?)?,
            dilations: if dilations.is_empty() { [1; 3] } else { triple("dilations", dilations)? },
            padding: match attrs.string("padding")? {
                Some("SAME") => Padding::Same,
                Some("VALID") => Padding::Valid,
                other => {
                    return Err(attrs.error("padding", "SAME or VALID", other.unwrap_or("missing")));
                }
            },
        })
    }
}
