//! The header of a `.npy` file: read in versions 1.0 to 3.0 of the format, written as numpy writes it.

use std::io::{self, Read};

use amct_tensor::DType;

use crate::elements::Order;

mod literal;
use literal::Scanner;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// More than any header of ours: 64 dimensions of 20 digits need 1.5 kB.
const MAX_HEADER_LEN: usize = 1 << 16;
/// numpy lets the data start at a multiple of this.
const ALIGNMENT: usize = 64;
/// numpy leaves room for a first dimension of this many digits, so that a file can be appended to.
const GROWTH_DIGITS: usize = 21;

/// What precedes the data.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) dtype: DType,
    pub(super) order: Order,
    pub(super) shape: Vec<usize>,
}

/// Why there is no header.
#[derive(Debug)]
pub(super) enum HeaderError {
    Io(io::Error),
    Invalid(String),
}

impl From<String> for HeaderError {
    fn from(reason: String) -> Self {
        HeaderError::Invalid(reason)
    }
}

impl Header {
    /// The header at the start of `reader`, which is left at the first byte of the data.
    pub(super) fn read(reader: &mut impl Read) -> Result<Self, HeaderError> {
        let [m0, m1, m2, m3, m4, m5, major, minor] = read_array(reader)?;
        if [m0, m1, m2, m3, m4, m5] != *MAGIC {
            return Err("it does not start with \\x93NUMPY".to_owned().into());
        }
        let len = match (major, minor) {
            (1, 0) => u16::from_le_bytes(read_array(reader)?).into(),
            (2 | 3, 0) => u32::from_le_bytes(read_array(reader)?),
            _ => return Err(format!("version {major}.{minor}, where 1.0, 2.0 or 3.0 is known").into()),
        };
        if len as usize > MAX_HEADER_LEN {
            return Err(format!("{len} bytes of header, where at most {MAX_HEADER_LEN} are accepted").into());
        }
        let mut text = vec![0; len as usize];
        reader.read_exact(&mut text).map_err(end_of_file)?;
        let text = String::from_utf8(text).map_err(|_| "it is not text".to_owned())?;
        Ok(parse(&text)?)
    }
}

fn read_array<const N: usize>(reader: &mut impl Read) -> Result<[u8; N], HeaderError> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(end_of_file)?;
    Ok(bytes)
}

fn end_of_file(error: io::Error) -> HeaderError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => HeaderError::Invalid("the file ends within it".to_owned()),
        _ => HeaderError::Io(error),
    }
}

/// The dictionary `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, keys in any order.
fn parse(text: &str) -> Result<Header, String> {
    let (mut dtype, mut order, mut shape) = (None, None, None);
    let mut scanner = Scanner::new(text.trim_end());
    scanner.expect('{')?;
    while !scanner.take('}') {
        let key = scanner.string()?;
        scanner.expect(':')?;
        match key {
            "descr" => dtype = Some(dtype_of(scanner.string()?)?),
            "fortran_order" => {
                order = Some(if scanner.boolean()? { Order::ColumnMajor } else { Order::RowMajor });
            }
            "shape" => shape = Some(scanner.tuple()?),
            other => return Err(format!("unknown key '{other}'")),
        }
        if !scanner.take(',') {
            scanner.expect('}')?;
            break;
        }
    }
    scanner.end()?;
    match (dtype, order, shape) {
        (Some(dtype), Some(order), Some(shape)) => Ok(Header { dtype, order, shape }),
        _ => Err("of the keys descr, fortran_order and shape one is missing".to_owned()),
    }
}

/// numpy's type string: byte order, kind, bytes per element.
fn dtype_of(descr: &str) -> Result<DType, String> {
    let refused =
        |what: &str| format!("element type '{descr}' {what}; accepted are little-endian numbers and bool");
    let (order, code) = descr.split_at_checked(1).ok_or_else(|| refused("is not known"))?;
    let dtype = DType::ALL
        .into_iter()
        .find(|&dtype| code_of(dtype) == Some(code))
        .ok_or_else(|| refused("is not supported"))?;
    match order {
        "<" | "|" => Ok(dtype),
        ">" if dtype.size() == 1 => Ok(dtype),
        ">" => Err(refused("is big-endian")),
        _ => Err(refused("has no byte order")),
    }
}

