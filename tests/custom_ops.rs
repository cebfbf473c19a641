//! AMCT's own operators against vectors of TensorFlow's CPU kernels for them.

use amct_graph::{AttrValue, Graph, GraphMeta, Node, ShapeAttr, TensorLiteral, type_code};
use amct_interpreter::{Arithmetic, Plan, PlanError, PlanOptions, Value};
use amct_tensor::{DType, Tensor};
use serde_json::Value as Json;

use crate::support::root;

fn cases(op: &str) -> Vec<Json> {
    let text = std::fs::read_to_string(root().join("tests/golden/amct/tf_custom_ops.json")).unwrap();
    let golden: Json = serde_json::from_str(&text).unwrap();
    golden["cases"].as_array().unwrap().iter().filter(|case| case["op"] == op).cloned().collect()
}

fn floats(values: &Json) -> Vec<f32> {
    values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as f32).collect()
}

fn node(name: &str, op: &str, attrs: Vec<(&str, AttrValue)>) -> Node {
    let attrs = attrs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Node { name: name.to_owned(), op: op.to_owned(), attrs, ..Node::default() }
}

fn placeholder(dtype: DType) -> Node {
    let shape = AttrValue::Shape(ShapeAttr { unknown_rank: true, ..ShapeAttr::default() });
    node("x", "Placeholder", vec![("dtype", AttrValue::Type(type_code(dtype))), ("shape", shape)])
}

fn compile(nodes: Vec<(Node, Vec<String>)>, arithmetic: Arithmetic) -> Result<Plan, PlanError> {
    let graph = Graph::from_named(nodes, GraphMeta::default()).unwrap();
    let options = PlanOptions { arithmetic, ..PlanOptions::default() };
    Plan::compile(&graph, &[graph.outlet("y").unwrap()], &options)
}

fn run(plan: &Plan, x: Tensor) -> Vec<f32> {
    let value: Value = plan.run(&[("x", x)].into()).unwrap().remove(0);
    value.simulated().unwrap().into_vec::<f32>().unwrap()
}

fn bits(values: &[f32]) -> Vec<u32> {
    // Zero has one sign here: int8 has no other.
    values.iter().map(|value| (value + 0.0).to_bits()).collect()
}

#[test]
fn ascend_quant_rounds_and_clamps_like_the_cpu_kernel() {
    let mut run_cases = 0;
    for case in cases("AscendQuant") {
        let x = floats(&case["x"]);
        let quant_bits = case["quant_bits"].as_i64().unwrap();
        for arithmetic in [Arithmetic::Integer, Arithmetic::FloatSimulation] {
            let attrs = vec![
                ("scale", AttrValue::F(case["scale_attr"].as_f64().unwrap() as f32)),
                ("offset", AttrValue::F(case["offset_attr"].as_f64().unwrap() as f32)),
                ("quant_bits", AttrValue::I(quant_bits)),
            ];
            let nodes = vec![
                (placeholder(DType::F32), vec![]),
                (node("y", "AscendQuant", attrs), vec!["x".to_owned()]),
            ];
            let plan = compile(nodes, arithmetic);
            if quant_bits == 8 {
                let y = run(&plan.unwrap(), Tensor::vector(x.clone()));
                assert_eq!(bits(&y), bits(&floats(&case["y"])), "{case}");
                run_cases += 1;
            } else {
                let error = plan.err().expect("only 8 bits are supported");
                let error = amct::Chain(&error).to_string();
                assert!(error.contains("quant_bits") && error.contains("'y'"), "{error}");
            }
        }
    }
    assert_eq!(run_cases, 10);
}

#[test]
fn ascend_dequant_scales_and_shifts_like_the_cpu_kernel() {
    let cases = cases("AscendDequant");
    assert_eq!(cases.len(), 7);
    for case in cases {
        let nchw = case["layout"].as_str().unwrap().starts_with("NCHW");
        let (format, shape) = if nchw { ("NCHW", [1, 3, 2, 2]) } else { ("NHWC", [1, 2, 2, 3]) };
        let side = case["ksize_area"].as_i64().unwrap().isqrt();
        let words: Vec<u64> = case["deq_scale_u64"]
            .as_array()
            .unwrap()
            .iter()
            .map(|word| word.as_str().unwrap().parse().unwrap())
            .collect();
        let words = Tensor::vector(words);
        let constant = vec![
            ("dtype", AttrValue::Type(type_code(DType::U64))),
            ("value", AttrValue::tensor(TensorLiteral::encode(&words))),
        ];
        let attrs =
            vec![("ksize", AttrValue::ints([side, side])), ("data_format", AttrValue::string(format))];
        let x = floats(&case["x"]);
        let sums: Vec<i32> = x.iter().map(|&x| x as i32).collect();
        let inputs = [
            (Arithmetic::FloatSimulation, DType::F32, Tensor::from_vec(shape, x).unwrap()),
            (Arithmetic::Integer, DType::I32, Tensor::from_vec(shape, sums).unwrap()),
        ];
        for (arithmetic, dtype, input) in inputs {
            let nodes = vec![
                (placeholder(dtype), vec![]),
                (node("deq_scale", "Const", constant.clone()), vec![]),
                (node("y", "AscendDequant", attrs.clone()), vec!["x".to_owned(), "deq_scale".to_owned()]),
            ];
            let y = run(&compile(nodes, arithmetic).unwrap(), input);
            assert_eq!(bits(&y), bits(&floats(&case["y"])), "{case}");
        }
    }
}
