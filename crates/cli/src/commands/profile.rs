//! `amct run --profile`: where a run spends its time.

use std::collections::BTreeMap;
use std::time::Duration;

use amct_interpreter::StepTime;
use serde_json::{Value, json};

use crate::args::ProfileFormat;
use crate::output::Out;

/// Nodes shown in the table; JSON has all.
const SHOWN: usize = 20;

/// Time and work of one node, or of all nodes of a kind.
#[derive(Clone, Copy, Default)]
struct Sum {
    nodes: usize,
    time: Duration,
    multiply_adds: u64,
}

impl Sum {
    fn add(&mut self, step: &StepTime) {
        self.nodes += 1;
        self.time += step.time;
        self.multiply_adds += step.multiply_adds;
    }

    fn milliseconds(&self) -> f64 {
        self.time.as_secs_f64() * 1e3
    }

    fn share(&self, total: &Sum) -> f64 {
        if total.time.is_zero() { 0.0 } else { 100.0 * self.time.as_secs_f64() / total.time.as_secs_f64() }
    }

    /// 10^9 operations per second, a multiply-add being two; `None` if there are none.
    fn rate(&self) -> Option<f64> {
        let seconds = self.time.as_secs_f64();
        (self.multiply_adds > 0 && seconds > 0.0).then(|| 2e-9 * self.multiply_adds as f64 / seconds)
    }
}

pub(super) fn print(steps: &[StepTime], format: ProfileFormat, out: &mut Out) {
    let mut total = Sum::default();
    let mut kinds: BTreeMap<String, Sum> = BTreeMap::new();
    for step in steps {
        total.add(step);
        kinds.entry(kind(step)).or_default().add(step);
    }
    let mut kinds: Vec<(String, Sum)> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.time));
    match format {
        ProfileFormat::Table => print_table(steps, &kinds, &total, out),
        ProfileFormat::Json => writeln!(out, "{:#}", to_json(steps, &kinds, &total)),
    }
}

/// The op types that a step computes.
fn kind(step: &StepTime) -> String {
    let ops = std::iter::once(step.op.as_str()).chain(step.absorbed.iter().map(String::as_str));
    ops.collect::<Vec<_>>().join("+")
}

fn print_table(steps: &[StepTime], kinds: &[(String, Sum)], total: &Sum, out: &mut Out) {
    writeln!(out, "{:>9} {:>6} {:>7}  {:>5}  op types", "ms", "share", "GOP/s", "nodes");
    for (name, sum) in kinds {
        writeln!(out, "{}  {:>5}  {name}", columns(sum, total), sum.nodes);
    }
    writeln!(out, "{}  {:>5}  in all\n", columns(total, total), total.nodes);
    writeln!(out, "{:>9} {:>6} {:>7}  node", "ms", "share", "GOP/s");
    let mut slowest: Vec<&StepTime> = steps.iter().collect();
    slowest.sort_by_key(|step| std::cmp::Reverse(step.time));
    for step in slowest.into_iter().take(SHOWN) {
        let sum = sum_of(step);
        writeln!(out, "{}  {} {:?} ({})", columns(&sum, total), step.node, step.shape, kind(step));
    }
    if steps.len() > SHOWN {
        writeln!(out, "the slowest {SHOWN} of {} nodes; --profile json has all of them", steps.len());
    }
}

fn sum_of(step: &StepTime) -> Sum {
    let mut sum = Sum::default();
    sum.add(step);
    sum
}

fn columns(sum: &Sum, total: &Sum) -> String {
    let rate = sum.rate().map_or(String::new(), |rate| format!("{rate:.1}"));
    format!("{:>9.4} {:>5.1}% {rate:>7}", sum.milliseconds(), sum.share(total))
}

fn to_json(steps: &[StepTime], kinds: &[(String, Sum)], total: &Sum) -> Value {
    let numbers = |sum: &Sum| {
        json!({
            "milliseconds": sum.milliseconds(),
            "share_percent": sum.share(total),
            "multiply_adds": sum.multiply_adds,
            "gop_per_second": sum.rate(),
        })
    };
    let merged = |mut object: Value, more: Value| {
        if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
            object.extend(more);
        }
        object
    };
    let nodes = steps.iter().map(|step| {
        let head =
            json!({ "node": step.node, "op": step.op, "absorbed": step.absorbed, "shape": step.shape });
        merged(head, numbers(&sum_of(step)))
    });
    let kinds =
        kinds.iter().map(|(name, sum)| merged(json!({ "ops": name, "nodes": sum.nodes }), numbers(sum)));
    json!({
        "total": numbers(total),
        "op_types": kinds.collect::<Vec<_>>(),
        "nodes": nodes.collect::<Vec<_>>(),
    })
}
