use super::*;
use crate::samples::Samples;
