//! IFMR per activation value: both passes and the reference loss, on one thread. Then both passes per
//! image, for 32, 320 and 3,200 images, of which the last are more values than 2^30.
//!
//! The data are those of an expanded MobileNetV2 layer (56 * 56 * 144 values per image); half of
//! the values after a ReLU6 are zeros, which cost next to nothing.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;

use amct_calibration::ifmr::{CandidateSearch, IfmrParams};
use amct_calibration::range::{ActivationRange, RangeCollector};
use amct_kernels::quantization_loss::{Candidate, reference};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Values of one image.
const VALUES: usize = 56 * 56 * 144;
const IMAGES: usize = 32;
/// Values of the whole job; the divisor of the losses.
const COUNT: usize = IMAGES * VALUES;

/// Sums of twelve uniform numbers minus 6, nearly normal.
fn gauss() -> Vec<f32> {
    let mut state = 1u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / 16_777_216.0
    };
    (0..VALUES).map(|_| (0..12).map(|_| uniform()).sum::<f32>() - 6.0).collect()
}

fn relu6(gauss: &[f32]) -> Vec<f32> {
    gauss.iter().map(|g| (g * 3.0).clamp(0.0, 6.0)).collect()
}

fn range(data: &[f32]) -> ActivationRange {
    let (min, max) = data.iter().fold((0f32, 0f32), |(min, max), &x| (min.min(x), max.max(x)));
    ActivationRange { min, max, count: COUNT }
}

fn ifmr(c: &mut Criterion) {
    let gauss = gauss();
    let relu6 = relu6(&gauss);
    let params = IfmrParams::default();
    for (name, data) in [("gauss", &gauss), ("relu6", &relu6)] {
        let mut group = c.benchmark_group(format!("ifmr/{name}"));
        group.sample_size(20).throughput(Throughput::Elements(VALUES as u64));
        let Ok(collector) = RangeCollector::new(COUNT, params.percentiles()) else { return };
        group.bench_function("range", |b| {
            b.iter(|| {
                let mut collector = collector.clone();
                collector.add(black_box(data));
                collector
            });
        });
        // All images from the start: values cost more while the sums are small.
        let Ok(search) = CandidateSearch::new(range(data), &params) else { return };
        group.throughput(Throughput::Elements(COUNT as u64));
        group.bench_function("search of 60 candidates", |b| {
            b.iter(|| {
                let mut search = search.clone();
                (0..IMAGES).for_each(|_| search.update(black_box(data)));
                search
            });
        });

        let ActivationRange { min, max, .. } = range(data);
        let candidate = |i: u16| {
            let high = (0.7 + f32::from(i) * 0.01) * max;
            Candidate { scale: (high - min) / 255.0, low: min, high }
        };
        let candidates: Vec<Candidate> = (0..60).map(candidate).collect();
        let mut losses = reference::Losses::new(&candidates, COUNT);
        let share = data.get(..VALUES / 64).unwrap_or(data);
        group.throughput(Throughput::Elements(share.len() as u64));
        group.bench_function("reference of the search", |b| b.iter(|| losses.add(black_box(share))));
        group.finish();
    }
}

fn images(c: &mut Criterion) {
    let data = relu6(&gauss());
    let params = IfmrParams::default();
    let mut group = c.benchmark_group("ifmr/images");
    for images in [32, 320, 3200] {
        group.sample_size(10).throughput(Throughput::Elements(images as u64));
        group.bench_function(format!("{images}"), |b| {
            b.iter(|| {
                let mut collector = RangeCollector::new(images * VALUES, params.percentiles()).ok()?;
                (0..images).for_each(|_| collector.add(black_box(&data)));
                let mut search = CandidateSearch::new(collector.finish().ok()?, &params).ok()?;
                (0..images).for_each(|_| search.update(black_box(&data)));
                search.finish().ok()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, ifmr, images);
criterion_main!(benches);
