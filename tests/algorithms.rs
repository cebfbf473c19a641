//! What a configuration says of algorithms reaches the record: HFMG, symmetric activations, one scale
//! for all weights, shift bits, quantized tensors.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use amct::data::ImageBatches;
use amct::model::Model;
use amct::pipeline::{self, CalibrateOptions, PrepareOptions, Prepared};
use amct::signature;
use amct_artifacts::config::activation::{HFMG, IFMR, MAX_PERCENTILE, MINMAX, NUM_OF_BINS, PERCENTILE};
use amct_artifacts::config::{ActivationConfig, QuantConfig, TensorQuantize};
use amct_artifacts::record::{Record, RecordEntry};
use amct_calibration::hfmg::{self, HfmgParams};
use amct_calibration::shift::ShiftVersion;
use amct_calibration::{BatchError, Batches, Phase, Progress, from_fn};
use amct_graph::Graph;
use amct_interpreter::{Arithmetic, Feeds};
use amct_rewrite::verify;
use amct_tensor::Tensor;

use crate::frozen_graphs::{Case, floats, sqnr};
use crate::sample::{copy_images, image_input, normalization};
use crate::support::shipped_model;

const FIRST: &str = "MobilenetV2/Conv/Conv2D";

/// The shipped model on images that run `batch_size` at a time.
struct Sample {
    graph: Graph,
    images: tempfile::TempDir,
}

impl Sample {
    fn new(count: usize) -> Self {
        let images = tempfile::tempdir().unwrap();
        copy_images(count, images.path());
        Self { graph: shipped_model(), images }
    }

    fn calibrate(
        &self,
        (batch_size, threads): (usize, usize),
        options: &CalibrateOptions<'_>,
        change: impl Fn(&mut QuantConfig) + Sync,
    ) -> Record {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let names = signature::outputs(&self.graph, &[]).unwrap();
            let images = load(&self.graph, &names, self.images.path(), batch_size);
            let prepared =
                pipeline::prepare(&self.graph, &names, &PrepareOptions::default(), Some(&images)).unwrap();
            let config = configured(&prepared, &change);
            pipeline::calibrate(&prepared, &config, &images, options).unwrap().record
        })
    }

    /// What the first layer reads, image by image: the images as the graph normalises them.
    fn first_input(&self) -> Vec<Vec<f32>> {
        let names = signature::outputs(&self.graph, &[]).unwrap();
        let images = load(&self.graph, &names, self.images.path(), 1);
        let model = Model::new(&self.graph, &["normalize/add".to_owned()], Arithmetic::Integer).unwrap();
        let values = |index| {
            let feeds = images.feeds(index).unwrap();
            model.run(feeds).unwrap().remove(0).into_vec().unwrap()
        };
        (0..images.len()).map(values).collect()
    }
}

fn load(graph: &Graph, names: &[String], images: &Path, batch_size: usize) -> ImageBatches {
    ImageBatches::load(images, &image_input(graph, names), normalization(), Some(batch_size), None).unwrap()
}

/// The default configuration, changed, by way of its file.
fn configured(prepared: &Prepared, change: impl Fn(&mut QuantConfig)) -> QuantConfig {
    let mut config = pipeline::default_config(prepared, 1, true).unwrap();
    change(&mut config);
    let read = QuantConfig::from_json(&config.to_json()).unwrap();
    assert_eq!(read, config);
    read
}

fn set_activations(config: &mut QuantConfig, activation: &ActivationConfig) {
    config.layers.values_mut().for_each(|layer| layer.activation = activation.clone());
}

fn use_hfmg(config: &mut QuantConfig) {
    config.use_algorithm(&HFMG);
}

fn scale_and_offset(entry: &RecordEntry) -> (f32, i32) {
    (entry.scale_d.unwrap(), entry.offset_d.unwrap())
}

/// A frozen graph quantized with a changed configuration, with the record.
fn quantize(case: &Case, change: impl Fn(&mut QuantConfig)) -> (Record, Graph) {
    let batches = [Feeds::from([(case.input.as_str(), case.fed.clone())])];
    let prepared =
        pipeline::prepare(&case.graph, &case.outputs, &PrepareOptions::default(), Some(&batches)).unwrap();
    let config = configured(&prepared, change);
    let record =
        pipeline::calibrate(&prepared, &config, &batches, &CalibrateOptions::default()).unwrap().record;
    let quantized = pipeline::quantize(&prepared, &record, case.name).unwrap();
    (record, quantized.graph)
}

