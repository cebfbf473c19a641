//! Arithmetic, comparisons, reductions, activations, resizes and detection against TensorFlow.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

use crate::support::{Closeness, Feeding, check_all};

/// Sums of f32 cancel, so the last digits of a result near zero are those of its terms.
const SINGLE: Closeness = Closeness::Within { relative: 1e-6, absolute: 2e-7 };
/// Half has 11 bits; TensorFlow rounds inner steps of some operators to half too.
const HALF: Closeness = Closeness::Within { relative: 2e-3, absolute: 2e-3 };

#[test]
fn fed_inputs_give_what_tensorflow_gives() {
    check_all("math_ops.json", Feeding::AllFed, SINGLE);
}

#[test]
fn constant_inputs_give_the_same() {
    check_all("math_ops.json", Feeding::AllConstant, SINGLE);
}

#[test]
fn constant_parameters_give_the_same() {
    check_all("math_ops.json", Feeding::AsGiven, SINGLE);
}

#[test]
fn half_precision_gives_what_tensorflow_gives_to_its_precision() {
    check_all("math_ops_half.json", Feeding::AllFed, HALF);
}
