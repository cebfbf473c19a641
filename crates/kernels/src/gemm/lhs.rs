//! The left side of a product: rows of activations, each in one piece or in segments.

use super::bytes;

/// Rows `row_stride` apart, each made of segments. Distances are in elements of T.
#[derive(Clone, Copy)]
pub(crate) struct Lhs<'a, T> {
    pub(crate) values: &'a [T],
    pub(crate) row_stride: usize,
    pub(crate) segments: Segments,
}

/// How the elements of a row lie: in segments of the same length.
#[derive(Clone, Copy)]
pub(crate) struct Segments {
    /// How many, at least one.
    pub(crate) count: usize,
    /// From the start of one to that of the next.
    pub(crate) stride: usize,
}

impl Segments {
    /// All elements next to each other.
    pub(crate) const ONE: Self = Self { count: 1, stride: 0 };
}

impl<'a, T> Lhs<'a, T> {
    /// Rows in one piece.
    pub(crate) fn rows(values: &'a [T], row_stride: usize) -> Self {
        Self { values, row_stride, segments: Segments::ONE }
    }

    /// The same with distances in bytes; `values` are the bytes of its values.
    fn over(self, values: &'a [u8]) -> Lhs<'a, u8> {
        let Segments { count, stride } = self.segments;
        let segments = Segments { count, stride: stride * size_of::<T>() };
        Lhs { values, row_stride: self.row_stride * size_of::<T>(), segments }
    }
}

impl<'a> Lhs<'a, f32> {
    pub(super) fn bytes(self) -> Lhs<'a, u8> {
        self.over(bytes::of_f32(self.values))
    }
}

impl<'a> Lhs<'a, i32> {
    pub(super) fn bytes(self) -> Lhs<'a, u8> {
        self.over(bytes::of_i32(self.values))
    }
}

impl<'a> Lhs<'a, i8> {
    pub(super) fn bytes(self) -> Lhs<'a, u8> {
        self.over(bytes::of_i8(self.values))
    }
}
