//! The search of a layer's shift bits: divides its float outputs by the scales and adds up the errors of
//! each shift.

use amct_tensor::rounding::half_away;

use super::{SHIFTS, ShiftError, ShiftVersion, v1, v2};

/// Values that are divided by their scales together.
const BLOCK: usize = 4096;

/// The float outputs of a layer, in order, to its shift bits.
#[derive(Clone, Debug)]
pub struct ShiftSearch {
    /// scale_d * scale_w: one value, or one per channel.
    scales: Vec<f32>,
    errors: Errors,
    /// The batch at hand.
    batch: usize,
    seen: usize,
    finite: bool,
}

#[derive(Clone, Debug)]
enum Errors {
    V1(v1::Errors),
    V2(v2::Errors),
    /// One row for all channels of one-pixel outputs, which the kernel adds up channel by channel:
    /// these few values are kept until their batch ends.
    V2Broadcast {
        errors: v2::Errors,
        kept: Vec<f32>,
    },
}

impl ShiftSearch {
    /// A search for sums that stand for `scales` times their value, one scale or one per channel.
    /// `broadcast` says that the output has height and width 1, which the second version minds.
    pub fn new(version: ShiftVersion, scales: &[f32], broadcast: bool) -> Self {
        let errors = match version {
            ShiftVersion::V1 => Errors::V1(v1::Errors::new(scales.len())),
            ShiftVersion::V2 if broadcast => {
                Errors::V2Broadcast { errors: v2::Errors::new(1), kept: Vec::new() }
            }
            ShiftVersion::V2 => Errors::V2(v2::Errors::new(scales.len())),
        };
        Self { scales: scales.to_vec(), errors, batch: 0, seen: 0, finite: true }
    }

    /// Takes the next values, of the batch of that number, laid out as
    /// `channel = index / run % channels` from a first channel on. Batches come in order.
    pub fn add(&mut self, batch: usize, run: usize, data: &[f32]) {
        if batch != self.batch {
            self.close();
            self.batch = batch;
        }
        self.seen = self.seen.saturating_add(data.len());
        self.finite &= data.iter().all(|x| x.is_finite());
        // With one scale all values are of one channel.
        let run = if self.scales.len() == 1 { BLOCK } else { run.max(1) };
        let row = run.saturating_mul(self.scales.len().max(1));
        let rows = row.saturating_mul((BLOCK / row.max(1)).max(1));
        for block in data.chunks(rows.max(1)) {
            let sums = self.sums(block, run);
            match &mut self.errors {
                Errors::V1(errors) => {
                    let sums: Vec<i32> = sums.into_iter().map(|v| v as i32).collect();
                    errors.add(&sums, run);
                }
                Errors::V2(errors) => errors.add(&sums, run),
                Errors::V2Broadcast { kept, .. } => kept.extend(sums),
            }
        }
    }

    /// The int32 sums that the values stand for.
    fn sums(&self, block: &[f32], run: usize) -> Vec<f32> {
        let mut sums = Vec::with_capacity(block.len());
        for row in block.chunks(run.saturating_mul(self.scales.len().max(1)).max(1)) {
            if run == 1 {
                sums.extend(row.iter().zip(&self.scales).map(|(x, scale)| half_away(x / scale)));
                continue;
            }
            for (values, scale) in row.chunks(run).zip(&self.scales) {
                sums.extend(values.iter().map(|x| half_away(x / scale)));
            }
        }
        sums
    }

    fn close(&mut self) {
        match &mut self.errors {
            Errors::V1(_) => {}
            Errors::V2(errors) => errors.close(),
            Errors::V2Broadcast { errors, kept } => {
                let channels = self.scales.len().max(1);
                for channel in 0..channels {
                    let values: Vec<f32> = kept.iter().copied().skip(channel).step_by(channels).collect();
                    errors.add(&values, BLOCK);
                }
                kept.clear();
                errors.close();
            }
        }
    }

    /// The errors of every shift, for each channel or for all; only the second version has them.
    pub fn errors(&mut self) -> Vec<[f32; SHIFTS]> {
        self.close();
        match &self.errors {
            Errors::V1(_) => Vec::new(),
            Errors::V2(errors) => (0..self.scales.len()).map(|row| errors.row(row)).collect(),
            Errors::V2Broadcast { errors, .. } => vec![errors.row(0)],
        }
    }

    /// The shift of every channel, 1 to 16.
    ///
    /// # Errors
    /// See [`ShiftError`].
    pub fn finish(mut self) -> Result<Vec<u32>, ShiftError> {
        if self.seen == 0 {
            return Err(ShiftError::Empty);
        }
        if !self.finite {
            return Err(ShiftError::NotFinite);
        }
        self.close();
        Ok(match &self.errors {
            Errors::V1(errors) => errors.best(),
            Errors::V2(errors) => errors.best(),
            Errors::V2Broadcast { errors, .. } => errors.best().repeat(self.scales.len()),
        })
    }
}
