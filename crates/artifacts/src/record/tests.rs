mod graph;
mod order;
mod reading;
mod round_trip;
mod values;

use super::*;

/// A per-channel layer with two channels and nothing wrong.
fn conv() -> RecordEntry {
    RecordEntry {
        key: "net/conv/Conv2D".into(),
        scale_d: Some(0.023_529_412),
        offset_d: Some(-128),
        scale_w: vec![0.012_847_463, 1.0],
        offset_w: vec![0, 0],
        ..RecordEntry::default()
    }
}
