//! The epilogue of int8 kernels that make sums alone.

use amct_kernels::{I8Output, SumEpilogue, threads};
use rayon::prelude::*;

use crate::OpError;
use crate::memory::Memory;

/// Rows of one task.
const ROWS: usize = 1 << 10;

/// Makes sums by `run`, rows of one per channel, and does to them what `epilogue` says.
pub(super) fn sums_then(
    epilogue: &SumEpilogue,
    channels: usize,
    output: I8Output<'_>,
    memory: &Memory,
    run: impl FnOnce(I8Output<'_>) -> Result<(), OpError>,
) -> Result<(), OpError> {
    let len = match &output {
        I8Output::I32(output) => output.len(),
        I8Output::F32(output) => output.len(),
        I8Output::I8(output) => output.len(),
    };
    let mut sums = memory.take::<i32>(len);
    run(I8Output::I32(&mut sums))?;
    let chunk = ROWS * channels.max(1);
    match output {
        I8Output::I32(output) => apply(epilogue, chunk, &sums, output, |part| I8Output::I32(part)),
        I8Output::F32(output) => apply(epilogue, chunk, &sums, output, |part| I8Output::F32(part)),
        I8Output::I8(output) => apply(epilogue, chunk, &sums, output, |part| I8Output::I8(part)),
    }?;
    memory.give_vec(sums);
    Ok(())
}

/// Does the steps to `chunk` elements at a time.
fn apply<T: Send>(
    epilogue: &SumEpilogue,
    chunk: usize,
    sums: &[i32],
    output: &mut [T],
    of: impl Fn(&mut [T]) -> I8Output<'_> + Sync,
) -> Result<(), OpError> {
    if threads() == 1 {
        return Ok(epilogue.apply(sums, of(output))?);
    }
    let chunks = sums.par_chunks(chunk).zip(output.par_chunks_mut(chunk));
    chunks.try_for_each(|(sums, output)| Ok(epilogue.apply(sums, of(output))?))
}
