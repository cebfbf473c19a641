//! Rules 12 to 15, 19 to 21 and 25: attributes.

use amct_graph::views::WindowAttrs;
use amct_graph::{AttrValue, Node, op, type_code};
use amct_tensor::DType;
use amct_tensor::quantization::{I8_MAX, I8_MIN};

use super::Severity;
use super::context::{Context, Findings};

/// The attribute in words, for messages.
fn show(node: &Node, attr: &str) -> String {
    let value = match node.attrs.get(attr) {
        None => "nothing".to_owned(),
        Some(AttrValue::F(x)) => format!("{x} (a float)"),
        Some(AttrValue::I(x)) => format!("{x} (an integer)"),
        Some(AttrValue::Type(code)) => amct_graph::type_name(*code),
        Some(AttrValue::S(bytes)) => format!("{:?}", String::from_utf8_lossy(bytes)),
        Some(AttrValue::List(list)) if !list.i.is_empty() => format!("{:?}", list.i),
        Some(other) => other.kind().to_owned(),
    };
    format!("{attr} = {value}")
}

fn check_float(node: &Node, findings: &mut Findings) {
    if node.attrs.get("T") != Some(&AttrValue::Type(type_code(DType::F32))) {
        findings.add(&node.name, show(node, "T"), "DT_FLOAT");
    }
}

fn float(node: &Node, attr: &str) -> Option<f32> {
    match node.attrs.get(attr) {
        Some(AttrValue::F(x)) => Some(*x),
        _ => None,
    }
}

/// Rule 12. The offset is a float attribute that holds an int8.
pub(super) fn of_quant(context: &Context<'_>, findings: &mut Findings) {
    for (_, node) in context.of_op(op::QUANT) {
        check_float(node, findings);
        if float(node, "scale").is_none() {
            findings.add(&node.name, show(node, "scale"), "a float, 1/scale_d");
        }
        let is_offset = |x: f32| x.fract() == 0.0 && (I8_MIN as f32..=I8_MAX as f32).contains(&x);
        if !float(node, "offset").is_some_and(is_offset) {
            findings.add(&node.name, show(node, "offset"), "a float, whole, in [-128, 127]");
        }
        if node.attrs.get("quant_bits") != Some(&AttrValue::I(8)) {
            findings.add(&node.name, show(node, "quant_bits"), "8 (an integer)");
        }
    }
}

/// Rule 13.
pub(super) fn of_dst_type(context: &Context<'_>, findings: &mut Findings) {
    for op in [op::QUANT, op::WEIGHT_QUANT] {
        for (_, node) in context.of_op(op).filter(|(_, node)| node.attrs.contains_key("dst_type")) {
            if node.attrs.get("dst_type") != Some(&AttrValue::string("INT8")) {
                findings.add(&node.name, show(node, "dst_type"), "the string \"INT8\" or nothing");
            }
        }
    }
}

/// Rule 14.
pub(super) fn of_dequant(context: &Context<'_>, findings: &mut Findings) {
    for (id, node) in context.of_op(op::DEQUANT) {
        check_float(node, findings);
        let layer = context.path_of_dequant(id).map(|path| context.graph.node(path.layer));
        let window = layer.and_then(|layer| WindowAttrs::of(layer).ok());
        let (height, width) = window.map_or((1, 1), |window| window.kernel);
        let ksize = AttrValue::ints([height as i64, width as i64]);
        if node.attrs.get("ksize") != Some(&ksize) {
            findings.add(&node.name, show(node, "ksize"), format!("[{height}, {width}]"));
        }
        let volume = layer.and_then(|layer| layer.attributes().string("data_format").ok().flatten());
        let other = if volume == Some("NCDHW") { "NCHW" } else { "NHWC" };
        let format = window.map_or(other, |window| window.format.name());
        if node.attrs.get("data_format") != Some(&AttrValue::string(format)) {
            findings.add(&node.name, show(node, "data_format"), format!("{format:?} as the layer has"));
        }
    }
}

/// Rule 15.
pub(super) fn of_weight_quant(context: &Context<'_>, findings: &mut Findings) {
    context.of_op(op::WEIGHT_QUANT).for_each(|(_, node)| check_float(node, findings));
}

/// Rule 19. ATC changes the types itself; TensorFlow has no int8 kernels for these.
pub(super) fn of_layers(context: &Context<'_>, findings: &mut Findings) {
    for path in &context.paths {
        let own = [Some(path.layer), path.bias].into_iter().flatten();
        for id in own.chain(path.between.iter().copied()) {
            check_float(context.graph.node(id), findings);
        }
    }
}

/// Rule 20. ATC adds the offset before it multiplies, so it takes back what AscendQuant added.
pub(super) fn of_anti_quant(context: &Context<'_>, findings: &mut Findings) {
    for (_, node) in context.of_op(op::ANTI_QUANT) {
        check_float(node, findings);
        let Some((_, quant)) = context.input(node, 0).filter(|(_, node)| node.op == op::QUANT) else {
            findings.add(&node.name, context.describe_input(node, 0), op::QUANT);
            continue;
        };
        if let Some(inverse) = float(quant, "scale") {
            // Either of the two may have been the one that was rounded.
            let is_inverse = |scale: f32| (scale * inverse - 1.0).abs() <= 2.0 * f32::EPSILON;
            if !float(node, "scale").is_some_and(is_inverse) {
                findings.add(&node.name, show(node, "scale"), format!("the reciprocal of {inverse}"));
            }
        }
        if let Some(offset) = float(quant, "offset")
            && float(node, "offset") != Some(-offset)
        {
            findings.add(&node.name, show(node, "offset"), format!("{}", -offset));
        }
    }
}

/// Rule 21. TensorFlow's definitions of the ops do not have them and refuse the graph.
pub(super) fn are_not_foreign(context: &Context<'_>, findings: &mut Findings) {
    for op in [op::QUANT, op::WEIGHT_QUANT, op::DEQUANT, op::ANTI_QUANT] {
        for (_, node) in context.of_op(op) {
            for attr in ["sqrt_mode", "round_mode", "relu_flag", "dtype"] {
                if node.attrs.contains_key(attr) {
                    findings.add(&node.name, show(node, attr), "no such attribute");
                }
            }
        }
    }
}

/// Rule 25. Beyond FLT_EPSILON AMCT's own readers refuse the scale; that part is advice.
pub(super) fn of_scales(context: &Context<'_>, findings: &mut Findings) {
    for op in [op::QUANT, op::ANTI_QUANT] {
        for (_, node) in context.of_op(op) {
            let Some(scale) = float(node, "scale") else { continue };
            let inverse = 1.0 / scale;
            let is_sound = |x: f32| x.is_finite() && x > 0.0;
            if !is_sound(scale) || !is_sound(inverse) {
                findings.add(&node.name, show(node, "scale"), "positive, finite, with a finite reciprocal");
            } else if scale < f32::EPSILON || inverse < f32::EPSILON {
                let expected = "within [FLT_EPSILON, 1 / FLT_EPSILON]";
                findings.add_as(Severity::Should, &node.name, show(node, "scale"), expected);
            }
        }
    }
}
