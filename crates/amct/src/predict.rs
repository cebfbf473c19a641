//! The class a model predicts.

use amct_tensor::Tensor;
use serde::Serialize;

use crate::Error;

/// One class with its value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Class {
    /// Index of the class.
    pub index: usize,
    /// The model's output for it: a probability, if the model ends in a softmax.
    pub value: f32,
}

/// The `count` largest classes of the first row of an output [batch, ..., classes], largest first;
/// of equal ones the lower index comes first, NaN comes last.
///
/// # Errors
/// [`Error::NotAPrediction`] if the output has other extents than 1 between batch and classes, or
/// is not float32.
pub fn top_classes(name: &str, output: &Tensor, count: usize) -> Result<Vec<Class>, Error> {
    let refused = || Error::NotAPrediction { output: name.to_owned(), shape: output.shape().to_vec() };
    let values = output.as_slice::<f32>().map_err(|_| refused())?;
    let classes = match output.shape() {
        [classes] => *classes,
        [_, inner @ .., classes] if inner.iter().all(|&dim| dim == 1) => *classes,
        _ => return Err(refused()),
    };
    let row = values.get(..classes).filter(|row| !row.is_empty()).ok_or_else(refused)?;
    Ok(top(row, count))
}

/// The first `images` rows of an output [batch, ..., classes] of float32 with other extents of 1; `None` for
/// another output.
pub(crate) fn class_rows<'t>(
    output: &'t Tensor,
    images: usize,
) -> Option<impl Iterator<Item = &'t [f32]> + use<'t>> {
    let values = output.as_slice::<f32>().ok()?;
    match output.shape() {
        [batch, inner @ .., classes]
            if *batch >= images && *classes > 0 && inner.iter().all(|&dim| dim == 1) =>
        {
            Some(values.chunks(*classes).take(images))
        }
        _ => None,
    }
}

/// The `count` largest values of a list with their indices, largest first.
///
/// ```
/// let classes = amct::predict::top(&[0.1, 0.7, 0.2], 2);
/// assert_eq!(classes.iter().map(|class| class.index).collect::<Vec<_>>(), [1, 2]);
/// ```
pub fn top(values: &[f32], count: usize) -> Vec<Class> {
    let mut classes: Vec<Class> =
        values.iter().enumerate().map(|(index, &value)| Class { index, value }).collect();
    let key = |class: &Class| if class.value.is_nan() { f32::NEG_INFINITY } else { class.value };
    classes.sort_by(|a, b| key(b).total_cmp(&key(a)).then(a.index.cmp(&b.index)));
    classes.truncate(count);
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_come_first_and_ties_keep_their_order() {
        let found = top(&[0.1, f32::NAN, 0.5, 0.5, -1.0], 3);
        let indices: Vec<usize> = found.iter().map(|class| class.index).collect();
        assert_eq!(indices, [2, 3, 0]);
    }

    #[test]
    fn only_rows_of_classes_are_predictions() {
        let row = Tensor::from_vec([2, 1, 1, 3], vec![0.0_f32, 2.0, 1.0, 9.0, 9.0, 9.0]).unwrap();
        assert_eq!(top_classes("y", &row, 1).unwrap(), [Class { index: 1, value: 2.0 }]);
        let map = Tensor::full([1, 2, 2, 3], 0.0_f32).unwrap();
        assert!(matches!(top_classes("y", &map, 1), Err(Error::NotAPrediction { .. })));
        assert!(top_classes("y", &Tensor::scalar(1_i32), 1).is_err());
    }
}
