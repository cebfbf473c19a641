//! The kernels at the shapes of MobileNetV2, batch 1. One element of throughput is one
//! floating-point (or integer) operation, a multiply-add being two; of the elementwise kernels, one
//! value.
//!
//! `RAYON_NUM_THREADS=1 cargo bench --bench kernels` measures one core, `AMCT_ISA=avx2` before it another
//! instruction set.

#![allow(clippy::unwrap_used, reason = "a benchmark with wrong arguments should stop")]
#![allow(missing_docs, unreachable_pub, reason = "criterion's macros write public items without docs")]

use amct_kernels::conv2d::{Conv2dShape, conv2d_f32, conv2d_i8};
use amct_kernels::depthwise::{DepthwiseShape, PackedDepthwiseI8, depthwise_f32, depthwise_i8};
use amct_kernels::elementwise::{bias_add, dequantize_i32, quantize_i8, softmax};
use amct_kernels::gemm::{PackedF32, PackedI8, gemm_f32, gemm_i8};
use amct_kernels::pool::{PoolShape, avg_pool_f32};
use amct_kernels::{Activation, Epilogue, I32Epilogue, Isa, OutputSlice};
use amct_tensor::window::{Axis, Padding};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};

#[global_allocator]
static ALLOCATOR: amct_kernels::CacheAligned = amct_kernels::CacheAligned;

/// m, k, n of pointwise convolutions, by their place in the network.
const GEMMS: &[(usize, usize, usize)] = &[
    (12_544, 32, 16),
    (12_544, 16, 96),
    (3_136, 96, 24),
    (3_136, 24, 144),
    (784, 32, 192),
    (196, 64, 384),
    (196, 576, 96),
    (49, 960, 320),
    (49, 320, 1_280),
];

/// Extent, kernel, stride, input channels, output channels.
const CONVOLUTIONS: &[(usize, usize, usize, usize, usize)] =
    &[(224, 3, 2, 3, 32), (56, 3, 1, 64, 64), (14, 3, 1, 256, 256)];

/// Extent, stride, channels.
const DEPTHWISE: &[(usize, usize, usize)] =
    &[(112, 1, 32), (112, 2, 96), (56, 1, 144), (14, 1, 576), (7, 1, 960)];

fn values_f32(len: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 2_654_435_761) % 1_000) as f32 / 500.0 - 1.0).collect()
}

fn values_i8(len: usize) -> Vec<i8> {
    (0..len).map(|i| ((i * 2_654_435_761) >> 8) as i8).collect()
}

fn axis(input: usize, kernel: usize, stride: usize) -> Axis {
    Axis::new(input, kernel, stride, 1, Padding::Same, 0).unwrap()
}

/// Everything that may follow an int8 layer's sums: bias, dequantization, Relu6, quantization.
fn requantizing(channels: usize, limit: i64) -> I32Epilogue {
    let mut epilogue = I32Epilogue::new(channels, limit);
    let fits = epilogue.add_bias(&vec![1_000; channels])
        && epilogue.dequantize(&vec![0.001; channels])
        && epilogue.activate(Activation::Relu6)
        && epilogue.quantize(42.5, -128);
    assert!(fits);
    epilogue
}

fn gemm(c: &mut Criterion) {
    let mut group = c.benchmark_group("gemm");
    for &(m, k, n) in GEMMS {
        let size = format!("{m}x{k}x{n}");
        group.throughput(Throughput::Elements(2 * (m * k * n) as u64));
        let (bias, mut out) = (values_f32(n), vec![0.0; m * n]);
        let (a, b) = (values_f32(m * k), PackedF32::new(k, n, &values_f32(k * n)).unwrap());
        let epilogue = Epilogue { bias: Some(&bias), activation: Activation::Relu6, ..Epilogue::default() };
        group.bench_function(BenchmarkId::new("f32", &size), |bench| {
            bench.iter(|| gemm_f32(m, &a, &b, epilogue, &mut out).unwrap());
        });
        let mut out = vec![0; m * n];
        let (a, b) = (values_i8(m * k), PackedI8::new(k, n, &values_i8(k * n)).unwrap());
        let epilogue = requantizing(n, b.limit());
        group.bench_function(BenchmarkId::new("i8", &size), |bench| {
            bench.iter(|| gemm_i8(m, &a, -13, &b, &epilogue, OutputSlice::I8(&mut out)).unwrap());
        });
    }
    group.finish();
}

