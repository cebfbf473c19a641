//! IFMR on data of every shape: the passes agree with the formula, however the data are cut.
#![allow(clippy::unwrap_used, reason = "clippy knows only functions marked as tests")]

use crate::golden::Draws;
use amct_calibration::algorithm::AlgorithmError;
use amct_calibration::ifmr::{CandidateSearch, IfmrParams, calibrate};
use amct_calibration::range::{ActivationRange, RangeCollector};
use amct_tensor::quantization::{ActivationParams, ScaleError, process_scale};

/// The range by sorting.
fn sorted_range(data: &[f32], params: &IfmrParams) -> ActivationRange {
    let mut sorted = data.to_vec();
    sorted.sort_by(f32::total_cmp);
    let rank = |percentile: f32| match percentile {
        1.0 => 1,
        _ => data.len() - (percentile * data.len() as f32).floor() as usize,
    };
    ActivationRange {
        min: sorted[rank(params.min_percentile) - 1].min(0.0),
        max: sorted[data.len() - rank(params.max_percentile)].max(0.0),
        count: data.len(),
    }
}

/// The asymmetric search straight from its definition.
fn searched(data: &[f32], range: ActivationRange) -> ActivationParams {
    let ratio = |i: u16| 0.7 + f32::from(i) * 0.01;
    let scale = |i: u16| process_scale((ratio(i) * range.max - range.min) / 255.0).unwrap();
    let loss = |i: u16| {
        let (s, high) = (scale(i), ratio(i) * range.max);
        data.iter().fold(0.0, |loss: f32, &x| {
            let difference = (x.max(range.min).min(high) / s).round() * s - x;
            loss + difference * difference / data.len() as f32
        })
    };
    let losses: Vec<f32> = (0..60).map(loss).collect();
    let least = losses.iter().copied().fold(f32::INFINITY, f32::min);
    let best = losses.iter().position(|loss| *loss == least).unwrap() as u16;
    ActivationParams { scale: scale(best), offset: -(range.min / scale(best)).round() as i32 - 128 }
}

fn shapes(draws: &mut Draws, len: usize) -> Vec<(&'static str, Vec<f32>)> {
    let gauss: Vec<f32> = (0..len).map(|_| draws.gauss12()).collect();
    let map = |f: fn(&f32) -> f32| gauss.iter().map(f).collect::<Vec<f32>>();
    vec![
        ("relu", map(|g| g.max(0.0))),
        ("relu6", map(|g| (g * 3.0).clamp(0.0, 6.0))),
        ("negative", map(|g| -g.abs() - 0.5)),
        ("heavy tail", map(|g| g * g * g * 10.0)),
        ("few values", map(|g| g.round())),
        ("gauss", gauss),
    ]
}

#[test]
fn both_passes_follow_the_definition_for_any_chunks() {
    let mut draws = Draws(7);
    for len in [1, 5, 63, 64, 65, 700, 9000, 20_000] {
        for (name, data) in shapes(&mut draws, len) {
            let params = IfmrParams { max_percentile: 0.99, min_percentile: 0.995, ..IfmrParams::default() };
            let range = sorted_range(&data, &params);
            let expected = searched(&data, range);
            assert_eq!(calibrate(&data, &params), Ok(expected), "{name} of {len}");

            let chunk = 1 + (draws.uniform() * 999.0) as usize;
            let mut collector = RangeCollector::new(len, params.percentiles()).unwrap();
            data.chunks(chunk).for_each(|piece| collector.add(piece));
            assert_eq!(collector.finish(), Ok(range), "{name} of {len} by {chunk}");
            let mut search = CandidateSearch::new(range, &params).unwrap();
            data.chunks(chunk).for_each(|piece| search.update(piece));
            assert_eq!(search.finish(), Ok(expected), "{name} of {len} by {chunk}");
        }
    }
}

#[test]
fn collectors_merge_in_any_order_to_the_same_range() {
    let mut draws = Draws(8);
    for percentile in [1.0, 0.999, 0.6] {
        let params =
            IfmrParams { max_percentile: percentile, min_percentile: percentile, ..IfmrParams::default() };
        for (name, data) in shapes(&mut draws, 5000) {
            let mut parts: Vec<RangeCollector> = data
                .chunks(611)
                .map(|piece| {
                    let mut part = RangeCollector::new(data.len(), params.percentiles()).unwrap();
                    part.add(piece);
                    part
                })
                .collect();
            for _ in 0..3 {
                let merged = parts.iter().cloned().reduce(|mut merged, part| {
                    merged.merge(part);
                    merged
                });
                let expected = sorted_range(&data, &params);
                assert_eq!(merged.unwrap().finish(), Ok(expected), "{name}, {percentile}");
                parts.rotate_left(2);
                parts.swap(0, 3);
            }
        }
    }
}

#[test]
fn an_announced_count_may_be_an_upper_bound() {
    let data: Vec<f32> = (0..3000).map(|i| (i * 7919 % 3000) as f32 - 1000.0).collect();
    let params = IfmrParams { max_percentile: 0.9, min_percentile: 0.8, ..IfmrParams::default() };
    for announced in [3000, 3001, 10_000] {
        let mut collector = RangeCollector::new(announced, params.percentiles()).unwrap();
        collector.add(&data);
        assert_eq!(collector.finish(), Ok(sorted_range(&data, &params)), "{announced}");
    }
    let mut collector = RangeCollector::new(2999, params.percentiles()).unwrap();
    collector.add(&data);
    assert_eq!(collector.finish(), Err(AlgorithmError::Count { expected: 2999, found: 3000 }));
}

