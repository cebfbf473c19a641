//! Pixels to logits: every calibration image against TensorFlow.

use amct_graph::Outlet;
use amct_interpreter::{Plan, PlanOptions, RunError, Value};
use amct_tensor::Tensor;
use rayon::prelude::*;

use crate::support::{arg_max, golden, max_difference, npy, root, shipped_model};

const SIDE: usize = 224;
const LOGITS: &str = "MobilenetV2/Logits/Squeeze";

/// Each image as a normalised batch of one.
fn batches() -> Vec<Tensor> {
    let mut batches = Vec::new();
    for part in 0..3 {
        let path = root().join(format!("tests/golden/images/calibration_u8_{part}.npy"));
        let pixels = amct_dataset::read_npy(path).unwrap();
        for image in pixels.as_slice::<u8>().unwrap().chunks(SIDE * SIDE * 3) {
            let values = image.iter().map(|&pixel| (f32::from(pixel) - 128.0) / 128.0).collect();
            batches.push(Tensor::from_vec([1, SIDE, SIDE, 3], values).unwrap());
        }
    }
    assert_eq!(batches.len(), 32);
    batches
}

#[test]
fn logits_of_every_calibration_image_are_tensorflows() {
    let graph = shipped_model();
    let plan = Plan::compile(&graph, &[graph.outlet(LOGITS).unwrap()], &PlanOptions::default()).unwrap();
    let expected = npy("calibration_logits.npy");
    let rows: Vec<&[f32]> = expected.as_slice::<f32>().unwrap().chunks(1000).collect();
    let batches = batches();
    assert_eq!(rows.len(), batches.len());
    let largest = batches
        .into_par_iter()
        .zip(rows)
        .map(|(batch, expected)| {
            let value = plan.run(&[("input", batch)].into()).unwrap().remove(0).plain().unwrap();
            let found = value.as_slice::<f32>().unwrap();
            assert_eq!(arg_max(found), arg_max(expected));
            max_difference(found, expected)
        })
        .reduce(|| 0.0, f32::max);
    println!("largest logit difference over the calibration images: {largest:e}");
    assert!(largest < 5e-5, "{largest}");
}

/// The smallest and largest value of a tensor.
fn range(value: &Value) -> (f32, f32) {
    let Value::Plain(tensor) = value else { panic!("a float model has no quantized values") };
    let values = tensor.as_slice::<f32>().unwrap();
    values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(min, max), &x| (min.min(x), max.max(x)))
}

fn join(a: (f32, f32), b: (f32, f32)) -> (f32, f32) {
    (a.0.min(b.0), a.1.max(b.1))
}

#[test]
fn ranges_over_all_calibration_images_are_tensorflows() {
    let text = std::fs::read_to_string(golden("calibration_ranges.json")).unwrap();
    let golden: serde_json::Value = serde_json::from_str(&text).unwrap();
    let golden = golden["min_max"].as_object().unwrap();
    assert!(golden.len() > 100);
    let graph = shipped_model();
    let observed: Vec<Outlet> = golden.keys().map(|name| graph.outlet(name).unwrap()).collect();
    let options = PlanOptions { observed: observed.clone(), ..PlanOptions::default() };
    let plan = Plan::compile(&graph, &[], &options).unwrap();
    let none = vec![(f32::INFINITY, f32::NEG_INFINITY); observed.len()];
    let found = batches()
        .into_par_iter()
        .map(|batch| {
            let mut ranges = none.clone();
            plan.run_observed(&[("input", batch)].into(), &mut |outlet, value| -> Result<(), RunError> {
                for (place, _) in ranges.iter_mut().zip(&observed).filter(|(_, at)| **at == outlet) {
                    *place = range(value);
                }
                Ok(())
            })
            .unwrap();
            ranges
        })
        .reduce(|| none.clone(), |a, b| a.into_iter().zip(b).map(|(a, b)| join(a, b)).collect());
    for ((name, expected), found) in golden.iter().zip(found) {
        let number = |index: usize| expected[index].as_f64().unwrap();
        let (min, max) = (number(0), number(1));
        let tolerance = 1e-4 * (max - min);
        assert!((f64::from(found.0) - min).abs() <= tolerance, "{name}: min {} is not {min}", found.0);
        assert!((f64::from(found.1) - max).abs() <= tolerance, "{name}: max {} is not {max}", found.1);
    }
}
