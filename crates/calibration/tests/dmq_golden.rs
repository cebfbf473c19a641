//! DMQ against AMCT's C++ kernel, whose results are recorded in `dmq.json`.
#![allow(clippy::unwrap_used, reason = "clippy knows only functions marked as tests")]

use amct_calibration::dmq::{DmqError, add_magnitudes, balance_factors};
use serde_json::Value;

use crate::golden;

/// The largest magnitude of each row.
fn maxima(rows: &Value) -> Vec<f32> {
    let rows: Vec<Vec<f32>> = rows.as_array().unwrap().iter().map(golden::floats).collect();
    let run = rows[0].len();
    let mut maxima = vec![0.0; rows.len()];
    add_magnitudes(&mut maxima, run, &rows.concat());
    // Channels side by side give the same.
    let mut across = vec![0.0; rows.len()];
    let columns: Vec<f32> = (0..run).flat_map(|i| rows.iter().map(move |row| row[i])).collect();
    add_magnitudes(&mut across, 1, &columns);
    assert_eq!(maxima, across);
    maxima
}

#[test]
fn every_case_has_the_kernels_factors() {
    let file = golden::read("dmq.json");
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 7);
    let mut factors = 0;
    for case in cases {
        let strength = golden::float(&case["migration_strength"]);
        let found = balance_factors(&maxima(&case["act"]), &maxima(&case["wts"]), strength);
        if case["ret"] != 0 {
            assert_eq!(found, Err(DmqError::Strength(strength)), "{}", case["name"]);
            continue;
        }
        let bits = |factors: Vec<f32>| factors.into_iter().map(f32::to_bits).collect::<Vec<_>>();
        let expected = golden::floats(&case["factor"]);
        factors += expected.len();
        assert_eq!(bits(found.unwrap()), bits(expected), "{}", case["name"]);
    }
    assert_eq!(factors, 27);
}

#[test]
fn a_strength_out_of_range_is_refused_with_amcts_text() {
    let error = balance_factors(&[1.0], &[1.0], 0.9).unwrap_err();
    assert_eq!(error.to_string(), "migrationStrength: 0.900000 not support, should be in [0.2, 0.8]!");
    assert!(balance_factors(&[1.0], &[1.0], f32::NAN).is_err());
    for strength in [0.2, 0.8] {
        assert_eq!(balance_factors(&[1.0], &[1.0], strength), Ok(vec![1.0]));
    }
}

#[test]
fn channels_without_values_follow_the_others() {
    // The balanced channel has factor 2, activation 2 and weights 2.
    let (activation, weights) = ([4.0, 0.0, 6.0, 0.0], [1.0, 0.5, 0.0, 0.0]);
    assert_eq!(balance_factors(&activation, &weights, 0.5), Ok(vec![2.0, 4.0, 3.0, 1.0]));
    assert_eq!(balance_factors(&[0.0, 0.0], &[1.0, 2.0], 0.5), Ok(vec![1.0, 1.0]));
    assert_eq!(balance_factors(&[1.0, 2.0], &[0.0, 0.0], 0.5), Ok(vec![1.0, 1.0]));
    // No channel has both.
    assert_eq!(balance_factors(&[1.0, 0.0], &[0.0, 1.0], 0.5), Ok(vec![1.0, 1.0]));
    assert_eq!(balance_factors(&[], &[], 0.5), Ok(vec![]));
}

#[test]
fn what_cannot_be_balanced_is_refused() {
    let infinite = f32::INFINITY;
    assert_eq!(
        balance_factors(&[1.0, infinite], &[1.0, 1.0], 0.5),
        Err(DmqError::InfiniteActivation { channel: 1 })
    );
    assert_eq!(balance_factors(&[1.0], &[infinite], 0.5), Err(DmqError::InfiniteWeight { channel: 0 }));
    assert_eq!(
        balance_factors(&[1.0], &[1.0, 1.0], 0.5),
        Err(DmqError::Channels { activation: 1, weights: 2 })
    );
    let far = balance_factors(&[1.0, 1e30], &[1.0, 1e-6], 0.8);
    assert!(matches!(far, Err(DmqError::Factor { channel: 1, .. })), "{far:?}");
    assert!(far.unwrap_err().to_string().contains("[FLT_EPSILON, 1/FLT_EPSILON]"));
}

#[test]
fn nan_is_not_counted() {
    let mut maxima = [0.0; 2];
    add_magnitudes(&mut maxima, 1, &[f32::NAN, -3.0, 2.0, f32::NAN]);
    assert_eq!(maxima, [2.0, 3.0]);
    add_magnitudes(&mut maxima, 2, &[f32::NAN, -7.0, 2.0, f32::NEG_INFINITY]);
    assert_eq!(maxima, [7.0, f32::INFINITY]);
}
