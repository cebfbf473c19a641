//! The epilogue of int8 kernels that make sums alone.

use amct_kernels::{I32Epilogue, OutputSlice, threads};
use rayon::prelude::*;

use crate::OpError;
use crate::memory::Memory;

/// Rows of one task.
const ROWS: usize = 1 << 10;

/// Makes sums by `run`, rows of one per channel, and does to them what `epilogue` says.
pub(super) fn sums_then(
    epilogue: &I32Epilogue,
    channels: usize,
    output: OutputSlice<'_>,
    memory: &Memory,
    run: impl FnOnce(OutputSlice<'_>) -> Result<(), OpError>,
) -> Result<(), OpError> {
    let len = match &output {
        OutputSlice::I32(output) => output.len(),
        OutputSlice::F32(output) => output.len(),
        OutputSlice::I8(output) => output.len(),
    };
    let mut sums = memory.take::<i32>(len);
    run(OutputSlice::I32(&mut sums))?;
    let chunk = ROWS * channels.max(1);
    match output {
        OutputSlice::I32(output) => apply(epilogue, chunk, &sums, output, |part| OutputSlice::I32(part)),
        OutputSlice::F32(output) => apply(epilogue, chunk, &sums, output, |part| OutputSlice::F32(part)),
        OutputSlice::I8(output) => apply(epilogue, chunk, &sums, output, |part| OutputSlice::I8(part)),
    }?;
    memory.give_vec(sums);
    Ok(())
}

/// Does the steps to `chunk` elements at a time.
fn apply<T: Send>(
    epilogue: &I32Epilogue,
    chunk: usize,
    sums: &[i32],
    output: &mut [T],
    of: impl Fn(&mut [T]) -> OutputSlice<'_> + Sync,
) -> Result<(), OpError> {
    if threads() == 1 {
        return Ok(epilogue.apply(sums, of(output))?);
    }
    let chunks = sums.par_chunks(chunk).zip(output.par_chunks_mut(chunk));
    chunks.try_for_each(|(sums, output)| Ok(epilogue.apply(sums, of(output))?))
}
