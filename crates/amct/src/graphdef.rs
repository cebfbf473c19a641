//! GraphDef bytes to [`Graph`] and back, without loss.
//!
//! Everything a GraphDef of TensorFlow 2.21 can say survives: nodes in their order, attributes of
//! every kind, control inputs, devices, the function library, versions and debug information.
//! Inputs are resolved to nodes on the way in, so `a:0` comes out as `a`. Fields that a newer
//! TensorFlow may have added are unknown to the schema and dropped.

mod attr;
mod error;
mod literal;
mod proto;
mod shape;

use std::path::Path;

use amct_graph::{Graph, GraphMeta, Node};
use bytes::Bytes;
use prost::Message;

pub use error::GraphDefError;

/// Reads a frozen GraphDef from a binary `.pb` file.
///
/// # Errors
/// [`GraphDefError`], naming the file.
pub fn load(path: &Path) -> Result<Graph, GraphDefError> {
    let bytes = std::fs::read(path).map_err(|source| GraphDefError::Io { path: path.to_owned(), source })?;
    decode(Bytes::from(bytes)).map_err(|error| error.in_file(path))
}

/// Decodes a binary GraphDef. Tensor contents stay slices of `bytes`.
///
/// # Errors
/// [`GraphDefError`].
pub fn decode(bytes: impl Into<Bytes>) -> Result<Graph, GraphDefError> {
    let bytes = bytes.into();
    if bytes.is_empty() {
        return Err(GraphDefError::Empty);
    }
    if bytes.len() > i32::MAX as usize {
        return Err(GraphDefError::TooLarge(bytes.len()));
    }
    if looks_like_text(&bytes) {
        return Err(GraphDefError::Text);
    }
    let mut message = proto::GraphDef::decode(bytes).map_err(GraphDefError::Protobuf)?;
    let nodes = std::mem::take(&mut message.node);
    if nodes.is_empty() {
        return Err(GraphDefError::NoNodes);
    }
    let library = std::mem::take(&mut message.library);
    let functions = library.iter().flat_map(|library| &library.function);
    let meta = GraphMeta {
        functions: functions.filter_map(|function| Some(function.signature.as_ref()?.name.clone())).collect(),
        library: library.as_ref().map(|library| library.encode_to_vec().into()),
        carried: message.encode_to_vec().into(),
    };
    Graph::from_named(nodes.into_iter().map(node_from_proto), meta).map_err(GraphDefError::Graph)
}

/// Encodes a graph as a binary GraphDef, nodes in the graph's order.
///
/// # Errors
/// [`GraphDefError::Protobuf`] if what the graph carries from its file has been damaged.
pub fn encode(graph: &Graph) -> Result<Vec<u8>, GraphDefError> {
    encode_nodes(graph, graph.nodes().map(|(_, node)| node))
}

/// Encodes a graph as a binary GraphDef, inputs before their readers.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let graph = amct::graphdef::load("tests/golden/graphs/mobilenet_v1.pb".as_ref())?;
/// let bytes = amct::graphdef::encode_sorted(&graph)?;
/// assert_eq!(amct::graphdef::decode(bytes)?.nodes().count(), graph.nodes().count());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`GraphDefError::Graph`] for a graph with a cycle.
pub fn encode_sorted(graph: &Graph) -> Result<Vec<u8>, GraphDefError> {
    let order = graph.topological_order().map_err(GraphDefError::Graph)?;
    encode_nodes(graph, order.iter().map(|&id| graph.node(id)))
}

fn encode_nodes<'a>(
    graph: &'a Graph,
    nodes: impl Iterator<Item = &'a Node>,
) -> Result<Vec<u8>, GraphDefError> {
    let mut message = proto::GraphDef::decode(graph.meta().carried.clone()).map_err(damaged)?;
    message.library = graph.meta().library.clone().map(Message::decode).transpose().map_err(damaged)?;
    message.node = nodes.map(|node| node_to_proto(graph, node)).collect::<Result<_, _>>()?;
    Ok(message.encode_to_vec())
}

fn node_from_proto(mut node: proto::NodeDef) -> (Node, Vec<String>) {
    let inputs = std::mem::take(&mut node.input);
    let attrs = std::mem::take(&mut node.attr);
    let (name, op) = (std::mem::take(&mut node.name), std::mem::take(&mut node.op));
    let device = std::mem::take(&mut node.device);
    let node = Node {
        name,
        op,
        device,
        attrs: attrs.into_iter().map(|(name, value)| (name, attr::from_proto(value))).collect(),
        carried: node.encode_to_vec().into(),
        ..Node::default()
    };
    (node, inputs)
}

fn node_to_proto(graph: &Graph, node: &Node) -> Result<proto::NodeDef, GraphDefError> {
    let data = node.inputs.iter().map(|&outlet| graph.outlet_name(outlet));
    let control = node.controls.iter().map(|&id| format!("^{}", graph.node(id).name));
    let carried = proto::NodeDef::decode(node.carried.clone()).map_err(damaged)?;
    Ok(proto::NodeDef {
        name: node.name.clone(),
        op: node.op.clone(),
        input: data.chain(control).collect(),
        device: node.device.clone(),
        attr: node
            .attrs
            .iter()
            .map(|(name, value)| Ok((name.clone(), attr::to_proto(value)?)))
            .collect::<Result<_, GraphDefError>>()?,
        ..carried
    })
}

fn damaged(error: prost::DecodeError) -> GraphDefError {
    GraphDefError::Protobuf(error)
}

/// A `.pbtxt` begins with a field name; a binary GraphDef with a tag byte below the space.
fn looks_like_text(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(64)).unwrap_or_default();
    let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
    let printable = head.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    printable && first.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'#')
}

#[cfg(test)]
mod tests;