#[test]
fn degenerate_data_have_the_kernels_results() {
    let asymmetric = IfmrParams::default();
    let symmetric = IfmrParams { with_offset: false, ..asymmetric };
    let cases: [(&[f32], IfmrParams, f32, i32); 11] = [
        (&[0.0; 9], asymmetric, 1.0, -128),
        (&[0.0; 9], symmetric, 1.0, 0),
        (&[-0.0, 0.0], asymmetric, 1.0, -128),
        (&[5.0; 16], asymmetric, 5.0 / 255.0, -128),
        (&[5.0; 16], symmetric, 5.0 / 127.0, 0),
        (&[-5.0; 16], asymmetric, 5.0 / 255.0, 127),
        (&[-5.0; 16], symmetric, 5.0 / 128.0, 0),
        (&[1e-6; 4], asymmetric, 1.0, -128),
        (&[1e-6; 4], symmetric, 1.0, 0),
        (&[1e-40, -1e-40], asymmetric, 1.0, -128),
        (&[0.5], asymmetric, 0.5 / 255.0, -128),
    ];
    for (data, params, scale, offset) in cases {
        let found = calibrate(data, &params);
        assert_eq!(found, Ok(ActivationParams { scale, offset }), "{data:?}, {params:?}");
    }
}

#[test]
fn symmetric_ties_count_as_negative() {
    let params = IfmrParams { with_offset: false, search_range: (1.0, 1.0), ..IfmrParams::default() };
    assert_eq!(calibrate(&[-1.0, 1.0], &params).unwrap().scale, 1.0 / 128.0);
    assert_eq!(calibrate(&[-1.0, 1.0f32.next_up()], &params).unwrap().scale, 1.0f32.next_up() / 127.0);
}

#[test]
fn bad_values_are_found_wherever_they_stand() {
    let params = IfmrParams::default();
    for at in [0, 1, 63, 64, 500, 999] {
        for (bad, error) in [
            (f32::NAN, AlgorithmError::NotANumber),
            (-f32::NAN, AlgorithmError::NotANumber),
            (f32::INFINITY, AlgorithmError::Infinite),
            (f32::NEG_INFINITY, AlgorithmError::Infinite),
        ] {
            let mut data = vec![1.0; 1000];
            data[at] = bad;
            assert_eq!(calibrate(&data, &params), Err(error), "{bad} at {at}");
        }
    }
    assert_eq!(calibrate(&[], &params), Err(AlgorithmError::Empty));
}

#[test]
fn the_second_pass_must_see_as_many_values_as_the_first() {
    let params = IfmrParams::default();
    let range = ActivationRange { min: 0.0, max: 1.0, count: 3 };
    let mut search = CandidateSearch::new(range, &params).unwrap();
    search.update(&[0.5, 1.0]);
    assert_eq!(search.clone().finish(), Err(AlgorithmError::Count { expected: 3, found: 2 }));
    search.update(&[0.0]);
    assert!(search.finish().is_ok());
}

#[test]
fn a_scale_beyond_the_limit_is_refused() {
    let params = IfmrParams::default();
    assert_eq!(
        calibrate(&[3e38, -3e38], &params),
        Err(AlgorithmError::Scale(ScaleError::NotFinite(f32::INFINITY)))
    );
    assert!(matches!(calibrate(&[1e10, 3.0], &params), Err(AlgorithmError::Scale(ScaleError::TooLarge(_)))));
}

#[test]
fn parameters_out_of_range_are_refused() {
    let good = IfmrParams::default();
    for (params, error) in [
        (IfmrParams { num_bits: 1, ..good }, AlgorithmError::NumBits(1)),
        (IfmrParams { num_bits: 17, ..good }, AlgorithmError::NumBits(17)),
        (IfmrParams { search_range: (0.0, 1.0), ..good }, AlgorithmError::SearchRange(0.0, 1.0)),
        (IfmrParams { search_range: (1.0, 0.9), ..good }, AlgorithmError::SearchRange(1.0, 0.9)),
        (
            IfmrParams { search_range: (1.0, f32::INFINITY), ..good },
            AlgorithmError::SearchRange(1.0, f32::INFINITY),
        ),
        (
            IfmrParams { search_step: 0.0, ..good },
            AlgorithmError::SearchStep { found: 0.0, candidates: 1 << 16 },
        ),
        (
            IfmrParams { search_step: 1e-9, ..good },
            AlgorithmError::SearchStep { found: 1e-9, candidates: 1 << 16 },
        ),
        (IfmrParams { max_percentile: 0.5, ..good }, AlgorithmError::Percentile(0.5)),
        (IfmrParams { min_percentile: 1.1, ..good }, AlgorithmError::Percentile(1.1)),
    ] {
        assert_eq!(params.validate(), Err(error));
        assert_eq!(calibrate(&[1.0], &params), Err(error));
        assert!(!error.to_string().is_empty());
    }
}
