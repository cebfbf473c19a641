//! Property tests: any GraphDef comes out of the codec as it went in. And what is refused.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::proto::attr_value::{ListValue, Value};
use super::proto::tensor_shape_proto::Dim;
use super::proto::{
    AttrValue, FullTypeDef, GraphDef, NameAttrList, NodeDef, TensorProto, TensorShapeProto, VersionDef,
};
use super::*;

fn shape() -> impl Strategy<Value = TensorShapeProto> {
    let dim = (-1_i64..100, "[a-z]{0,3}").prop_map(|(size, name)| Dim { size, name });
    (vec(dim, 0..4), any::<bool>()).prop_map(|(dim, unknown_rank)| TensorShapeProto { dim, unknown_rank })
}

fn bytes_of(len: usize) -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..len).prop_map(Bytes::from)
}

fn tensor() -> impl Strategy<Value = TensorProto> {
    let finite = || vec(-1e6_f32..1e6, 0..3);
    let ints = (vec(any::<i32>(), 0..3), vec(any::<i64>(), 0..3), vec(any::<u64>(), 0..3));
    let rest = (finite(), vec(any::<bool>(), 0..3), vec(bytes_of(4), 0..3), vec(any::<i32>(), 0..2));
    (0..24_i32, proptest::option::of(shape()), bytes_of(9), ints, rest).prop_map(
        |(
            dtype,
            tensor_shape,
            content,
            (int_val, int64_val, uint64_val),
            (floats, bool_val, strings, half),
        )| {
            TensorProto {
                dtype,
                tensor_shape,
                tensor_content: content,
                int_val,
                int64_val,
                uint64_val,
                scomplex_val: floats.clone(),
                float_val: floats,
                bool_val,
                string_val: strings,
                half_val: half,
                ..TensorProto::default()
            }
        },
    )
}

fn attr_value() -> impl Strategy<Value = AttrValue> {
    let list = (vec(bytes_of(4), 0..3), vec(any::<i64>(), 0..3), vec(shape(), 0..2), vec(tensor(), 0..2))
        .prop_map(|(s, i, shape, tensor)| ListValue { s, i, shape, tensor, ..ListValue::default() });
    let leaf = prop_oneof![
        Just(None),
        bytes_of(6).prop_map(|s| Some(Value::S(s))),
        any::<i64>().prop_map(|i| Some(Value::I(i))),
        (-1e9_f32..1e9).prop_map(|f| Some(Value::F(f))),
        any::<bool>().prop_map(|b| Some(Value::B(b))),
        (0..200_i32).prop_map(|t| Some(Value::Type(t))),
        shape().prop_map(|s| Some(Value::Shape(s))),
        tensor().prop_map(|t| Some(Value::Tensor(t))),
        list.prop_map(|l| Some(Value::List(l))),
        "[a-z]{1,5}".prop_map(|p| Some(Value::Placeholder(p))),
    ]
    .prop_map(|value| AttrValue { value });
    leaf.prop_recursive(2, 8, 2, |inner| {
        ("[a-z]{1,5}", btree_map("[a-z]{1,4}", inner, 0..3))
            .prop_map(|(name, attr)| AttrValue { value: Some(Value::Func(NameAttrList { name, attr })) })
    })
}

type NodeParts = (Vec<(prop::sample::Index, u8)>, String, String, BTreeMap<String, AttrValue>, bool);

fn graph_def() -> impl Strategy<Value = GraphDef> {
    let edges = vec((any::<prop::sample::Index>(), 0..4_u8), 0..4);
    let node = (
        edges,
        "[A-Z][A-Za-z0-9]{0,8}",
        "(/device:CPU:0)?",
        btree_map("[_a-zA-Z]{1,6}", attr_value(), 0..4),
        any::<bool>(),
    );
    let build = |(parts, producer): (Vec<NodeParts>, i32)| {
        let count = parts.len();
        let node = parts.into_iter().enumerate().map(|(index, (edges, op, device, attr, typed))| NodeDef {
            name: format!("scope/n{index}"),
            op,
            input: inputs(&edges, count),
            device,
            attr,
            experimental_type: typed.then(|| FullTypeDef { type_id: 1000, ..FullTypeDef::default() }),
            ..NodeDef::default()
        });
        GraphDef {
            node: node.collect(),
            versions: Some(VersionDef { producer, ..VersionDef::default() }),
            ..GraphDef::default()
        }
    };
    (vec(node, 1..8), 0..3000_i32).prop_map(build)
}

/// Data inputs (slot 0 without a suffix) before control inputs, as TensorFlow demands.
fn inputs(edges: &[(prop::sample::Index, u8)], count: usize) -> Vec<String> {
    let spell = |(target, kind): &(prop::sample::Index, u8)| match (target.index(count), kind) {
        (n, 0) => format!("scope/n{n}"),
        (n, 3) => format!("^scope/n{n}"),
        (n, slot) => format!("scope/n{n}:{slot}"),
    };
    let (control, mut data): (Vec<String>, Vec<String>) =
        edges.iter().map(spell).partition(|text| text.starts_with('^'));
    data.extend(control);
    data
}

proptest! {
    #[test]
    fn any_graph_def_survives_decode_and_encode(message in graph_def()) {
        let graph = decode(message.encode_to_vec()).unwrap();
        let again = GraphDef::decode(encode(&graph).unwrap().as_slice()).unwrap();
        prop_assert_eq!(again, message);
    }

    #[test]
    fn damaged_bytes_give_an_error_or_a_graph_but_no_panic(
        message in graph_def(),
        cut in any::<prop::sample::Index>(),
        flip in any::<(prop::sample::Index, u8)>(),
    ) {
        let mut bytes = message.encode_to_vec();
        if let Some(byte) = bytes.get_mut(flip.0.index(message.encoded_len())) {
            *byte ^= flip.1;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        if let Ok(graph) = decode(bytes) {
            for (_, node) in graph.nodes() {
                if let Ok(literal) = node.attributes().tensor("value") {
                    drop(literal.decode());
                }
            }
        }
    }
}

#[test]
fn empty_text_and_foreign_files_are_told_apart() {
    assert!(matches!(decode(Vec::new()), Err(GraphDefError::Empty)));
    assert!(matches!(decode(b"node {\n  name: \"x\"\n}\n".to_vec()), Err(GraphDefError::Text)));
    assert!(matches!(decode(vec![0x0a, 0xff, 0xff]), Err(GraphDefError::Protobuf(_))));
    let without_nodes =
        GraphDef { versions: Some(VersionDef::default()), ..GraphDef::default() }.encode_to_vec();
    assert!(matches!(decode(without_nodes), Err(GraphDefError::NoNodes)));
}

#[test]
fn an_input_out_of_nowhere_is_named() {
    let node = NodeDef { name: "a".into(), op: "Relu".into(), input: vec!["b".into()], ..NodeDef::default() };
    let bytes = GraphDef { node: vec![node], ..GraphDef::default() }.encode_to_vec();
    assert_eq!(decode(bytes).unwrap_err().to_string(), "node 'a' reads 'b', which is not in the graph");
}
