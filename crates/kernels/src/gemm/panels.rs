//! The right side of a product, reordered once so that a tile reads it front to back.

use std::ops::Range;

use crate::{KernelError, lengths};

/// Columns of a full panel: two vectors of eight 32-bit sums.
pub(super) const WIDE: usize = 16;
/// Columns of the last panel if at most so many are left.
pub(super) const NARROW: usize = 8;

/// Column panels of a matrix. In a panel, `GROUP` successive rows of one column lie side by side,
/// then the next column, then the next group of rows. Missing rows and columns are zeros.
#[derive(Clone, Debug)]
pub(super) struct Panels<T, const GROUP: usize> {
    rows: usize,
    columns: usize,
    data: Vec<T>,
}

/// One panel: `data` has `width` values for each row.
pub(super) struct Panel<'a, T> {
    /// The first column of the matrix in here.
    pub(super) first: usize,
    /// Columns that exist, at most `width`.
    pub(super) columns: usize,
    /// [`WIDE`] or [`NARROW`].
    pub(super) width: usize,
    pub(super) data: &'a [T],
}

impl<T: Copy + Default, const GROUP: usize> Panels<T, GROUP> {
    /// Packs the row-major `rows` x `columns` matrix `values`.
    pub(super) fn pack<S: Copy>(
        rows: usize,
        columns: usize,
        values: &[S],
        convert: impl Fn(S) -> T,
    ) -> Result<Self, KernelError> {
        let overflow = KernelError::Overflow { argument: "b" };
        lengths::expect("b", values.len(), lengths::product("b", &[rows, columns])?)?;
        let padded_rows = rows.checked_next_multiple_of(GROUP).ok_or(overflow.clone())?;
        let padded_columns = columns.checked_next_multiple_of(NARROW).ok_or(overflow)?;
        let mut data = vec![T::default(); lengths::product("b", &[padded_rows, padded_columns])?];
        let mut panels = Self { rows: padded_rows, columns, data: Vec::new() };
        for (row, values) in values.chunks_exact(columns.max(1)).enumerate() {
            for (column, &value) in values.iter().enumerate() {
                let first = column - column % WIDE;
                let width = panels.width(first);
                let group = first * padded_rows + row / GROUP * GROUP * width;
                data[group + (column - first) * GROUP + row % GROUP] = convert(value);
            }
        }
        panels.data = data;
        Ok(panels)
    }

    /// Some of the columns as a matrix of their own.
    pub(super) fn select(&self, columns: Range<usize>) -> Self {
        let padded = columns.len().next_multiple_of(NARROW);
        let mut selected = Self { rows: self.rows, columns: columns.len(), data: Vec::new() };
        let mut data = vec![T::default(); self.rows * padded];
        for (to, from) in columns.enumerate() {
            let (to_first, from_first) = (to - to % WIDE, from - from % WIDE);
            let (to_width, from_width) = (selected.width(to_first), self.width(from_first));
            for group in (0..self.rows).step_by(GROUP) {
                let to = to_first * self.rows + group * to_width + (to - to_first) * GROUP;
                let from = from_first * self.rows + group * from_width + (from - from_first) * GROUP;
                data[to..to + GROUP].copy_from_slice(&self.data[from..from + GROUP]);
            }
        }
        selected.data = data;
        selected
    }

    /// Rows, rounded up to a multiple of `GROUP`.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    fn width(&self, first: usize) -> usize {
        if self.columns - first > NARROW { WIDE } else { NARROW }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Panel<'_, T>> {
        (0..self.columns).step_by(WIDE).map(|first| {
            let width = self.width(first);
            Panel {
                first,
                columns: (self.columns - first).min(width),
                width,
                data: &self.data[first * self.rows..][..width * self.rows],
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_of_rows_lies_side_by_side() {
        let values: Vec<i8> = (0..3 * 18).map(|i| i as i8).collect();
        let panels = Panels::<i16, 2>::pack(3, 18, &values, i16::from).unwrap();
        assert_eq!((panels.rows(), panels.columns()), (4, 18));
        let panels: Vec<_> = panels.iter().collect();
        assert_eq!(panels.len(), 2);
        assert_eq!((panels[0].first, panels[0].columns, panels[0].width), (0, 16, 16));
        assert_eq!(panels[0].data[..4], [0, 18, 1, 19]);
        assert_eq!(panels[0].data[32..36], [36, 0, 37, 0]);
        assert_eq!((panels[1].first, panels[1].columns, panels[1].width), (16, 2, 8));
        assert_eq!(panels[1].data[..6], [16, 34, 17, 35, 0, 0]);
        assert_eq!(panels[1].data[16..20], [52, 0, 53, 0]);
    }

    #[test]
    fn selected_columns_are_packed_as_if_alone() {
        let (rows, columns) = (5, 43);
        let values: Vec<i8> = (0..rows * columns).map(|i| i as i8).collect();
        let panels = Panels::<i16, 2>::pack(rows, columns, &values, i16::from).unwrap();
        for range in [0..43, 0..0, 3..4, 7..24, 8..40, 31..43] {
            let alone: Vec<i8> = values.chunks(columns).flat_map(|row| row[range.clone()].to_vec()).collect();
            let expected = Panels::<i16, 2>::pack(rows, range.len(), &alone, i16::from).unwrap();
            let found = panels.select(range.clone());
            assert_eq!((found.rows, found.columns), (expected.rows, expected.columns));
            assert_eq!(found.data, expected.data, "{range:?}");
        }
    }

    #[test]
    fn a_wrong_length_is_refused() {
        let found = Panels::<f32, 1>::pack(2, 3, &[0.0; 5], |x: f32| x).unwrap_err();
        assert_eq!(found, KernelError::Length { argument: "b", found: 5, expected: 6 });
        assert!(Panels::<f32, 1>::pack(usize::MAX, 2, &[0.0; 5], |x: f32| x).is_err());
    }
}
