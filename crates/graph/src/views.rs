//! Typed readings of the ops that both the rewrites and the interpreter look at.

use amct_tensor::DataFormat;
use amct_tensor::window::Padding;

use crate::{AttrError, Node};

/// Strides, dilations, padding and layout of a 2-D convolution or pooling node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowAttrs {
    /// Layout of input and output.
    pub format: DataFormat,
    /// Steps along height and width.
    pub strides: (usize, usize),
    /// Dilations along height and width (1 for pooling).
    pub dilations: (usize, usize),
    /// Kernel along height and width (pooling only; `(1, 1)` for a convolution).
    pub kernel: (usize, usize),
    /// Padding rule.
    pub padding: Padding,
}

impl WindowAttrs {
    /// Reads `data_format`, `strides`, `dilations`, `ksize`, `padding` and `explicit_paddings`.
    ///
    /// # Errors
    /// [`AttrError`] for values outside TensorFlow's rules: a layout other than NHWC and NCHW, a
    /// list that has not four positive entries, a step over batch or channels.
    pub fn of(node: &Node) -> Result<Self, AttrError> {
        let attrs = node.attributes();
        let format_name = attrs.string("data_format")?.unwrap_or("NHWC");
        let format = DataFormat::from_name(format_name)
            .ok_or_else(|| attrs.error("data_format", "NHWC or NCHW", format_name))?;
        let pair = |name: &str, required: bool| -> Result<(usize, usize), AttrError> {
            let list = attrs.ints(name)?;
            if list.is_empty() && !required {
                return Ok((1, 1));
            }
            spatial_pair(list, format).ok_or_else(|| {
                attrs.error(
                    name,
                    format!("four positive integers in {format} order, 1 for batch and channels"),
                    format!("{list:?}"),
                )
            })
        };
        let is_pool = node.op.ends_with("Pool");
        Ok(Self {
            format,
            strides: pair("strides", true)?,
            dilations: pair("dilations", false)?,
            kernel: pair("ksize", is_pool)?,
            padding: padding(node, format)?,
        })
    }
}

fn spatial_pair(list: &[i64], format: DataFormat) -> Option<(usize, usize)> {
    let &[a, b, c, d] = list else { return None };
    let (outer, inner, height, width) = match format {
        DataFormat::Nhwc => (a, d, b, c),
        DataFormat::Nchw => (a, b, c, d),
    };
    if outer != 1 || inner != 1 || height < 1 || width < 1 {
        return None;
    }
    Some((usize::try_from(height).ok()?, usize::try_from(width).ok()?))
}

fn padding(node: &Node, format: DataFormat) -> Result<Padding, AttrError> {
    let attrs = node.attributes();
    match attrs.string("padding")? {
        Some("SAME") => Ok(Padding::Same),
        Some("VALID") => Ok(Padding::Valid),
        Some("EXPLICIT") => {
            let list = attrs.ints("explicit_paddings")?;
            explicit(list, format).ok_or_else(|| {
                attrs.error(
                    "explicit_paddings",
                    format!("eight non-negative integers in {format} order, 0 for batch and channels"),
                    format!("{list:?}"),
                )
            })
        }
        other => Err(attrs.error("padding", "SAME, VALID or EXPLICIT", other.unwrap_or("missing"))),
    }
}

fn explicit(list: &[i64], format: DataFormat) -> Option<Padding> {
    let sizes: Vec<usize> = list.iter().map(|&v| usize::try_from(v).ok()).collect::<Option<_>>()?;
    match (format, sizes.as_slice()) {
        (DataFormat::Nhwc, &[0, 0, top, bottom, left, right, 0, 0])
        | (DataFormat::Nchw, &[0, 0, 0, 0, top, bottom, left, right]) => {
            Some(Padding::Explicit([(top, bottom), (left, right)]))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AttrValue;

    fn conv(attrs: &[(&str, AttrValue)]) -> Node {
        let mut node = Node { name: "c".into(), op: "Conv2D".into(), ..Node::default() };
        node.attrs.insert("strides".into(), AttrValue::ints([1, 2, 3, 1]));
        node.attrs.insert("padding".into(), AttrValue::string("SAME"));
        node.attrs.extend(attrs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        node
    }

    #[test]
    fn both_layouts_and_explicit_padding_are_read() {
        let nhwc = WindowAttrs::of(&conv(&[])).unwrap();
        assert_eq!((nhwc.strides, nhwc.dilations, nhwc.padding), ((2, 3), (1, 1), Padding::Same));
        let nchw = WindowAttrs::of(&conv(&[
            ("data_format", AttrValue::string("NCHW")),
            ("strides", AttrValue::ints([1, 1, 2, 2])),
            ("padding", AttrValue::string("EXPLICIT")),
            ("explicit_paddings", AttrValue::ints([0, 0, 0, 0, 1, 2, 3, 4])),
        ]))
        .unwrap();
        assert_eq!(nchw.strides, (2, 2));
        assert_eq!(nchw.padding, Padding::Explicit([(1, 2), (3, 4)]));
    }

    #[test]
    fn values_outside_the_rules_are_refused() {
        for (name, value) in [
            ("strides", AttrValue::ints([2, 1, 1, 1])),
            ("strides", AttrValue::ints([1, 0, 1, 1])),
            ("strides", AttrValue::ints([1, 1])),
            ("padding", AttrValue::string("FULL")),
            ("data_format", AttrValue::string("NHWC_VECT_C")),
        ] {
            let error = WindowAttrs::of(&conv(&[(name, value)])).unwrap_err();
            assert_eq!(error.attr, name);
        }
    }
}
