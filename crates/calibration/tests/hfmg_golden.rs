//! HFMG against AMCT's C++ kernel, whose results are recorded in `hfmg.json`.
#![allow(clippy::unwrap_used, reason = "clippy knows only functions marked as tests")]

use amct_calibration::hfmg::{self, HfmgParams, Histogram, HistogramCollector, ValueRange};
use serde_json::Value;

use crate::golden;

fn params(case: &Value) -> HfmgParams {
    HfmgParams {
        num_bits: case["num_bits"].as_u64().unwrap() as u32,
        with_offset: case["with_offset"].as_bool().unwrap(),
        num_of_bins: golden::size(&case["num_of_bins"]),
    }
}

/// FNV-1a over the counts as little-endian u32.
fn hash(counts: &[u32]) -> u64 {
    counts
        .iter()
        .flat_map(|count| count.to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

fn hex(value: &Value) -> u64 {
    u64::from_str_radix(value.as_str().unwrap().strip_prefix("0x").unwrap(), 16).unwrap()
}

/// Bin and count of the bins that are not empty.
fn filled(counts: &[u32]) -> Vec<Vec<i64>> {
    let pairs = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    pairs.map(|(bin, &count)| vec![bin as i64, count.into()]).collect()
}

fn collect(batches: &[Vec<f32>], params: &HfmgParams, piece: usize) -> Histogram {
    let ranges: Vec<ValueRange> = batches.iter().map(|batch| ValueRange::of(batch)).collect();
    let mut collector = HistogramCollector::new(&ranges, params).unwrap();
    for (index, batch) in batches.iter().enumerate() {
        batch.chunks(piece).for_each(|piece| collector.add(index, piece));
    }
    collector.finish().unwrap()
}

#[test]
fn every_case_has_the_kernels_bins_scale_and_offset() {
    let file = golden::read("hfmg.json");
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 27);
    for (i, case) in cases.iter().enumerate() {
        let name = format!("case {i}, {}", case["name"]);
        let (params, expected) = (params(case), &case["cpp"]);
        assert_eq!(expected["ret"], 0);
        let batches: Vec<Vec<f32>> = case["batches"].as_array().unwrap().iter().map(golden::data).collect();
        let histogram = collect(&batches, &params, usize::MAX);
        for piece in [1, 777] {
            assert_eq!(collect(&batches, &params, piece), histogram, "{name}, pieces of {piece}");
        }
        assert_eq!(vec![histogram.min(), histogram.max()], golden::floats(&expected["range"]), "{name}");
        assert_eq!(histogram.total(), expected["count_sum"].as_u64().unwrap(), "{name}");
        let found = filled(histogram.counts());
        let first: Vec<Vec<i64>> =
            expected["first_nonzero"].as_array().unwrap().iter().map(golden::integers).collect();
        let last: Vec<Vec<i64>> =
            expected["last_nonzero"].as_array().unwrap().iter().map(golden::integers).collect();
        assert!(found.starts_with(&first) && found.ends_with(&last), "{name}");
        assert_eq!(hash(histogram.counts()), hex(&expected["count_fnv1a64"]), "{name}");

        let found = hfmg::search(&histogram, &params).unwrap();
        let scale = golden::float(&expected["scale"]);
        assert_eq!(found.scale.to_bits(), scale.to_bits(), "{name}: {} is not {scale}", found.scale);
        assert_eq!(i64::from(found.offset), expected["offset"].as_i64().unwrap(), "{name}");
    }
}

#[test]
fn a_range_alone_has_the_kernels_scale_and_offset() {
    let file = golden::read("hfmg.json");
    let cases = file["act_arq_minmax"].as_array().unwrap();
    assert_eq!(cases.len(), 18);
    for case in cases {
        let params =
            HfmgParams { with_offset: case["with_offset"].as_bool().unwrap(), ..HfmgParams::default() };
        let found = hfmg::from_min_max(golden::float(&case["min"]), golden::float(&case["max"]), &params);
        assert_eq!(case["ret"], 0);
        let (found, scale) = (found.unwrap(), golden::float(&case["scale"]));
        assert_eq!(found.scale.to_bits(), scale.to_bits(), "{case}: {found:?}");
        assert_eq!(i64::from(found.offset), case["offset"].as_i64().unwrap(), "{case}: {found:?}");
    }
}
