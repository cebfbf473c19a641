//! Batches to scales and offsets: IFMR for activations, ARQ for weights

pub mod arq;
pub mod ifmr;
