//! The calibrators that do not search, on data of every shape, against the formula on sorted values.
#![allow(clippy::unwrap_used, reason = "clippy knows only functions marked as tests")]

use crate::golden::Draws;
use amct_calibration::algorithm::{AlgorithmError, AnyCalibrator, Surveyed, calibrate};
use amct_calibration::ifmr::{self, IfmrParams};
use amct_calibration::minmax::MinMaxParams;
use amct_calibration::percentile::PercentileParams;
use amct_calibration::range::{Grid, Percentiles};
use amct_tensor::quantization::{ActivationParams, ScaleError};
use proptest::prelude::*;

/// Scale and offset from all values sorted, one line per rule.
fn sorted(data: &[f32], params: &PercentileParams) -> ActivationParams {
    let mut sorted = data.to_vec();
    sorted.sort_by(f32::total_cmp);
    let rank = |share: f32| match share {
        1.0 => 1,
        _ => (data.len() - (share * data.len() as f32).floor() as usize).max(1),
    };
    let max = sorted[data.len() - rank(params.percentiles.max)].max(0.0);
    let min = sorted[rank(params.percentiles.min) - 1].min(0.0);
    let half = 1_i32 << (params.grid.num_bits - 1);
    let at_least = |scale: f32| if scale < f32::EPSILON { 1.0 } else { scale };
    if params.grid.with_offset {
        let scale = at_least((max - min) / (2 * half - 1) as f32);
        return ActivationParams { scale, offset: -half - (min / scale).round() as i32 };
    }
    let scale = if max > -min { max / (half - 1) as f32 } else { -min / half as f32 };
    ActivationParams { scale: at_least(scale), offset: 0 }
}

fn data() -> impl Strategy<Value = Vec<f32>> {
    let value = prop_oneof![
        6 => -4.0_f32..4.0,
        2 => 0.0_f32..6.0,
        1 => Just(0.0),
        1 => Just(-0.0),
        1 => -1e4_f32..1e4,
    ];
    proptest::collection::vec(value, 1..700)
}

fn share() -> impl Strategy<Value = f32> {
    prop_oneof![Just(1.0), Just(0.999_999), 0.500_001_f32..1.0]
}

proptest! {
    #[test]
    fn a_percentile_is_that_of_the_sorted_values(
        data in data(), max in share(), min in share(), with_offset: bool, num_bits in prop_oneof![Just(8_u32), Just(16)],
        piece in 1_usize..200,
    ) {
        let grid = Grid { num_bits, with_offset };
        let params = PercentileParams { grid, percentiles: Percentiles { max, min } };
        let expected = Ok(sorted(&data, &params));
        let found = |batches: &[&[f32]]| calibrate(&params, batches).map(|found| found.params);
        prop_assert_eq!(found(&[&data]), expected);
        let mut pieces: Vec<&[f32]> = data.chunks(piece).collect();
        pieces.reverse();
        prop_assert_eq!(found(&pieces), expected);

        // IFMR with the factor 1 alone.
        let ifmr = IfmrParams {
            num_bits, with_offset, search_range: (1.0, 1.0), max_percentile: max, min_percentile: min,
            ..IfmrParams::default()
        };
        prop_assert_eq!(ifmr::calibrate(&data, &ifmr), expected);
    }

    #[test]
    fn the_range_of_all_is_the_percentile_one(data in data(), with_offset: bool) {
        let grid = Grid { num_bits: 8, with_offset };
        let all = PercentileParams { grid, percentiles: Percentiles::ALL };
        prop_assert_eq!(calibrate(&MinMaxParams { grid }, &[&data]), calibrate(&all, &[&data]));
        prop_assert_eq!(calibrate(&all, &[&data]).unwrap().params, sorted(&data, &all));
    }
}

#[test]
fn threads_add_to_one_survey() {
    let mut draws = Draws(21);
    let data: Vec<f32> = (0..200_000).map(|_| draws.gauss12()).collect();
    let params = PercentileParams {
        percentiles: Percentiles { max: 0.999, min: 0.99 },
        ..PercentileParams::default()
    };
    let expected = sorted(&data, &params);
    for threads in [1, 2, 7] {
        let survey = AnyCalibrator::survey(&params, data.len(), 1).unwrap();
        std::thread::scope(|scope| {
            for share in data.chunks(data.len().div_ceil(threads)) {
                let survey = &survey;
                scope.spawn(move || share.chunks(999).for_each(|piece| survey.add(0, piece)));
            }
        });
        let Surveyed::Found(found) = survey.finish().unwrap() else { panic!("there is no search") };
        assert_eq!(found.params, expected, "{threads}");
        assert_eq!(found.losses, []);
    }
}

#[test]
fn what_cannot_be_calibrated_is_told() {
    let params = PercentileParams::default();
    let error = |data: &[f32]| calibrate(&params, &[data]).unwrap_err();
    assert_eq!(error(&[]), AlgorithmError::Empty);
    assert_eq!(error(&[1.0, f32::NAN]), AlgorithmError::NotANumber);
    assert_eq!(error(&[1.0, f32::NEG_INFINITY]), AlgorithmError::Infinite);
    assert_eq!(error(&[3e38, -3e38]), AlgorithmError::Scale(ScaleError::NotFinite(f32::INFINITY)));
    let of = |percentiles| calibrate(&PercentileParams { percentiles, ..params }, &[&[1.0]]).unwrap_err();
    assert_eq!(of(Percentiles { max: 0.5, min: 1.0 }), AlgorithmError::Percentile(0.5));
    assert_eq!(of(Percentiles { max: 1.0, min: 1.1 }), AlgorithmError::Percentile(1.1));
    let grid = Grid { num_bits: 17, with_offset: true };
    assert_eq!(calibrate(&MinMaxParams { grid }, &[&[1.0]]), Err(AlgorithmError::NumBits(17)));
    let survey = AnyCalibrator::survey(&params, 2, 1).unwrap();
    survey.add(0, &[1.0, 2.0, 3.0]);
    assert_eq!(survey.finish().err(), Some(AlgorithmError::Count { expected: 2, found: 3 }));
}

#[test]
fn defaults_are_those_of_the_files() {
    let grid = Grid { num_bits: 8, with_offset: true };
    let percentiles = Percentiles { max: 0.999_999, min: 0.999_999 };
    assert_eq!(PercentileParams::default(), PercentileParams { grid, percentiles });
    assert_eq!(MinMaxParams::default(), MinMaxParams { grid });
    let ifmr = IfmrParams::default();
    assert_eq!((ifmr.search_range, ifmr.search_step), ((0.7, 1.3), 0.01));
    assert_eq!((ifmr.grid(), ifmr.percentiles()), (grid, percentiles));
}
