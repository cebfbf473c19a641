//! Convolutions, matrix products, biases and poolings against TensorFlow.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub, dead_code)]

use crate::support::{Closeness, Feeding, check_all};

/// Sums in another order: the last digits differ, more so where terms cancel.
const CLOSE: Closeness = Closeness::Within { relative: 1e-5, absolute: 1e-5 };

#[test]
fn constant_weights_give_what_tensorflow_gives() {
    check_all("conv_ops.json", Feeding::AsGiven, CLOSE);
}

#[test]
fn fed_weights_give_the_same() {
    check_all("conv_ops.json", Feeding::AllFed, CLOSE);
}

#[test]
fn constant_inputs_give_the_same() {
    check_all("conv_ops.json", Feeding::AllConstant, CLOSE);
}