/// Checks a quantized graph against the contract and the float model.
fn assert_good(case: &Case, graph: &Graph, least: f64) {
    assert_eq!(verify(graph, Some(&case.graph), &case.outputs), [], "{}", case.name);
    let integer = case.run(graph, Arithmetic::Integer);
    assert_eq!(integer, case.run(graph, Arithmetic::FloatSimulation), "{}", case.name);
    for (output, expected) in integer.iter().zip(&case.expected) {
        let (Some(expected), Some(output)) = (floats(expected), floats(output)) else { continue };
        let sqnr = sqnr(expected, output);
        assert!(sqnr > least, "{}: {sqnr} dB", case.name);
    }
}

#[test]
fn hfmg_depends_on_batch_num_but_not_on_how_images_run() {
    let sample = Sample::new(4);
    let record = |run: (usize, usize), batch_num: u32| {
        sample.calibrate(run, &CalibrateOptions::default(), |config| {
            config.batch_num = batch_num;
            use_hfmg(config);
        })
    };
    let one = record((1, 1), 1);
    let two = record((1, 2), 2);
    assert_ne!(one, two);
    for run in [(1, 2), (2, 1), (2, 2), (4, 2), (3, 2)] {
        assert_eq!(record(run, 1), one, "one batch, {run:?}");
    }
    for run in [(1, 1), (2, 1), (2, 2)] {
        assert_eq!(record(run, 2), two, "two batches, {run:?}");
    }

    let images = sample.first_input();
    let direct = |batches: &[Vec<f32>]| {
        let batches: Vec<&[f32]> = batches.iter().map(Vec::as_slice).collect();
        let found = hfmg::calibrate(&batches, &HfmgParams::default()).unwrap();
        (found.scale, found.offset)
    };
    assert_eq!(scale_and_offset(one.get(FIRST).unwrap()), direct(&[images.concat()]));
    assert_eq!(
        scale_and_offset(two.get(FIRST).unwrap()),
        direct(&[images[..2].concat(), images[2..].concat()])
    );
}

#[test]
fn what_does_not_search_reads_the_data_once_and_depends_on_nothing() {
    let sample = Sample::new(4);
    let images = sample.first_input().concat();
    let (mut low, mut high) = (0.0_f32, 0.0_f32);
    images.iter().for_each(|&x| (low, high) = (low.min(x), high.max(x)));
    for algorithm in [&PERCENTILE, &MINMAX] {
        let record = |run: (usize, usize), batch_num: u32| {
            sample.calibrate(run, &CalibrateOptions::default(), |config| {
                config.batch_num = batch_num;
                config.use_algorithm(algorithm);
            })
        };
        let one = record((1, 1), 1);
        for (run, batch_num) in [((1, 2), 1), ((2, 1), 1), ((4, 2), 1), ((3, 2), 1), ((1, 2), 2)] {
            assert_eq!(record(run, batch_num), one, "{}, {run:?}, {batch_num}", algorithm.name);
        }
        // The images are 0 to 255 before they are normalised, with as many values at the ends.
        let scale = (high - low) / 255.0;
        let offset = -(low / scale).round() as i32 - 128;
        assert_eq!(scale_and_offset(one.get(FIRST).unwrap()), (scale, offset), "{}", algorithm.name);
    }

    let case = Case::load("resnet");
    let loaded = AtomicUsize::new(0);
    let batches = from_fn(2, |_| -> Result<Feeds, BatchError> {
        loaded.fetch_add(1, Ordering::Relaxed);
        Ok(Feeds::from([(case.input.as_str(), case.fed.clone())]))
    });
    let prepared =
        pipeline::prepare(&case.graph, &case.outputs, &PrepareOptions::default(), Some(&batches)).unwrap();
    for (algorithms, passes) in [([&PERCENTILE, &MINMAX], 1), ([&PERCENTILE, &IFMR], 2)] {
        let config = configured(&prepared, |config| {
            for (layer, algorithm) in config.layers.values_mut().zip(algorithms.into_iter().cycle()) {
                layer.activation = ActivationConfig::new(algorithm).with_asymmetric(true);
            }
        });
        let last = std::sync::Mutex::new(None);
        let progress = |progress: Progress| *last.lock().unwrap() = Some(progress);
        loaded.store(0, Ordering::Relaxed);
        let options = CalibrateOptions::default().with_progress(&progress);
        pipeline::calibrate(&prepared, &config, &batches, &options).unwrap();
        assert_eq!(loaded.load(Ordering::Relaxed), 2 * passes);
        let last = last.into_inner().unwrap().map(|last: Progress| (last.phase, last.done, last.total));
        assert_eq!(last, Some((Phase::Search, 2, 2)), "{passes} passes");
    }
}

