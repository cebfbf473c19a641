//! HFMG on data of every shape: the fast search agrees with the formula written down.
#![allow(clippy::unwrap_used, reason = "clippy knows only functions marked as tests")]

use crate::golden::Draws;
use amct_calibration::algorithm::AlgorithmError;
use amct_calibration::hfmg::{self, HfmgParams, Histogram, HistogramCollector, ValueRange, calibrate};
use amct_tensor::quantization::ActivationParams;

/// Bins of all batches, one value at a time and with the kernel's own integer types.
fn counted(batches: &[Vec<f32>], bins: u32) -> (f32, f32, Vec<u32>) {
    let (mut min, mut max) = (f32::INFINITY, f32::NEG_INFINITY);
    let mut counts: Vec<u32> = Vec::new();
    for (index, batch) in batches.iter().enumerate() {
        let old = (min, max, counts);
        (min, max) = batch.iter().fold((min, max), |(min, max), &x| (min.min(x), max.max(x)));
        let width = (max - min) / bins as f32;
        let place = |x: f32| ((x - min) / width).floor() as u32;
        counts = vec![0; bins as usize];
        for &x in batch {
            let bin = if width < f32::EPSILON { bins / 2 } else { place(x).min(bins - 1) };
            counts[bin as usize] += 1;
        }
        if index == 0 {
            continue;
        }
        let (old_min, old_max, old) = old;
        let same = (max - old_max).abs() < f32::EPSILON && (min - old_min).abs() < f32::EPSILON;
        let old_width = (old_max - old_min) / bins as f32;
        for (bin, count) in old.into_iter().enumerate() {
            if same {
                counts[bin] += count;
                continue;
            }
            let low = old_min + bin as f32 * old_width;
            let high = old_min + (bin as f32 + 1.0) * old_width;
            let (first, last) = (place(low).min(bins - 1), place(high).min(bins - 1));
            if first == last {
                counts[first as usize] += count;
            } else {
                let end = min + (first as f32 + 1.0) * width;
                let part = ((end - low) / (high - low) * count as f32).floor() as u32;
                counts[first as usize] += part;
                counts[last as usize] += count - part;
            }
        }
    }
    (min, (max - min) / bins as f32, counts)
}

/// The loss of a window over all bins, the unsigned wrap of those on its left included.
fn loss(width: f32, counts: &[u32], left: u32, right: u32, levels: u32) -> f32 {
    let level = width * ((right - left + 1) as f32 / levels as f32);
    if level < f32::EPSILON {
        return 0.0;
    }
    let norm = |begin: f32, end: f32, density: f32| {
        ((f64::from(end).powi(3) - f64::from(begin).powi(3)) / 3.0) as f32 * density
    };
    let mut loss = 0.0_f32;
    for (bin, &count) in counts.iter().enumerate() {
        let begin = (bin as u32).wrapping_sub(left) as f32 * width;
        let end = begin + width;
        let density = count as f32 / width;
        let place = |x: f32| ((x / level).floor() as i32).max(0).min(levels as i32 - 1);
        let (p, q) = (place(begin), place(end));
        let centre = |p: i32| p as f32 * level + level / 2.0;
        if p == q {
            loss += norm(begin - centre(p), end - centre(p), density);
        } else {
            loss += norm(begin - centre(p), level / 2.0, density);
            loss += (q - p - 1) as f32 * norm(-level / 2.0, level / 2.0, density);
            loss += norm(-level / 2.0, end - centre(q), density);
        }
    }
    loss
}

/// The search straight from its definition, all windows in full.
fn searched(min: f32, width: f32, counts: &[u32], params: &HfmgParams) -> ActivationParams {
    let bins = counts.len() as u32;
    let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    let step = ((total as f32 / 100_000.0).ceil() as u64).max(1);
    let (mut left, mut right) = (0, bins - 1);
    let mut best: Option<(f32, u32, u32)> = None;
    while right - left > bins.div_ceil(4) {
        let (mut l, mut sum) = (left, 0);
        while l < right && sum < step {
            sum += u64::from(counts[l as usize]);
            l += 1;
        }
        let (mut r, mut sum) = (right, 0);
        while l < r && sum < step {
            sum += u64::from(counts[r as usize]);
            r -= 1;
        }
        if right - r >= l - left {
            right = r
        } else {
            left = l
        }
        let found = loss(width, counts, left, right, 1 << params.num_bits);
        if best.is_none_or(|(least, ..)| found < least) {
            best = Some((found, left, right));
        }
    }
    let (_, left, right) = best.unwrap();
    let (low, high) = (min + left as f32 * width, min + (right + 1) as f32 * width);
    let not_tiny = |scale: f32| if f64::from(scale) < f64::EPSILON { 1.0 } else { scale };
    let half = 1_i32 << (params.num_bits - 1);
    if params.with_offset {
        let (low, high) = (low.min(0.0), high.max(0.0));
        let scale = not_tiny((high - low) / (2 * half - 1) as f32);
        return ActivationParams { scale, offset: -half - (low / scale).round() as i32 };
    }
    let scale = if high.abs() > low.abs() {
        if high > 0.0 { high / (half - 1) as f32 } else { -high / half as f32 }
    } else if low > 0.0 {
        low / (half - 1) as f32
    } else {
        -low / half as f32
    };
    ActivationParams { scale: not_tiny(scale), offset: 0 }
}

