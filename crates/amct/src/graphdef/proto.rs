//! The messages of `proto/`, generated at build time.
#![allow(missing_docs, unreachable_pub, unused_qualifications, dead_code, clippy::all)]
#![allow(rustdoc::all, reason = "generated code")]

include!(concat!(env!("OUT_DIR"), "/tensorflow.rs"));
