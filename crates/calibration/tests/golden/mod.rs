//! The golden vectors under `tests/golden/amct` and the data they are made from.
#![allow(clippy::unwrap_used, reason = "clippy knows only functions marked as tests")]

use serde_json::Value;

/// Reads a file of golden vectors.
pub(crate) fn read(file: &str) -> Value {
    let path = format!("{}/../../tests/golden/amct/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

/// A number as the files write it: plain, a name for a non-finite one, or an object with its bits.
pub(crate) fn float(value: &Value) -> f32 {
    match value {
        Value::String(name) => match name.as_str() {
            "nan" => f32::NAN,
            "inf" => f32::INFINITY,
            "-inf" => f32::NEG_INFINITY,
            _ => panic!("{name}"),
        },
        Value::Object(fields) => {
            let bits = fields["bits"].as_str().unwrap().strip_prefix("0x").unwrap();
            f32::from_bits(u32::from_str_radix(bits, 16).unwrap())
        }
        number => number.as_f64().unwrap() as f32,
    }
}

pub(crate) fn floats(values: &Value) -> Vec<f32> {
    values.as_array().unwrap().iter().map(float).collect()
}

pub(crate) fn integers(values: &Value) -> Vec<i64> {
    values.as_array().unwrap().iter().map(|value| value.as_i64().unwrap()).collect()
}

pub(crate) fn size(value: &Value) -> usize {
    value.as_u64().unwrap().try_into().unwrap()
}

/// The generators' source of numbers: 64-bit linear congruential, uniform in [0, 1).
pub(crate) struct Draws(pub(crate) u64);

impl Draws {
    pub(crate) fn uniform(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 48) as f32 / 65_536.0
    }

    /// The sum of twelve uniform numbers minus 6, nearly normal.
    pub(crate) fn gauss12(&mut self) -> f32 {
        (0..12).map(|_| self.uniform()).sum::<f32>() - 6.0
    }
}

/// The values that a case's `data` describes or holds.
pub(crate) fn data(case: &Value) -> Vec<f32> {
    if let Some(inline) = case.get("inline") {
        let times = case.get("repeat").map_or(1, size);
        return floats(inline).repeat(times);
    }
    let mut draws = Draws(case["seed"].as_u64().unwrap());
    let mut draw = || match case["gen"].as_str().unwrap() {
        "uniform" => draws.uniform(),
        "gauss12" => draws.gauss12(),
        "relu_gauss12" => draws.gauss12().max(0.0),
        other => panic!("generator {other}"),
    };
    let (scale, shift) = (float(&case["scale"]), float(&case["shift"]));
    let mut values: Vec<f32> = (0..size(&case["n"])).map(|_| draw() * scale + shift).collect();
    let first = values.iter().copied().take(8).collect::<Vec<f32>>();
    let mut is_generators = first == floats(&case["first8"]);
    match case.get("post").map(|post| post.as_str().unwrap()) {
        None => {}
        Some("min(x,6)") => {
            values.iter_mut().for_each(|x| *x = x.min(6.0));
            is_generators = values[..first.len()] == floats(&case["first8"]);
        }
        Some("clamp(-3,3) then append") => {
            values.iter_mut().for_each(|x| *x = x.clamp(-3.0, 3.0));
            values.extend(floats(&case["append"]));
        }
        Some(other) => panic!("post {other}"),
    }
    assert!(is_generators, "the generator is not the files'");
    values
}
