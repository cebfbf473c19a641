//! A quantized model beside its float model: what is compared with what, and what an error is made of.

use std::collections::BTreeSet;

use amct::compare::{CompareOptions, Comparison, Rank, compare};
use amct::model::Model;
use amct::pipeline::{self, CalibrateOptions, PrepareOptions};
use amct_artifacts::quant_info::QuantInfo;
use amct_graph::{Graph, quantized_layers};
use amct_interpreter::{Arithmetic, Feeds};
use amct_tensor::Tensor;

use crate::frozen_graphs::{Case, GRAPHS, floats, sqnr};
use crate::sample;
use crate::support::{root, shipped_model};

fn same(a: &Comparison, b: &Comparison) -> bool {
    format!("{a:?}") == format!("{b:?}")
}

fn of_case(case: &Case, quantized: &Graph, info: Option<QuantInfo>) -> Comparison {
    let batches = [Feeds::from([(case.input.as_str(), case.fed.clone())])];
    let options = CompareOptions::default().with_info(info).with_outputs(&case.outputs);
    compare(&case.graph, quantized, &options, &batches)
        .unwrap_or_else(|error| panic!("{}: {error}", case.name))
}

/// Every layer is taken apart, and the parts are the whole.
fn check_layers(found: &Comparison, name: &str) {
    for layer in &found.layers {
        let split = layer.split.unwrap_or_else(|| panic!("{name}: {}: {:?}", layer.layer, layer.no_split));
        let shares: f64 = split.parts().iter().map(|(_, part)| part.share).sum();
        assert!((shares - 1.0).abs() < 1e-6, "{name}: {}: {shares}", layer.layer);
        assert!((split.own.share + split.inherited.share - 1.0).abs() < 1e-6, "{name}: {}", layer.layer);
        if let Some(errors) = &layer.errors {
            assert!((split.total.sqnr_db - errors.sqnr_db).abs() < 1e-6, "{name}: {}", layer.layer);
        }
        assert!(layer.codes.count > 0 && layer.codes.unused < 1.0);
    }
}

#[test]
fn graphs_of_many_kinds_are_taken_apart_layer_by_layer() {
    let mut without_counterpart = 0;
    for (name, layers, _) in GRAPHS {
        let case = Case::load(name);
        let quantized = case.quantize();
        let found = of_case(&case, &quantized.graph, Some(quantized.info.clone()));
        // The parts of a group convolution end together.
        let ends: BTreeSet<_> =
            quantized_layers(&quantized.graph).iter().map(|layer| layer.dequant).collect();
        assert_eq!((found.layers.len(), quantized.layers.len()), (ends.len(), layers), "{name}");
        check_layers(&found, name);
        // Only what was folded from behind a BatchToSpaceND leaves a layer's end without a counterpart.
        for layer in found.layers.iter().filter(|layer| layer.errors.is_none()) {
            let reader =
                quantized.graph.consumers().only(quantized.graph.find(&layer.dequant).unwrap()).unwrap();
            assert_eq!(quantized.graph.node(reader.node).op, "BatchToSpaceND", "{name}: {}", layer.layer);
            without_counterpart += 1;
        }
        assert!(found.layers.iter().all(|layer| layer.split.unwrap().total.sqnr_db > 15.0), "{name}");
        // Without the file the same is found by names.
        let by_name = of_case(&case, &quantized.graph, None);
        let names = |found: &Comparison| -> Vec<String> {
            let nodes = found.nodes.iter().map(|node| format!("{} {}", node.node, node.reference));
            nodes.chain(found.unmatched.iter().map(|node| node.node.clone())).collect()
        };
        assert_eq!(names(&found), names(&by_name), "{name}");
        assert!(same(&found, &by_name), "{name}");
        // The outputs are those of the models alone.
        let (float, integer) =
            (case.run(&case.graph, Arithmetic::Integer), case.run(&quantized.graph, Arithmetic::Integer));
        for ((output, a), b) in found.outputs.iter().zip(&float).zip(&integer) {
            let (Some(a), Some(b)) = (floats(a), floats(b)) else { continue };
            assert!((output.errors.sqnr_db - sqnr(a, b)).abs() < 1e-9, "{name}: {}", output.name);
        }
        assert_eq!(found.outputs.len(), case.outputs.len());
    }
    assert!(without_counterpart > 0);
}