fn code_of(dtype: DType) -> Option<&'static str> {
    Some(match dtype {
        DType::F16 => "f2",
        DType::F32 => "f4",
        DType::F64 => "f8",
        DType::I8 => "i1",
        DType::I16 => "i2",
        DType::I32 => "i4",
        DType::I64 => "i8",
        DType::U8 => "u1",
        DType::U16 => "u2",
        DType::U32 => "u4",
        DType::U64 => "u8",
        DType::Bool => "b1",
        DType::String => return None,
    })
}

/// The header of a row-major array, as numpy writes it; `None` for a type that has none.
pub(super) fn to_bytes(dtype: DType, shape: &[usize]) -> Option<Vec<u8>> {
    let order = if dtype.size() == 1 { '|' } else { '<' };
    let code = code_of(dtype)?;
    let tuple = match shape {
        [single] => format!("({single},)"),
        dims => format!("({})", dims.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    };
    let mut text = format!("{{'descr': '{order}{code}', 'fortran_order': False, 'shape': {tuple}, }}");
    if let Some(first) = shape.first() {
        text.extend(std::iter::repeat_n(' ', GROWTH_DIGITS.saturating_sub(first.to_string().len())));
    }
    // Version 1.0 while its 16-bit length suffices, as numpy chooses.
    let (version, prefix) = if text.len() + ALIGNMENT < usize::from(u16::MAX) { (1, 10) } else { (2, 12) };
    let unpadded = prefix + text.len() + 1;
    // A full line of padding where none is needed: numpy's arithmetic.
    text.extend(std::iter::repeat_n(' ', ALIGNMENT - unpadded % ALIGNMENT));
    text.push('\n');
    let mut bytes = [MAGIC.as_slice(), &[version, 0]].concat();
    let len = u32::try_from(text.len()).ok()?.to_le_bytes();
    bytes.extend(len.get(..prefix - bytes.len())?);
    bytes.extend(text.as_bytes());
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_any_order_and_without_the_last_comma_are_read() {
        let header = Header { dtype: DType::F32, order: Order::ColumnMajor, shape: vec![2, 3] };
        for text in [
            "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }",
            "{\"shape\":(2,3),\"fortran_order\":True,\"descr\":\"<f4\"}  \n",
        ] {
            assert_eq!(parse(text).unwrap(), header);
        }
    }

    #[test]
    fn what_is_not_a_header_is_refused_with_a_reason() {
        for (text, reason) in [
            ("", "'{'"),
            ("{'descr': '<f4'}", "missing"),
            ("{'descr': '>f4', 'fortran_order': True, 'shape': ()}", "big-endian"),
            ("{'descr': '<c8', 'fortran_order': True, 'shape': ()}", "not supported"),
            ("{'descr': 'f4', 'fortran_order': True, 'shape': ()}", "not supported"),
            ("{'descr': '', 'fortran_order': True, 'shape': ()}", "not known"),
            ("{'descr': '\u{fc}f4', 'fortran_order': True, 'shape': ()}", "not known"),
            ("{'descr': [('a', '<f4')], 'fortran_order': True, 'shape': ()}", "string"),
            ("{'descr': '<f4', 'fortran_order': 1, 'shape': ()}", "True or False"),
            ("{'descr': '<f4', 'fortran_order': True, 'shape': (-1,)}", "dimension"),
            ("{'descr': '<f4', 'fortran_order': True, 'shape': (99999999999999999999999,)}", "dimension"),
            ("{'descr': '<f4', 'fortran_order': True, 'shape': 3}", "'('"),
            ("{'descr': '<f4', 'fortran_order': True, 'shape': (((", "dimension"),
            ("{'more': 1}", "unknown key"),
            ("{'descr': '<f4', 'fortran_order': True, 'shape': ()} x", "after"),
        ] {
            let found = parse(text).unwrap_err();
            assert!(found.contains(reason), "{text}: {found}");
        }
    }

    #[test]
    fn a_header_for_very_many_dimensions_is_of_version_2() {
        let shape = vec![1; 30_000];
        let bytes = to_bytes(DType::U8, &shape).unwrap();
        assert_eq!((bytes[6], bytes.len() % ALIGNMENT), (2, 0));
        assert!(
            matches!(Header::read(&mut bytes.as_slice()), Err(HeaderError::Invalid(reason)) if reason.contains("at most"))
        );
    }
}