#[test]
fn algorithms_without_a_search_quantize_well() {
    for algorithm in [&PERCENTILE, &MINMAX] {
        for (name, least) in
            [("resnet", 25.0), ("mobilenet_v1", 25.0), ("inception", 25.0), ("dilated", 25.0)]
        {
            let case = Case::load(name);
            let (_, graph) = quantize(&case, |config| config.use_algorithm(algorithm));
            assert_good(&case, &graph, least);
        }
    }
    // The percentiles arrive: fewer values count, the scales get smaller.
    let case = Case::load("resnet");
    let scales = |activation: ActivationConfig| -> f32 {
        let (record, _) = quantize(&case, |config| set_activations(config, &activation));
        record.entries.iter().filter_map(|entry| entry.scale_d).sum()
    };
    let all = scales(ActivationConfig::new(&MINMAX));
    let less = scales(ActivationConfig::new(&PERCENTILE).with(&MAX_PERCENTILE, 0.9).unwrap());
    assert!(less < 0.9 * all, "{less} and {all}");
    assert_eq!(scales(ActivationConfig::new(&PERCENTILE).with(&MAX_PERCENTILE, 1.0).unwrap()), all);
}

#[test]
fn layers_may_have_different_algorithms() {
    let sample = Sample::new(2);
    let run = (1, 2);
    let options = CalibrateOptions::default();
    let ifmr = sample.calibrate(run, &options, |_| {});
    let hfmg = sample.calibrate(run, &options, use_hfmg);
    let mixed = sample.calibrate(run, &options, |config| {
        config.layers.get_mut(FIRST).unwrap().activation = ActivationConfig::new(&HFMG).with_asymmetric(true);
    });
    assert_ne!(ifmr, hfmg);
    for ((mixed, ifmr), hfmg) in mixed.entries.iter().zip(&ifmr.entries).zip(&hfmg.entries) {
        assert_eq!(mixed, if mixed.key == FIRST { hfmg } else { ifmr });
    }
}

#[test]
fn every_algorithm_may_be_symmetric() {
    for algorithm in [&IFMR, &HFMG, &PERCENTILE, &MINMAX] {
        let activation = ActivationConfig::new(algorithm).with_asymmetric(false);
        for (name, least) in [("resnet", 25.0), ("mobilenet_v1", 25.0), ("unet", 25.0)] {
            let case = Case::load(name);
            let (record, graph) = quantize(&case, |config| set_activations(config, &activation));
            assert!(record.entries.iter().all(|entry| entry.offset_d == Some(0)), "{name}");
            assert_good(&case, &graph, least);
        }
    }
    // Without a word of the layer, activation_offset decides.
    let case = Case::load("resnet");
    let (by_layer, _) = quantize(&case, |config| {
        set_activations(config, &ActivationConfig::default().with_asymmetric(false));
    });
    let (by_default, _) = quantize(&case, |config| {
        config.activation_offset = false;
        set_activations(config, &ActivationConfig::default());
    });
    assert_eq!(by_layer, by_default);
}

#[test]
fn hfmg_quantizes_well_in_every_graph() {
    for (name, least) in [("resnet", 25.0), ("mobilenet_v1", 25.0), ("inception", 25.0), ("dilated", 25.0)] {
        let case = Case::load(name);
        for num_of_bins in [1024, 8192] {
            let (_, graph) = quantize(&case, |config| {
                let hfmg = ActivationConfig::new(&HFMG).with(&NUM_OF_BINS, num_of_bins).unwrap();
                set_activations(config, &hfmg.with_asymmetric(true));
            });
            assert_good(&case, &graph, least);
        }
    }
}

#[test]
fn weights_may_have_one_scale_for_the_tensor() {
    for (name, least) in [("resnet", 25.0), ("unet", 20.0), ("mobilenet_v1", 15.0)] {
        let case = Case::load(name);
        let per_tensor = |config: &mut QuantConfig| {
            config.layers.values_mut().for_each(|layer| layer.weight.channel_wise = Some(false));
        };
        let (record, graph) = quantize(&case, per_tensor);
        assert!(record.entries.iter().all(|entry| entry.scale_w.len() <= 1), "{name}");
        let words = graph.nodes().filter(|(_, node)| node.name.ends_with("/deq_scale"));
        for (id, node) in words {
            assert_eq!(graph.decode_const(id).unwrap().shape(), [1], "{}", node.name);
        }
        assert_good(&case, &graph, least);
        // The scale of the tensor is the largest of its channels', but for the level that the
        // negative side has more.
        let (channels, _) = quantize(&case, |_| {});
        for (one, many) in record.entries.iter().zip(&channels.entries) {
            let largest = many.scale_w.iter().copied().fold(0.0, f32::max);
            let fits = one.scale_w.iter().all(|&one| one <= largest && one >= largest * 127.0 / 128.0);
            assert!(fits, "{}: {:?} and {largest}", one.key, one.scale_w);
        }
    }
}

