//! IFMR against AMCT's C++ kernel, whose results are recorded in `ifmr.json`.
#![allow(clippy::unwrap_used, reason = "clippy knows only functions marked as tests")]

use amct_calibration::algorithm::AlgorithmError;
use amct_calibration::ifmr::{CandidateSearch, IfmrParams, calibrate};
use amct_calibration::range::RangeCollector;
use amct_tensor::quantization::ActivationParams;
use serde_json::Value;

use crate::golden;

fn params(case: &Value) -> IfmrParams {
    IfmrParams {
        num_bits: case["num_bits"].as_u64().unwrap() as u32,
        with_offset: case["with_offset"].as_bool().unwrap(),
        search_range: (golden::float(&case["search_range"][0]), golden::float(&case["search_range"][1])),
        search_step: golden::float(&case["search_step"]),
        max_percentile: golden::float(&case["max_percentile"]),
        min_percentile: golden::float(&case["min_percentile"]),
    }
}

/// As [`calibrate`], with pieces of `sizes` in turn.
fn calibrate_in_pieces(
    data: &[f32],
    params: &IfmrParams,
    sizes: &[usize],
) -> Result<ActivationParams, AlgorithmError> {
    let pieces = || {
        let (mut rest, mut sizes) = (data, sizes.iter().cycle());
        std::iter::from_fn(move || {
            let (piece, after) = rest.split_at((*sizes.next()?).min(rest.len()));
            rest = after;
            (!piece.is_empty()).then_some(piece)
        })
    };
    let mut collector = RangeCollector::new(data.len(), params.percentiles())?;
    pieces().for_each(|piece| collector.add(piece));
    let mut search = CandidateSearch::new(collector.finish()?, params)?;
    pieces().for_each(|piece| search.update(piece));
    search.finish()
}

#[test]
fn every_case_has_the_kernels_scale_and_offset() {
    let file = golden::read("ifmr.json");
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 37);
    for (i, case) in cases.iter().enumerate() {
        let (data, params) = (golden::data(&case["data"]), params(case));
        let name = format!("case {i}, {}", case["name"]);
        let found = calibrate(&data, &params);
        for sizes in [&[1][..], &[7, 500, 64, 3], &[4096, 1]] {
            assert_eq!(calibrate_in_pieces(&data, &params, sizes), found, "{name}, pieces of {sizes:?}");
        }
        let expected = &case["cpp"];
        if expected["ret"] != 0 {
            assert!(found.is_err(), "{name}: {found:?}");
            continue;
        }
        let found = found.unwrap_or_else(|error| panic!("{name}: {error}"));
        let scale = golden::float(&expected["scale"]);
        assert_eq!(found.scale.to_bits(), scale.to_bits(), "{name}: {} is not {scale}", found.scale);
        assert_eq!(i64::from(found.offset), expected["offset"].as_i64().unwrap(), "{name}");
    }
}

#[test]
fn candidate_counts_are_the_kernels() {
    let file = golden::read("ifmr.json");
    let counts = file["candidate_counts"].as_array().unwrap();
    assert_eq!(counts.len(), 11);
    for count in counts {
        let params = IfmrParams {
            search_range: (golden::float(&count["range"][0]), golden::float(&count["range"][1])),
            search_step: golden::float(&count["step"]),
            ..IfmrParams::default()
        };
        assert_eq!(params.validate(), Ok(()), "{count}");
        assert_eq!(u64::from(params.candidate_count()), count["cpp"].as_u64().unwrap(), "{count}");
    }
}
