//! int8 times int8 into int32: what the operators of the registry compute.

use super::Semantics;

pub(crate) struct Integer;

impl Semantics for Integer {}