#[test]
fn shift_bits_come_only_when_asked_for() {
    let sample = Sample::new(3);
    let run = |run, shift_bits, joint_quant: bool| {
        let options = CalibrateOptions::default().with_shift_bits(shift_bits);
        sample.calibrate(run, &options, |config| config.joint_quant = joint_quant)
    };
    let plain = run((1, 2), None, false);
    assert!(plain.entries.iter().all(|entry| entry.shift_bit.is_empty()));
    let v1 = run((1, 2), Some(ShiftVersion::V1), false);
    for (entry, plain) in v1.entries.iter().zip(&plain.entries) {
        assert_eq!(entry.shift_bit.len(), entry.scale_w.len(), "{}", entry.key);
        assert!(entry.shift_bit.iter().all(|shift| (1..=16).contains(shift)), "{}", entry.key);
        assert_eq!(RecordEntry { shift_bit: Vec::new(), ..entry.clone() }, *plain, "nothing else changes");
    }
    assert!(v1.entries.iter().any(|entry| entry.shift_bit.iter().any(|&shift| shift > 1)));
    assert_eq!(v1, run((3, 1), Some(ShiftVersion::V1), false));
    assert_eq!(v1, run((1, 1), None, true), "joint_quant asks for the first search");
    let v2 = run((1, 2), Some(ShiftVersion::V2), false);
    assert_eq!(v2, run((2, 1), Some(ShiftVersion::V2), false));
    assert_eq!(Record::parse(&v2.to_text()).unwrap(), v2);
    v2.validate().unwrap();
}

#[test]
fn tensors_are_calibrated_at_the_input_of_their_node() {
    let case = Case::load("resnet");
    let pool = case.graph.nodes().find(|(_, node)| node.op == "MaxPool").unwrap().1;
    let tensor =
        |input_index, activation| TensorQuantize { layer_name: pool.name.clone(), input_index, activation };
    let ifmr = ActivationConfig::default().with_asymmetric(true);
    let (record, _) = quantize(&case, |config| config.tensor_quantize = vec![tensor(0, ifmr.clone())]);
    let key = format!("{}:0", pool.name);
    let entry = record.get(&key).unwrap();
    assert_eq!(record.entries.last(), Some(entry));
    assert_eq!(RecordEntry { scale_d: None, offset_d: None, ..entry.clone() }.scale_w.len(), 0);
    assert_eq!(entry.tensor(), Some((pool.name.as_str(), 0)));

    // The same as IFMR on the value itself, which nothing quantized stands before here.
    let input = case.graph.outlet_name(pool.inputs[0]);
    let batches = [Feeds::from([(case.input.as_str(), case.fed.clone())])];
    let outputs = [input.clone()];
    let prepared =
        pipeline::prepare(&case.graph, &case.outputs, &PrepareOptions::default(), Some(&batches)).unwrap();
    let mut skipped = pipeline::default_config(&prepared, 1, true).unwrap();
    skipped.layers.values_mut().for_each(|layer| layer.quant_enable = false);
    skipped.tensor_quantize = vec![tensor(0, ifmr)];
    let alone =
        pipeline::calibrate(&prepared, &skipped, &batches, &CalibrateOptions::default()).unwrap().record;
    assert_eq!(alone.entries.len(), 1);
    let model = Model::new(&prepared.graph, &outputs, Arithmetic::Integer).unwrap();
    let values: Tensor = model.run([(&case.input, case.fed.clone())]).unwrap().remove(0);
    let direct = amct_calibration::ifmr::calibrate(values.as_slice().unwrap(), &Default::default()).unwrap();
    assert_eq!(scale_and_offset(&alone.entries[0]), (direct.scale, direct.offset));
}

#[test]
fn a_tensor_that_is_not_there_is_refused() {
    let case = Case::load("resnet");
    let batches = [Feeds::from([(case.input.as_str(), case.fed.clone())])];
    let prepared =
        pipeline::prepare(&case.graph, &case.outputs, &PrepareOptions::default(), Some(&batches)).unwrap();
    let pool = case.graph.nodes().find(|(_, node)| node.op == "MaxPool").unwrap().1.name.clone();
    for (layer_name, input_index, text) in [
        ("no/such".to_owned(), 0, "Layer no/such does not exist in the graph."),
        (pool, 7, "tensor_quantize names input 7 of"),
    ] {
        let mut config = pipeline::default_config(&prepared, 1, true).unwrap();
        config.tensor_quantize =
            vec![TensorQuantize { layer_name, input_index, activation: ActivationConfig::default() }];
        let error =
            pipeline::calibrate(&prepared, &config, &batches, &CalibrateOptions::default()).unwrap_err();
        assert!(error.to_string().starts_with(text), "{error}");
    }
}
