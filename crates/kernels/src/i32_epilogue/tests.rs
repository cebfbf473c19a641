//! Tests that what follows int8 sums gives the same bits as the steps one by one, and what is refused.

use amct_tensor::quantization::quantize;

use super::*;
use crate::conv2d::{Conv2dShape, conv2d_grouped_i8, conv2d_i8};
use crate::depthwise::{DepthwiseShape, PackedDepthwiseI8, depthwise_i8};
use crate::gemm::{PackedI8, gemm_i8};
use crate::samples::{Samples, assert_bits, everywhere};
use amct_tensor::window::{Axis, Padding};

/// Everything that may follow sums, and by what numbers.
struct Reference {
    bias: Vec<i32>,
    scales: Vec<f32>,
    activation: Activation,
    inverse_scale: f32,
    offset: i32,
}

impl Reference {
    fn sampled(samples: &mut Samples, channels: usize, activation: Activation) -> Self {
        // Scales of all sizes, so that some results saturate and some are all zero.
        let scale = |bits: u32| 0.3 / (1 + bits % 40_000) as f32;
        Self {
            bias: (0..channels).map(|_| samples.bits() as i32 >> 14).collect(),
            scales: (0..channels).map(|_| scale(samples.bits())).collect(),
            activation,
            inverse_scale: [0.4, 7.25, 42.3][samples.bits() as usize % 3],
            offset: [-128, -5, 0, 127][samples.bits() as usize % 4],
        }
    }

    fn epilogue(&self, limit: i64, accumulate: bool, quantized: bool) -> I32Epilogue {
        let mut epilogue = I32Epilogue::new(self.bias.len(), limit);
        assert!(epilogue.add_bias(&self.bias) && epilogue.dequantize(&self.scales));
        if self.activation != Activation::None {
            assert!(epilogue.activate(self.activation));
        }
        assert!(!accumulate || epilogue.accumulate());
        assert!(!quantized || epilogue.quantize(self.inverse_scale, self.offset));
        epilogue
    }

    /// One by one, by the definitions.
    fn dequantized(&self, sums: &[i32]) -> Vec<f32> {
        let channels = self.bias.len();
        let sums = sums.iter().enumerate();
        sums.map(|(i, sum)| {
            let channel = i % channels;
            self.activation.apply((sum + self.bias[channel]) as f32 * self.scales[channel])
        })
        .collect()
    }

    fn quantized(&self, sums: &[i32]) -> Vec<i8> {
        let values = self.dequantized(sums).into_iter();
        values.map(|x| quantize(x, self.inverse_scale, self.offset)).collect()
    }

    /// Checks what `run` writes for given sums, for all types of output.
    fn check(&self, sums: &[i32], limit: i64, run: impl Fn(&I32Epilogue, OutputSlice<'_>)) {
        let held: Vec<f32> = (0..sums.len()).map(|i| i as f32 * 0.37 - 5.0).collect();
        let dequantized = self.dequantized(sums);
        let mut found = vec![f32::NAN; sums.len()];
        run(&self.epilogue(limit, false, false), OutputSlice::F32(&mut found));
        assert_bits(&found, &dequantized, "dequantized");
        let mut found = held.clone();
        run(&self.epilogue(limit, true, false), OutputSlice::F32(&mut found));
        let added: Vec<f32> = dequantized.iter().zip(&held).map(|(a, b)| a + b).collect();
        assert_bits(&found, &added, "added");
        let mut found = vec![77; sums.len()];
        run(&self.epilogue(limit, false, true), OutputSlice::I8(&mut found));
        assert_eq!(found, self.quantized(sums), "quantized");
    }
}

const ACTIVATIONS: [Activation; 3] = [Activation::None, Activation::Relu, Activation::Relu6];

#[test]
fn products_end_as_one_by_one() {
    for (seed, (m, k, n)) in [(1, 5, 3), (9, 64, 16), (30, 33, 24), (29, 96, 144)].into_iter().enumerate() {
        let mut samples = Samples::new(seed as u64);
        let (a, b) = (samples.i8s(m * k), samples.i8s(k * n));
        for activation in ACTIVATIONS {
            let steps = Reference::sampled(&mut samples, n, activation);
            everywhere(|isa| {
                let packed = PackedI8::for_isa(isa, k, n, &b).unwrap();
                let mut sums = vec![0; m * n];
                gemm_i8(
                    m,
                    &a,
                    -7,
                    &packed,
                    &I32Epilogue::new(n, packed.limit()),
                    OutputSlice::I32(&mut sums),
                )
                .unwrap();
                assert!(sums.iter().all(|&sum| i64::from(sum).abs() <= packed.limit()));
                steps.check(&sums, packed.limit(), |epilogue, output| {
                    gemm_i8(m, &a, -7, &packed, epilogue, output).unwrap();
                });
            });
        }
    }
}

#[test]
fn convolutions_end_as_one_by_one() {
    let axis = |dimension| Axis::new(9, 3, 2, 1, Padding::Same, dimension).unwrap();
    let (channels, n) = (20, 40);
    let shape =
        Conv2dShape { batch: 2, height: axis(0), width: axis(1), in_channels: channels, out_channels: n };
    let mut samples = Samples::new(3);
    let input = samples.i8s(shape.input_len().unwrap());
    for groups in [1, 4] {
        let k = 9 * channels / groups;
        let filter = samples.i8s(k * n);
        let steps = Reference::sampled(&mut samples, n, Activation::Relu6);
        everywhere(|isa| {
            let packed = PackedI8::for_isa(isa, k, n, &filter).unwrap();
            let run = |epilogue: &I32Epilogue, output: OutputSlice<'_>| {
                conv2d_grouped_i8(&input, 11, &shape, groups, &packed, epilogue, output).unwrap();
            };
            let mut sums = vec![0; shape.output_len().unwrap()];
            run(&I32Epilogue::new(n, packed.limit()), OutputSlice::I32(&mut sums));
            steps.check(&sums, packed.limit(), run);
            if groups == 1 {
                let wrong = conv2d_i8(
                    &input,
                    11,
                    &shape,
                    &packed,
                    &I32Epilogue::new(n, packed.limit()),
                    OutputSlice::I8(&mut vec![0; sums.len()]),
                );
                assert_eq!(wrong, Err(KernelError::Output));
            }
        });
    }
}

