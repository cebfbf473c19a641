//! Padding that a layer takes into its own window.

use amct_graph::views::WindowAttrs;
use amct_tensor::DataFormat;
use amct_tensor::window::Padding;

/// Takes a padding of height and width into the attributes of a layer that pads nothing itself.
pub(super) fn absorb_padding(attrs: &mut WindowAttrs, pads: &[(usize, usize)]) -> bool {
    match (attrs.format, attrs.padding, pads) {
        (DataFormat::Nhwc, Padding::Valid, &[(0, 0), height, width, (0, 0)]) => {
            attrs.padding = Padding::Explicit([height, width]);
            true
        }
        _ => false,
    }
}