#[test]
fn the_shipped_model_is_compared_over_several_images() {
    let (float, quantized) = (shipped_model(), sample::quantized());
    let input = sample::image_input(&float, &amct::signature::outputs(&float, &[]).unwrap());
    let images = amct_dataset::list_images(root().join("data/calibration")).unwrap().images;
    let image =
        |index: usize| amct::data::single_image(&images[index], &input, sample::normalization()).unwrap();
    let over = |indices: &[usize], threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let batches: Vec<Feeds> =
            indices.iter().map(|&index| Feeds::from([("input", image(index))])).collect();
        pool.install(|| compare(&float, quantized, &CompareOptions::default(), &batches)).unwrap()
    };
    let found = over(&[0, 1, 2], 2);
    assert_eq!((found.inputs, found.layers.len(), found.outputs.len()), (3, 54, 1));
    check_layers(&found, "three images");
    assert!(found.unmatched.is_empty(), "{:?}", found.unmatched);
    assert!(same(&found, &over(&[0, 1, 2], 1)), "threads change nothing");
    // What is summed over images is what each of them adds.
    let each = [over(&[0], 1), over(&[1], 1), over(&[2], 1)];
    for (index, node) in found.nodes.iter().enumerate() {
        let sum = |of: &dyn Fn(&Comparison) -> f64| each.iter().map(of).sum::<f64>();
        let squares = sum(&|one| one.nodes[index].errors.rmse.powi(2)) / 3.0;
        assert!((node.errors.rmse.powi(2) - squares).abs() <= 1e-9 * squares, "{}", node.node);
        let largest = each.iter().map(|one| one.nodes[index].errors.max_absolute).fold(0.0, f64::max);
        assert_eq!(node.errors.max_absolute, largest, "{}", node.node);
    }
    let agreement = found.outputs[0].agreement().unwrap();
    let predictions: Vec<_> = each.iter().map(|one| one.outputs[0].predictions.clone().unwrap()[0]).collect();
    assert_eq!(found.outputs[0].predictions.as_ref().unwrap(), &predictions);
    assert!((0.0..=100.0).contains(&agreement));
    // The class is the one that the model gives by itself.
    let model = Model::new(&float, &[], Arithmetic::Integer).unwrap();
    let alone = model.run([("input", image(1))]).unwrap();
    let class = amct::predict::top_classes("y", &alone[0], 1).unwrap()[0];
    assert_eq!(predictions[1].float, class);
    // Ranked by what a layer adds itself, another one leads than by all its error.
    let (total, own) = (found.worst_layers(Rank::Total), found.worst_layers(Rank::Own));
    assert!(total.is_sorted_by_key(|layer| layer.errors.unwrap().sqnr_db.to_bits()));
    assert!(own.is_sorted_by_key(|layer| layer.split.unwrap().own.sqnr_db.to_bits()));
    assert_ne!(total[0].layer, own[0].layer);
}

#[test]
fn the_first_layer_inherits_nothing_and_weights_alone_are_the_error_of_exact_data() {
    let case = Case::load("mobilenet_v1");
    let quantized = case.quantize();
    let found = of_case(&case, &quantized.graph, None);
    let first = found.layers[0].split.unwrap();
    // Folding rounds, no more.
    assert!(first.inherited.sqnr_db > 100.0, "{first:?}");
    assert!(first.own.share > 0.999);
    // All later layers inherit something.
    assert!(found.layers[1..].iter().all(|layer| layer.split.unwrap().inherited.sqnr_db < 100.0));
}

#[test]
fn a_balanced_model_is_taken_apart_as_well() {
    let case = Case::load("mobilenet_v1");
    let batches = [Feeds::from([(case.input.as_str(), case.fed.clone())])];
    let prepared =
        pipeline::prepare(&case.graph, &case.outputs, &PrepareOptions::default(), Some(&batches)).unwrap();
    let mut config = pipeline::default_config(&prepared, 1, true).unwrap();
    pipeline::set_dmq_balancer(&mut config, &prepared, 0.5).unwrap();
    let record =
        pipeline::calibrate(&prepared, &config, &batches, &CalibrateOptions::default()).unwrap().record;
    let quantized = pipeline::quantize(&prepared, &record, "m").unwrap();
    let found = of_case(&case, &quantized.graph, Some(quantized.info));
    check_layers(&found, "balanced");
    // Weights that were not balanced would be most of the error.
    assert!(found.layers.iter().all(|layer| layer.split.unwrap().weights.sqnr_db > 20.0));
}

#[test]
fn a_model_that_was_not_folded_is_compared_with_what_it_is_made_of() {
    let case = Case::load("resnet");
    let batches = [Feeds::from([(case.input.as_str(), case.fed.clone())])];
    let options = PrepareOptions::default().with_fusion(false);
    let prepared = pipeline::prepare(&case.graph, &case.outputs, &options, Some(&batches)).unwrap();
    let config = pipeline::default_config(&prepared, 1, true).unwrap();
    let record =
        pipeline::calibrate(&prepared, &config, &batches, &CalibrateOptions::default()).unwrap().record;
    let quantized = pipeline::quantize(&prepared, &record, "m").unwrap();
    for info in [None, Some(quantized.info.clone())] {
        let found = of_case(&case, &quantized.graph, info);
        check_layers(&found, "not folded");
        assert!(found.layers.iter().all(|layer| layer.split.unwrap().weights.sqnr_db > 20.0));
    }
}

#[test]
fn a_model_of_quantization_aware_training_is_compared_with_its_fake_quantization() {
    for name in ["qat_folded", "qat_channels"] {
        let case = Case::load(name);
        let (prepared, record) = pipeline::prepare_qat(&case.graph, &case.outputs).unwrap();
        let quantized = pipeline::quantize(&prepared, &record, name).unwrap();
        let found = of_case(&case, &quantized.graph, Some(quantized.info.clone()));
        assert_eq!(found.layers.len(), quantized.layers.len(), "{name}");
        check_layers(&found, name);
        // It was trained to be rounded.
        assert!(found.outputs.iter().all(|output| output.errors.sqnr_db > 40.0), "{name}");
    }
}

#[test]
fn models_that_do_not_belong_together_are_refused() {
    let (a, b) = (Case::load("mobilenet_v1"), Case::load("unet"));
    let refused = |float: &Graph, quantized: &Graph, options: CompareOptions| {
        let batches = [Feeds::from([(a.input.as_str(), Tensor::scalar(0.0_f32))])];
        compare(float, quantized, &options, &batches).unwrap_err().in_one_line()
    };
    let quantized = a.quantize();
    let options = || CompareOptions::default().with_outputs(&a.outputs);
    let of_b = || CompareOptions::default().with_outputs(&b.outputs);
    assert!(refused(&a.graph, &a.graph, options()).contains("holds no quantized layer"));
    let text = refused(&b.graph, &quantized.graph, of_b());
    assert!(text.contains("has no output"), "{text}");
    let info = Some(b.quantize().info);
    let text = refused(&a.graph, &quantized.graph, options().with_info(info));
    assert!(text.contains("does not know node"), "{text}");
}