fn conv2d(c: &mut Criterion) {
    let mut group = c.benchmark_group("conv2d");
    for &(extent, kernel, stride, in_channels, out_channels) in CONVOLUTIONS {
        let window = axis(extent, kernel, stride);
        let shape = Conv2dShape { batch: 1, height: window, width: window, in_channels, out_channels };
        let (k, n) = (shape.depth().unwrap(), out_channels);
        let (input, output) = (shape.input_len().unwrap(), shape.output_len().unwrap());
        let size = format!("{extent}x{extent}x{in_channels} {kernel}x{kernel}/{stride} {out_channels}");
        group.throughput(Throughput::Elements(2 * (output * k) as u64));
        let (bias, x, mut out) = (values_f32(n), values_f32(input), vec![0.0; output]);
        let filter = PackedF32::new(k, n, &values_f32(k * n)).unwrap();
        let epilogue = Epilogue { bias: Some(&bias), activation: Activation::Relu6, ..Epilogue::default() };
        group.bench_function(BenchmarkId::new("f32", &size), |bench| {
            bench.iter(|| conv2d_f32(&x, &shape, &filter, epilogue, &mut out).unwrap());
        });
        let (x, mut out) = (values_i8(input), vec![0; output]);
        let filter = PackedI8::new(k, n, &values_i8(k * n)).unwrap();
        let epilogue = requantizing(n, filter.limit());
        group.bench_function(BenchmarkId::new("i8", &size), |bench| {
            bench.iter(|| {
                conv2d_i8(&x, -13, &shape, &filter, &epilogue, OutputSlice::I8(&mut out)).unwrap();
            });
        });
    }
    group.finish();
}

fn depthwise(c: &mut Criterion) {
    let mut group = c.benchmark_group("depthwise");
    for &(extent, stride, channels) in DEPTHWISE {
        let window = axis(extent, 3, stride);
        let shape = DepthwiseShape { batch: 1, height: window, width: window, channels, multiplier: 1 };
        let (input, output) = (shape.input_len().unwrap(), shape.output_len().unwrap());
        let filter = shape.filter_len().unwrap();
        let size = format!("{extent}x{extent}x{channels}/{stride}");
        group.throughput(Throughput::Elements(2 * 9 * output as u64));
        let (bias, x, mut out) = (values_f32(channels), values_f32(input), vec![0.0; output]);
        let weights = values_f32(filter);
        let epilogue = Epilogue { bias: Some(&bias), activation: Activation::Relu6, ..Epilogue::default() };
        group.bench_function(BenchmarkId::new("f32", &size), |bench| {
            bench.iter(|| depthwise_f32(&x, &shape, &weights, epilogue, &mut out).unwrap());
        });
        let (x, mut out) = (values_i8(input), vec![0; output]);
        let weights = PackedDepthwiseI8::new([3, 3, channels, 1], &values_i8(filter)).unwrap();
        let epilogue = requantizing(channels, weights.limit());
        group.bench_function(BenchmarkId::new("i8", &size), |bench| {
            bench.iter(|| {
                depthwise_i8(&x, -13, &shape, &weights, &epilogue, OutputSlice::I8(&mut out)).unwrap();
            });
        });
    }
    group.finish();
}

fn elementwise(c: &mut Criterion) {
    let mut group = c.benchmark_group("elementwise");
    let (len, channels) = (56 * 56 * 144, 144);
    let (x, scales) = (values_f32(len), values_f32(channels));
    group.throughput(Throughput::Elements(len as u64));
    let mut out = vec![0; len];
    group.bench_function("quantize_i8", |bench| {
        bench.iter(|| quantize_i8(&x, 37.3, -13, &mut out).unwrap());
    });
    let (sums, mut out) = (vec![123_456; len], vec![0.0; len]);
    group.bench_function("dequantize_i32", |bench| {
        bench.iter(|| dequantize_i32(&sums, &scales, &mut out).unwrap());
    });
    group.bench_function("bias_add_relu6", |bench| {
        bench.iter(|| bias_add(&mut out, &scales, Activation::Relu6).unwrap());
    });
    group.throughput(Throughput::Elements(32 * 1_001));
    let mut out = vec![0.0; 32 * 1_001];
    group.bench_function("softmax 32x1001", |bench| {
        bench.iter(|| softmax(&x[..32 * 1_001], 1_001, &mut out).unwrap());
    });
    let window = Axis::new(7, 7, 1, 1, Padding::Valid, 0).unwrap();
    let shape = PoolShape { batch: 1, height: window, width: window, channels: 1_280 };
    let mut out = vec![0.0; 1_280];
    group.throughput(Throughput::Elements(49 * 1_280));
    group.bench_function("avg_pool_f32 7x7x1280", |bench| {
        bench.iter(|| avg_pool_f32(&x[..49 * 1_280], &shape, &mut out).unwrap());
    });
    group.finish();
}

criterion_group!(benches, gemm, conv2d, depthwise, elementwise);

fn main() {
    Isa::from_environment().unwrap().choose().unwrap();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
