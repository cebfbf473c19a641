//! Array and shape operators against TensorFlow, to the bit.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

use crate::support::{Closeness, Feeding, check_all};

#[test]
fn fed_inputs_give_what_tensorflow_gives() {
    check_all("array_ops.json", Feeding::AllFed, Closeness::Exact);
}

#[test]
fn constant_inputs_give_the_same() {
    check_all("array_ops.json", Feeding::AllConstant, Closeness::Exact);
}

#[test]
fn constant_parameters_give_the_same() {
    check_all("array_ops.json", Feeding::AsGiven, Closeness::Exact);
}
