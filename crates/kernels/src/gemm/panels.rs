//! The right side of a product, reordered once so that a tile reads it front to back.

use std::ops::Range;

use crate::{Isa, KernelError, lengths};

/// Column panels of a matrix whose elements are f32 or words of int8. A panel is one, two or four
/// vectors wide; its rows lie one behind the other. Missing columns of the last panel are zeros.
#[derive(Clone, Debug, Default)]
pub(super) struct Panels<T> {
    rows: usize,
    columns: usize,
    lanes: usize,
    /// Vectors of the widest panel.
    widest: usize,
    data: Vec<T>,
}

/// One panel: `data` has `vectors * lanes` values for each row.
#[derive(Clone, Copy)]
pub(super) struct Panel<'a, T> {
    /// The first column of the matrix in here.
    pub(super) first: usize,
    /// Columns that exist.
    pub(super) columns: usize,
    /// The width in vectors: 1, 2 or 4.
    pub(super) vectors: usize,
    pub(super) data: &'a [T],
}

impl<T: Copy + Default> Panels<T> {
    /// Packs a matrix of `rows` x `columns` elements: `fill` is told the lanes of a vector and where
    /// an element of some row and column lies; from a multiple of the lanes on, as many columns of a
    /// row lie side by side.
    ///
    /// # Errors
    /// [`KernelError::Overflow`]
    pub(super) fn pack(
        isa: Isa,
        rows: usize,
        columns: usize,
        fill: impl FnOnce(&mut [T], usize, &dyn Fn(usize, usize) -> usize),
    ) -> Result<Self, KernelError> {
        let mut panels = Self::empty(isa, rows, columns)?;
        let mut data = std::mem::take(&mut panels.data);
        fill(&mut data, panels.lanes, &|row, column| panels.index(row, column));
        Ok(Self { data, ..panels })
    }

    fn empty(isa: Isa, rows: usize, columns: usize) -> Result<Self, KernelError> {
        let vectors = isa.vectors();
        let lanes = vectors.lanes;
        // Several rows of sums of the widest panel must fit the registers.
        let widest = if vectors.registers == 32 { 4 } else { 2 };
        let padded =
            columns.checked_next_multiple_of(lanes).ok_or(KernelError::Overflow { argument: "b" })?;
        let data = vec![T::default(); lengths::product("b", &[rows, padded])?];
        Ok(Self { rows, columns, lanes, widest, data })
    }

    /// Some of the columns as a matrix of their own.
    pub(super) fn select(&self, isa: Isa, columns: Range<usize>) -> Result<Self, KernelError> {
        Self::pack(isa, self.rows, columns.len(), |data, _, index| {
            for (to, from) in columns.enumerate() {
                for row in 0..self.rows {
                    data[index(row, to)] = self.data[self.index(row, from)];
                }
            }
        })
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// The number of panels.
    pub(super) fn len(&self) -> usize {
        let vectors = self.columns.div_ceil(self.lanes);
        vectors / self.widest + (vectors % self.widest).count_ones() as usize
    }

    /// Panel `index`, which must exist: as many of the widest as there are, then narrower ones.
    pub(super) fn panel(&self, index: usize) -> Panel<'_, T> {
        let vectors = self.columns.div_ceil(self.lanes);
        let (mut first, mut width) = (index * self.widest, self.widest);
        if first + self.widest > vectors {
            first = vectors / self.widest * self.widest;
            for _ in vectors / self.widest..=index {
                first += if first + width <= vectors && width < self.widest { width } else { 0 };
                while first + width > vectors {
                    width /= 2;
                }
            }
        }
        let column = first * self.lanes;
        Panel {
            first: column,
            columns: (self.columns - column).min(width * self.lanes),
            vectors: width,
            data: &self.data[column * self.rows..][..width * self.lanes * self.rows],
        }
    }

    /// Where an element lies.
    fn index(&self, row: usize, column: usize) -> usize {
        let vectors = self.columns.div_ceil(self.lanes);
        let vector = column / self.lanes;
        let (mut first, mut width) = (vector / self.widest * self.widest, self.widest);
        while first + width > vectors || vector >= first + width {
            if first + width <= vectors {
                first += width;
            } else {
                width /= 2;
            }
        }
        let column = column - first * self.lanes;
        (first * self.rows + row * width) * self.lanes + column
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(isa: Isa, rows: usize, columns: usize) -> Panels<i32> {
        Panels::pack(isa, rows, columns, |data, _, index| {
            for row in 0..rows {
                for column in 0..columns {
                    data[index(row, column)] = (row * 1000 + column + 1) as i32;
                }
            }
        })
        .unwrap()
    }

    #[test]
    fn panels_hold_every_element_once_in_order() {
        for isa in Isa::available() {
            for columns in [0, 1, 7, 8, 16, 17, 24, 33, 48, 56, 96, 112, 144, 1001] {
                let rows = 3;
                let panels = numbered(isa, rows, columns);
                let mut next = 0;
                for panel in (0..panels.len()).map(|index| panels.panel(index)) {
                    assert_eq!(panel.first, next, "{isa:?} {columns}");
                    let width = panel.vectors * panels.lanes;
                    assert!(panel.columns <= width && panel.columns > width - panels.lanes);
                    for (row, values) in panel.data.chunks(width).enumerate() {
                        for (column, &value) in values.iter().enumerate() {
                            let exists = column < panel.columns;
                            let expected = if exists { row * 1000 + next + column + 1 } else { 0 };
                            assert_eq!(value, expected as i32, "{isa:?} {columns} row {row}");
                        }
                    }
                    next += panel.columns;
                }
                assert_eq!(next, columns, "{isa:?}");
            }
        }
    }

    #[test]
    fn selected_columns_are_packed_as_if_alone() {
        for isa in Isa::available() {
            let panels = numbered(isa, 5, 43);
            for range in [0..43, 0..0, 3..4, 7..24, 8..40, 31..43] {
                let selected = panels.select(isa, range.clone()).unwrap();
                assert_eq!((selected.rows, selected.columns), (5, range.len()));
                for (to, from) in range.enumerate() {
                    let found = selected.data[selected.index(4, to)];
                    assert_eq!(found, (4000 + from + 1) as i32, "{isa:?}");
                }
            }
        }
    }

    #[test]
    fn absurd_sizes_are_refused() {
        assert!(Panels::<f32>::empty(Isa::best(), usize::MAX, 2).is_err());
        assert!(Panels::<f32>::empty(Isa::best(), 2, usize::MAX).is_err());
    }
}