fn shapes(draws: &mut Draws, len: usize) -> Vec<(&'static str, Vec<f32>)> {
    let gauss: Vec<f32> = (0..len).map(|_| draws.gauss12()).collect();
    let map = |f: fn(&f32) -> f32| gauss.iter().map(f).collect::<Vec<f32>>();
    vec![
        ("relu", map(|g| g.max(0.0))),
        ("relu6", map(|g| (g * 3.0).clamp(0.0, 6.0))),
        ("negative", map(|g| -g.abs() - 0.5)),
        ("far above zero", map(|g| g.abs() + 100.0)),
        ("heavy tail", map(|g| g * g * g * 10.0)),
        ("tail on the left", map(|g| -(g * g * g * g))),
        ("few values", map(|g| g.round())),
        ("tiny", map(|g| g * 1e-6)),
        ("gauss", gauss),
    ]
}

#[test]
fn the_search_is_that_of_its_definition() {
    let mut draws = Draws(9);
    for len in [1, 40, 3000, 250_000] {
        for (name, data) in shapes(&mut draws, len) {
            for with_offset in [true, false] {
                let params = HfmgParams { with_offset, num_of_bins: 1024, ..HfmgParams::default() };
                let batches: Vec<Vec<f32>> = data.chunks(len.div_ceil(3)).map(<[f32]>::to_vec).collect();
                let (min, width, counts) = counted(&batches, 1024);
                let slices: Vec<&[f32]> = batches.iter().map(Vec::as_slice).collect();
                let ranges: Vec<ValueRange> = slices.iter().map(|batch| ValueRange::of(batch)).collect();
                let mut collector = HistogramCollector::new(&ranges, &params).unwrap();
                slices.iter().enumerate().for_each(|(index, batch)| collector.add(index, batch));
                let histogram = collector.finish().unwrap();
                assert_eq!(histogram.counts(), counts, "{name} of {len}");
                let expected = searched(min, width, &counts, &params);
                assert_eq!(calibrate(&slices, &params), Ok(expected), "{name} of {len}, {with_offset}");
            }
        }
    }
}

#[test]
fn any_number_of_bins_and_bits_is_searched_by_its_definition() {
    let mut draws = Draws(10);
    for (num_of_bins, num_bits) in [(2048, 4), (4096, 8), (8192, 8), (1024, 16)] {
        for (name, data) in shapes(&mut draws, 20_000).into_iter().take(3) {
            let params = HfmgParams { num_of_bins, num_bits, ..HfmgParams::default() };
            let (min, width, counts) = counted(std::slice::from_ref(&data), num_of_bins as u32);
            let expected = searched(min, width, &counts, &params);
            assert_eq!(calibrate(&[&data], &params), Ok(expected), "{name}, {num_of_bins}, {num_bits}");
        }
    }
}

fn collected(batches: &[&[f32]], pieces: usize, reversed: bool) -> Histogram {
    let params = HfmgParams::default();
    let ranges: Vec<ValueRange> = batches
        .iter()
        .map(|batch| {
            let mut whole = ValueRange::default();
            batch.chunks(pieces).for_each(|piece| whole.merge(ValueRange::of(piece)));
            whole
        })
        .collect();
    let mut collector = HistogramCollector::new(&ranges, &params).unwrap();
    for (index, batch) in batches.iter().enumerate() {
        let mut parts: Vec<&[f32]> = batch.chunks(pieces).collect();
        if reversed {
            parts.reverse();
        }
        parts.into_iter().for_each(|part| collector.add(index, part));
    }
    collector.finish().unwrap()
}

#[test]
fn pieces_of_a_batch_may_come_in_any_size_and_order() {
    let mut draws = Draws(11);
    let data: Vec<f32> = (0..150_000).map(|_| (draws.gauss12() * 2.0).max(0.0)).collect();
    let (first, second) = data.split_at(60_000);
    let whole = collected(&[first, second], usize::MAX, false);
    for pieces in [1, 64, 1000, 40_000] {
        assert_eq!(collected(&[first, second], pieces, false), whole, "pieces of {pieces}");
        assert_eq!(collected(&[first, second], pieces, true), whole, "pieces of {pieces}, reversed");
    }
}

