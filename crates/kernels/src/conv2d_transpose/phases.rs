//! Which taps of a transposed convolution reach an output position: they repeat with the stride.

use std::ops::Deref;

/// The taps along one axis, by the residue of the padded output position modulo the stride.
/// Residues without a tap are left out, so that a huge stride costs nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Phases {
    stride: usize,
    dilation: usize,
    /// Sorted by residue; the taps of each ascending.
    phases: Vec<(usize, Vec<usize>)>,
}

impl Phases {
    /// `None` if stride or dilation is zero or the dilated kernel overflows.
    pub(super) fn new(kernel: usize, stride: usize, dilation: usize) -> Option<Self> {
        if stride == 0 || dilation == 0 {
            return None;
        }
        kernel.checked_mul(dilation)?;
        let mut phases: Vec<(usize, Vec<usize>)> = Vec::new();
        for tap in 0..kernel {
            let residue = tap * dilation % stride;
            match phases.binary_search_by_key(&residue, |phase| phase.0) {
                Ok(index) => phases[index].1.push(tap),
                Err(index) => phases.insert(index, (residue, vec![tap])),
            }
        }
        Some(Self { stride, dilation, phases })
    }

    /// The phase of padded output position `position`, `None` if no tap ever reaches it.
    #[inline]
    pub(super) fn find(&self, position: usize) -> Option<usize> {
        self.phases.binary_search_by_key(&(position % self.stride), |phase| phase.0).ok()
    }

    /// The input index that `tap` of that position's phase reads, `None` before the input.
    #[inline]
    pub(super) fn source(&self, position: usize, tap: usize) -> Option<usize> {
        Some(position.checked_sub(tap * self.dilation)? / self.stride)
    }
}

impl Deref for Phases {
    type Target = [(usize, Vec<usize>)];

    fn deref(&self) -> &Self::Target {
        &self.phases
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tap_has_one_phase() {
        let phases = Phases::new(5, 2, 1).unwrap();
        assert_eq!(*phases, [(0, vec![0, 2, 4]), (1, vec![1, 3])]);
        assert_eq!((phases.find(6), phases.source(6, 2), phases.source(1, 3)), (Some(0), Some(2), None));
        let hollow = Phases::new(2, 5, 1).unwrap();
        assert_eq!(*hollow, [(0, vec![0]), (1, vec![1])]);
        assert_eq!(hollow.find(13), None);
        assert_eq!(*Phases::new(3, 2, 2).unwrap(), [(0, vec![0, 1, 2])]);
        assert_eq!(Phases::new(1, usize::MAX, 1).unwrap().len(), 1);
    }

    #[test]
    fn impossible_windows_are_refused() {
        assert_eq!(Phases::new(3, 0, 1), None);
        assert_eq!(Phases::new(3, 1, 0), None);
        assert_eq!(Phases::new(3, 1, usize::MAX), None);
    }
}
