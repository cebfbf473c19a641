//! How near a tensor must be to TensorFlow's.

use amct_tensor::{DType, Element, Tensor};
use half::f16;

/// How near floats must be; integers, booleans and strings are always compared exactly.
#[derive(Clone, Copy, PartialEq)]
pub enum Closeness {
    /// The same value; NaN equals NaN, 0 equals -0.
    Exact,
    /// `|found - expected| <= relative * |expected| + absolute`.
    Within { relative: f64, absolute: f64 },
}

/// Whether `found` has the type, shape and values of `expected`.
pub fn compare(found: &Tensor, expected: &Tensor, closeness: Closeness) -> Result<(), String> {
    if (found.dtype(), found.shape()) != (expected.dtype(), expected.shape()) {
        return Err(format!(
            "found {} {:?}, expected {} {:?}",
            found.dtype(),
            found.shape(),
            expected.dtype(),
            expected.shape()
        ));
    }
    match expected.dtype() {
        DType::F16 => floats(found, expected, closeness, |x: &f16| x.to_f64()),
        DType::F32 => floats(found, expected, closeness, |&x: &f32| x.into()),
        DType::F64 => floats(found, expected, closeness, |&x: &f64| x),
        _ if found == expected => Ok(()),
        _ => Err(format!("found {found:?}, expected {expected:?}")),
    }
}

fn floats<T: Element>(
    found: &Tensor,
    expected: &Tensor,
    closeness: Closeness,
    float: impl Fn(&T) -> f64,
) -> Result<(), String> {
    let near = |a: f64, b: f64| {
        a == b
            || (a.is_nan() && b.is_nan())
            || match closeness {
                Closeness::Exact => false,
                Closeness::Within { relative, absolute } => (a - b).abs() <= relative * b.abs() + absolute,
            }
    };
    let pairs = found.as_slice::<T>().unwrap().iter().zip(expected.as_slice::<T>().unwrap());
    for (index, (a, b)) in pairs.enumerate() {
        let (a, b) = (float(a), float(b));
        if !near(a, b) {
            return Err(format!("element {index}: found {a:?}, expected {b:?}"));
        }
    }
    Ok(())
}