#[test]
fn depthwise_convolutions_end_as_one_by_one() {
    for (seed, (channels, multiplier)) in [(3, 1), (32, 1), (144, 1), (5, 3)].into_iter().enumerate() {
        let axis = |dimension| Axis::new(7, 3, 1, 1, Padding::Same, dimension).unwrap();
        let shape = DepthwiseShape { batch: 2, height: axis(0), width: axis(1), channels, multiplier };
        let mut samples = Samples::new(seed as u64);
        let input = samples.i8s(shape.input_len().unwrap());
        let filter = samples.i8s(shape.filter_len().unwrap());
        for activation in ACTIVATIONS {
            let steps = Reference::sampled(&mut samples, channels * multiplier, activation);
            everywhere(|isa| {
                let packed = PackedDepthwiseI8::for_isa(isa, [3, 3, channels, multiplier], &filter).unwrap();
                let run = |epilogue: &I32Epilogue, output: OutputSlice<'_>| {
                    depthwise_i8(&input, -128, &shape, &packed, epilogue, output).unwrap();
                };
                let mut sums = vec![0; shape.output_len().unwrap()];
                run(&I32Epilogue::new(packed.out_channels(), packed.limit()), OutputSlice::I32(&mut sums));
                steps.check(&sums, packed.limit(), run);
            });
        }
    }
}

#[test]
fn halves_round_away_from_zero_on_both_sides() {
    let mut epilogue = I32Epilogue::new(1, 1000);
    assert!(epilogue.dequantize(&[0.5]) && epilogue.quantize(1.0, 0));
    let mut found = [0; 6];
    epilogue.apply(&[-5, -3, -1, 1, 3, 5], OutputSlice::I8(&mut found)).unwrap();
    assert_eq!(found, [-3, -2, -1, 1, 2, 3]);
}

#[test]
fn steps_that_cannot_be_exact_are_refused() {
    let mut epilogue = I32Epilogue::new(2, 1 << 30);
    assert!(!epilogue.add_bias(&[1 << 30, 0]), "a sum could leave i32");
    assert!(!epilogue.add_bias(&[1]), "a value is missing");
    assert!(!epilogue.activate(Activation::Relu), "sums have no activation");
    assert!(!epilogue.quantize(1.0, 0), "sums are not quantized");
    for scales in [[1.0, -1.0], [1.0, 0.0], [f32::NAN, 1.0], [1.0, f32::INFINITY]] {
        assert!(!epilogue.dequantize(&scales), "{scales:?}");
    }
    assert!(epilogue.dequantize(&[1.0]));
    assert!(!epilogue.dequantize(&[1.0]), "twice");
    assert!(!epilogue.quantize(2.0, 0), "the rounded value could leave i32");
    assert!(!epilogue.quantize(f32::NAN, 0) && !epilogue.quantize(-1.0, 0) && !epilogue.quantize(0.1, 200));
    assert!(epilogue.activate(Activation::Relu) && !epilogue.activate(Activation::Relu6));
    assert!(epilogue.quantize(0.1, 3));
    assert_eq!(epilogue.output(), OutputType::I8);
    assert!(!epilogue.accumulate(), "int8 results are not added");
}