#[test]
fn merging_keeps_every_value_but_depends_on_the_batches() {
    let mut draws = Draws(12);
    let data: Vec<f32> = (0..30_000).map(|i| draws.gauss12() * (1.0 + i as f32 / 9000.0)).collect();
    let of = |size: usize| collected(&data.chunks(size).collect::<Vec<_>>(), usize::MAX, false);
    for size in [700, 10_000, 30_000] {
        assert_eq!(of(size).total(), 30_000);
    }
    assert_ne!(of(700).counts(), of(30_000).counts());
}

#[test]
fn degenerate_data_have_the_kernels_results() {
    let asymmetric = HfmgParams::default();
    let symmetric = HfmgParams { with_offset: false, ..asymmetric };
    let cases: [(&[f32], HfmgParams, f32, i32); 6] = [
        (&[0.0; 9], asymmetric, 1.0, -128),
        (&[0.0; 9], symmetric, 1.0, 0),
        (&[3.0; 9], asymmetric, 3.0 / 255.0, -128),
        (&[3.0; 9], symmetric, 3.0 / 127.0, 0),
        (&[-3.0; 9], asymmetric, 3.0 / 255.0, 127),
        (&[-3.0; 9], symmetric, 3.0 / 128.0, 0),
    ];
    for (data, params, scale, offset) in cases {
        assert_eq!(
            calibrate(&[data], &params),
            Ok(ActivationParams { scale, offset }),
            "{data:?}, {params:?}"
        );
    }
    // A constant at the end of a later range falls into the last bin.
    assert!(calibrate(&[&[3.0; 5], &[-1.0, 3.0]], &asymmetric).is_ok());
}

#[test]
fn a_range_too_wide_or_a_scale_too_large_is_told() {
    let params = HfmgParams::default();
    let wide = calibrate(&[&[3e38, -3e38]], &params);
    assert_eq!(wide, Err(AlgorithmError::Range { min: -3e38, max: 3e38 }));
    assert!(hfmg::from_min_max(0.0, 3e9, &params).is_err());
}

#[test]
fn more_values_than_a_bin_counts_are_refused() {
    let mut range = ValueRange::of(&[0.0, 1.0]);
    for _ in 0..31 {
        range.merge(range);
    }
    assert_eq!(range.count(), 1 << 32);
    let error = HistogramCollector::new(&[range], &HfmgParams::default()).unwrap_err();
    assert_eq!(error, AlgorithmError::TooMany(1 << 32));
}

#[test]
fn bad_values_are_found_wherever_they_stand() {
    let params = HfmgParams::default();
    for at in [0, 1, 63, 64, 500, 999] {
        for (bad, error) in [
            (f32::NAN, AlgorithmError::NotANumber),
            (-f32::NAN, AlgorithmError::NotANumber),
            (f32::INFINITY, AlgorithmError::Infinite),
            (f32::NEG_INFINITY, AlgorithmError::Infinite),
        ] {
            let mut data = vec![1.0; 1000];
            data[at] = bad;
            assert_eq!(calibrate(&[&[0.5], &data], &params), Err(error), "{bad} at {at}");
        }
    }
    assert_eq!(calibrate(&[], &params), Err(AlgorithmError::Empty));
    assert_eq!(calibrate(&[&[]], &params), Err(AlgorithmError::Empty));
}

#[test]
fn the_second_pass_must_see_as_many_values_as_the_first() {
    let range = ValueRange::of(&[0.0, 1.0, 0.5]);
    let mut collector = HistogramCollector::new(&[range], &HfmgParams::default()).unwrap();
    collector.add(0, &[0.5, 1.0]);
    collector.add(1, &[0.0]);
    assert_eq!(collector.finish(), Err(AlgorithmError::Count { expected: 3, found: 2 }));
}

#[test]
fn parameters_out_of_range_are_refused() {
    let good = HfmgParams::default();
    let too_few_bins = AlgorithmError::NumOfBins { found: 1000, accepted: &[1024, 2048, 4096, 8192] };
    for (params, error) in [
        (HfmgParams { num_bits: 1, ..good }, AlgorithmError::NumBits(1)),
        (HfmgParams { num_bits: 17, ..good }, AlgorithmError::NumBits(17)),
        (HfmgParams { num_of_bins: 1000, ..good }, too_few_bins),
    ] {
        assert_eq!(params.validate(), Err(error));
        assert_eq!(calibrate(&[&[1.0]], &params), Err(error));
    }
    let text = too_few_bins.to_string();
    assert_eq!(text, "num_of_bins 1000 must be in [1024, 2048, 4096, 8192]");
}
