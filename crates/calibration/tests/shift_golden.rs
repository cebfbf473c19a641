//! The searches of shift bits against AMCT's C++ kernels, whose results are recorded in `search_n.json`.
#![allow(clippy::unwrap_used, reason = "clippy knows only functions marked as tests")]

use amct_calibration::shift::{ShiftError, ShiftSearch, ShiftVersion};
use serde_json::Value;

use crate::golden;

/// Values by channel as values side by side.
fn transposed(data: &[f32], channels: usize) -> Vec<f32> {
    let run = data.len() / channels;
    (0..run).flat_map(|i| (0..channels).map(move |channel| data[channel * run + i])).collect()
}

fn search(version: ShiftVersion, scales: &[f32], broadcast: bool, run: usize, data: &[f32]) -> ShiftSearch {
    let mut search = ShiftSearch::new(version, scales, broadcast);
    search.add(0, run, data);
    search
}

fn shifts(values: &Value) -> Vec<u32> {
    golden::integers(values).into_iter().map(|shift| shift as u32).collect()
}

fn errors(rows: &Value) -> Vec<Vec<f32>> {
    rows.as_array().unwrap().iter().map(golden::floats).collect()
}

#[test]
fn every_case_has_the_kernels_shifts_and_errors() {
    let file = golden::read("search_n.json");
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 5);
    for case in cases {
        let (data, scales) = (golden::data(&case["data"]), golden::floats(&case["deq_scale"]));
        let run = golden::size(&case["shape"][1]);
        let across = transposed(&data, scales.len());
        for (run, data) in [(run, &data), (1, &across)] {
            let v1 = search(ShiftVersion::V1, &scales, false, run, data);
            assert_eq!(v1.finish().unwrap(), shifts(&case["v1"]));
            let mut v2 = search(ShiftVersion::V2, &scales, false, run, data);
            let rows: Vec<Vec<f32>> = v2.errors().iter().map(|row| row.to_vec()).collect();
            assert_eq!(rows, errors(&case["v2"]["errors"]));
            assert_eq!(v2.finish().unwrap(), shifts(&case["v2"]["best"]));
        }
        let mut one = search(ShiftVersion::V2, &scales, true, 1, &across);
        assert_eq!(one.errors()[0].to_vec(), golden::floats(&case["v2_broadcast"]["errors0"]));
        assert_eq!(one.finish().unwrap(), shifts(&case["v2_broadcast"]["best"]));
    }
}

#[test]
fn whole_numbers_have_the_kernels_shift() {
    let file = golden::read("search_n.json");
    let cases = file["v1_int"].as_array().unwrap();
    assert_eq!(cases.len(), 16);
    for case in cases {
        let data: Vec<f32> = golden::integers(&case["s32"]).into_iter().map(|v| v as f32).collect();
        let found = search(ShiftVersion::V1, &[1.0], false, 1, &data).finish();
        assert_eq!(found.unwrap(), [case["v1"].as_u64().unwrap() as u32], "{case}");
    }
}

#[test]
fn pieces_and_layout_make_no_difference_but_batches_do() {
    let mut draws = golden::Draws(5);
    let scales = [0.0001, 0.0004, 0.0007];
    let data: Vec<f32> = (0..3 * 9000).map(|_| draws.gauss12() * 40.0).collect();
    for version in [ShiftVersion::V1, ShiftVersion::V2] {
        for scales in [&scales[..], &scales[..1]] {
            let whole = search(version, scales, false, 1, &data);
            for piece in [3, 300, 12_000] {
                let mut pieces = ShiftSearch::new(version, scales, false);
                data.chunks(piece).for_each(|piece| pieces.add(0, 1, piece));
                assert_eq!(pieces.errors(), whole.clone().errors(), "{version:?} by {piece}");
                assert_eq!(pieces.finish(), whole.clone().finish());
            }
        }
    }
    // Two batches are summed up apart: in f32 that shows.
    let mut two = ShiftSearch::new(ShiftVersion::V2, &scales, false);
    let (first, second) = data.split_at(3 * 4000);
    two.add(0, 1, first);
    two.add(1, 1, second);
    let sums = |data: &[f32]| search(ShiftVersion::V2, &scales, false, 1, data).errors();
    let sum = |channel: usize, shift: usize| sums(first)[channel][shift] + sums(second)[channel][shift];
    assert_eq!(two.errors()[2][15], sum(2, 15));
    assert_ne!(two.errors(), sums(&data));
}

#[test]
fn no_values_and_bad_values_are_refused() {
    for version in [ShiftVersion::V1, ShiftVersion::V2] {
        assert_eq!(ShiftSearch::new(version, &[1.0], false).finish(), Err(ShiftError::Empty));
        for bad in [f32::NAN, f32::INFINITY] {
            let found = search(version, &[1.0], false, 1, &[1.0, bad]).finish();
            assert_eq!(found, Err(ShiftError::NotFinite));
        }
    }
}
