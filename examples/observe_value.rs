//! Looks at a value inside a graph: any node can be an output.
//!
//! `cargo run --release --example observe_value`

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::path::Path;

use amct::data::read_npy;
use amct::model::{Arithmetic, Model};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let graph = amct::graphdef::load(Path::new("tests/golden/graphs/mobilenet_v1.pb"))?;
    let image = read_npy("tests/golden/graphs/mobilenet_v1.input.npy")?;

    // The outputs of all activations; what none of them needs is not computed. `NODE:1` names a second output.
    let activations = graph.nodes().filter(|(_, node)| node.op == "Relu6");
    let names: Vec<String> = activations.map(|(_, node)| node.name.clone()).collect();
    let model = Model::new(&graph, &names, Arithmetic::Integer)?;
    for (name, value) in names.iter().zip(model.run([("input", image)])?) {
        let values = value.as_slice::<f32>()?;
        let largest = values.iter().copied().fold(0.0, f32::max);
        assert!(largest <= 6.0);
        println!("{name}: {:?}, at most {largest}", value.shape());
    }
    Ok(())
}
