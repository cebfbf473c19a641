//! `quantize --dmq` and `quantize --shift-bits`.

use crate::builder::one_convolution;
use crate::job::Job;

#[test]
fn dmq_writes_factors_and_a_graph_that_verifies() {
    let job = Job::with_model(one_convolution());
    let read = |name: &str| std::fs::read_to_string(job.path(name)).unwrap();
    let output = job.quantize(&["--dmq"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(read("out/record.txt").matches("tensor_balance_factor: ").count(), 3);
    assert!(read("out/config.json").contains("\"dmq_balancer_param\":0.5"));
    let verified = job.run(&["verify", "out/m_quantized.pb", "--original", "model.pb"]);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
    assert_eq!(job.quantize(&["--dmq", "0.25"]).status.code(), Some(0));
    assert!(read("out/config.json").contains("\"dmq_balancer_param\":0.25"));
}

#[test]
fn a_strength_out_of_range_is_refused() {
    let job = Job::with_model(one_convolution());
    let output = job.quantize(&["--dmq", "0.9"]);
    job.assert_refused(&output, &["The dmq_balancer_param must be in range [0.2, 0.8]", "0.9"]);
}

#[test]
fn shift_bits_are_recorded_on_request() {
    let job = Job::with_model(one_convolution());
    let shifts = |further: &[&str]| {
        let output = job.quantize(further);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let record = std::fs::read_to_string(job.path("out/record.txt")).unwrap();
        (record.matches("shift_bit: ").count(), record.matches("scale_w: ").count())
    };
    assert_eq!(shifts(&[]).0, 0);
    for search in ["v1", "v2"] {
        let (found, scales) = shifts(&["--shift-bits", search]);
        assert!(found > 0 && found == scales, "{found} shifts, {scales} scales");
    }
    let unknown = job.quantize(&["--shift-bits", "v3"]);
    assert_eq!(unknown.status.code(), Some(2), "{unknown:?}");
}
