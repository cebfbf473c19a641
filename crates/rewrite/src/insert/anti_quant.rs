//! `AscendQuant -> AscendAntiQuant` in front of an input that stays float.

use amct_graph::{AttrValue, Node, Use, op, type_code, type_name};
use amct_tensor::{DType, internal};

use super::builder::{Builder, float_node};
use super::origin::Owner;
use super::quant_key::{Quant, QuantKey};
use crate::RewriteError;

/// The ops whose inputs can be quantized by themselves (`tensor_quantize`).
pub const TENSOR_OPS: [&str; 3] = [op::MAX_POOL, op::ADD, op::ADD_V2];

/// Why an input of a node cannot be quantized by itself, if it cannot.
pub(super) fn tensor_problem(node: &Node, input: usize) -> Option<String> {
    let float = type_code(DType::F32);
    match node.attrs.get("T") {
        _ if !TENSOR_OPS.contains(&node.op.as_str()) => {
            Some(format!("its node is a {}, not one of {}", node.op, TENSOR_OPS.join(", ")))
        }
        _ if input >= node.inputs.len() => Some(format!("its node has {} inputs", node.inputs.len())),
        Some(AttrValue::Type(code)) if *code == float => None,
        Some(AttrValue::Type(code)) => Some(format!("it is {}, not DT_FLOAT", type_name(*code))),
        // TensorFlow's default, which a graph may leave out.
        None if node.op == op::MAX_POOL => None,
        _ => Some("its node has no T".to_owned()),
    }
}

impl Builder<'_> {
    /// Quantizes the inputs that the options name.
    pub(super) fn add_tensors(&mut self) -> Result<(), RewriteError> {
        for tensor in &self.options.tensors {
            let node = self.graph.node(tensor.node);
            let outlet = *node
                .inputs
                .get(tensor.input)
                .ok_or_else(|| internal!("input {} of {node} was not checked", tensor.input))?;
            let key = QuantKey::new(outlet, tensor.activation);
            let owner = Owner::Tensor(tensor.node);
            let quant = self.quant(key, owner);
            self.add_anti_quant(
                key,
                Quant { owner, ..quant },
                Use { node: tensor.node, input: tensor.input },
            );
        }
        Ok(())
    }

    /// Lets `reader` read what an `AscendQuant` made of its value, as floats. The node is named after
    /// the owner of the quant.
    ///
    /// ATC adds the offset to an integer before it multiplies, so the attribute is what takes back
    /// the offset of the `AscendQuant`. TensorFlow's kernel does not look at it.
    pub(super) fn add_anti_quant(&mut self, key: QuantKey, quant: Quant, reader: Use) {
        let scope = self.scope_of(quant.owner, "anti_quant");
        let params = key.params();
        let node = float_node(format!("{scope}/AscendAntiQuant"), op::ANTI_QUANT, [quant.source])
            .attr("scale", AttrValue::F(params.scale))
            .attr("offset", AttrValue::F((-params.offset) as f32));
        let anti_quant = self.add(node, quant.owner);
        self.quantized_uses.insert(reader, key);
        self.built.patch.set_input(reader.node, reader.input, anti_quant);
    }
}
