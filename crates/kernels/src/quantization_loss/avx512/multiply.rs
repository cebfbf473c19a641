//! The losses by multiplications: values are packed, exceptional ones divided, the others go to the hot
//! loop.

use std::arch::x86_64::*;

use super::group::Group;
use super::pack::{Filter, Packed};
use super::sums::Constants;
use super::{Lanes, WIDTH, lanes_of};
use crate::quantization_loss::Task;
use crate::quantization_loss::avx2::misrounded;
use crate::quantization_loss::exceptions::ExceptionSet;
use crate::quantization_loss::reciprocals::Reciprocals;

/// Vectors of candidates that go through the values together: the additions to one sum wait for each
/// other, and 60 candidates are four vectors.
const GROUP: usize = 4;

/// What replaces the divisions of a set of candidates.
#[derive(Clone, Debug)]
pub(super) struct Multiply {
    constants: Vec<Constants>,
    reciprocals: Reciprocals,
    filter: Filter,
    /// Magnitudes that some candidate's inverse rounds to another integer than the division.
    misrounded: ExceptionSet,
}

impl Multiply {
    /// `None` where the arithmetic is not proved exact or does not pay.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    pub(super) fn new(task: &Task) -> Option<Self> {
        let reciprocals = Reciprocals::new(task)?;
        let Reciprocals { low, high, tiny, magnitudes, .. } = reciprocals;
        let constants = task.candidates.chunks(WIDTH).zip(reciprocals.inverses.chunks(WIDTH)).map(
            |(candidates, inverses)| Constants {
                inverse: lanes_of(inverses, |inverse| *inverse),
                scale: lanes_of(candidates, |c| c.scale),
                ceiling: _mm512_castps_si512(lanes_of(candidates, |c| reciprocals.ceiling(c))),
                correction: lanes_of(candidates, |c| reciprocals.correction(c)),
                clips: candidates.iter().any(|c| reciprocals.clips(c)),
            },
        );
        let constants: Vec<Constants> = constants.collect();
        let misrounded = misrounded(task.candidates, &reciprocals);
        let filter = Filter { low, high, tiny, magnitudes };
        Some(Self { constants, reciprocals, filter, misrounded })
    }

    /// What must be noticed of the values.
    pub(super) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Adds the terms of a block.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    pub(super) fn add(&self, lanes: &mut [Lanes], count: __m512, packed: &Packed) {
        let Self { constants, reciprocals, filter, misrounded } = self;
        let (groups, single) = lanes.as_chunks_mut::<GROUP>();
        let (constants, single_constants) = constants.as_chunks::<GROUP>();
        for (lanes, constants) in groups.iter_mut().zip(constants) {
            Group { constants, reciprocals, filter, misrounded, count }.add(lanes, packed);
        }
        let (single, _) = single.as_chunks_mut::<1>();
        let (single_constants, _) = single_constants.as_chunks::<1>();
        for (lanes, constants) in single.iter_mut().zip(single_constants) {
            Group { constants, reciprocals, filter, misrounded, count }.add(lanes, packed);
        }
    }
}
