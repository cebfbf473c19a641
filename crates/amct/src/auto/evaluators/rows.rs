//! Splits the output of a batch into one row of classes for each image.

use amct_tensor::Tensor;

use crate::Error;
use crate::auto::AutoError;
use crate::predict::class_rows;

/// The first `images` rows of an output [batch, ..., classes] with other extents of 1.
///
/// # Errors
/// [`AutoError::NotRows`].
pub(crate) fn rows<'t>(
    name: &str,
    output: &'t Tensor,
    images: usize,
) -> Result<impl Iterator<Item = &'t [f32]> + use<'t>, Error> {
    let refused = || {
        let found = format!("{} of shape {:?}", output.dtype(), output.shape());
        AutoError::NotRows { output: name.to_owned(), found }
    };
    class_rows(output, images).ok_or_else(|| refused().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_per_image_and_none_that_only_fills_the_batch() {
        let output = Tensor::from_vec([3, 1, 2], vec![0.0_f32, 1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        let found: Vec<&[f32]> = rows("y", &output, 2).unwrap().collect();
        assert_eq!(found, [[0.0, 1.0], [2.0, 3.0]]);
        assert!(rows("y", &output, 4).is_err());
    }

    #[test]
    fn anything_else_is_refused_with_its_shape() {
        let map = Tensor::full([1, 2, 2, 3], 0.0_f32).unwrap();
        let error = rows("y", &map, 1).err().unwrap().to_string();
        assert!(error.contains("'y' is float32 of shape [1, 2, 2, 3]"), "{error}");
        assert!(rows("y", &Tensor::full([2, 3], 0_i64).unwrap(), 2).is_err());
    }
}
