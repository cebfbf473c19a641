//! Graphs: nodes, their attributes and the edges between them.
//!
//! [`graphdef`](crate::graphdef) reads and writes them. What no one here understands is kept as it is.

#[doc(inline)]
pub use amct_graph::{
    AttrError, AttrValue, Attributes, FuncAttr, Graph, GraphError, GraphMeta, LayerKind, ListAttr,
    LiteralError, NewNode, Node, NodeId, Outlet, Patch, QuantizedLayer, ShapeAttr, ShapeDim, Source,
    TensorLiteral, quantized_layers, type_code,
};
