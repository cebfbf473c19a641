//! A lossless graph: nodes, outlets, attributes kept verbatim, typed views on demand.
//!
//! Level 1 of the workspace; it depends on `amct-tensor` only and knows nothing of protobuf: the
//! root crate turns a GraphDef into a [`Graph`] and back. A [`Node`] keeps its op name, device and
//! every attribute as they came, also for ops nobody here knows; [`Attributes`] and the [`views`]
//! read them with typed errors. What an op is ([`op`]), what a layer is ([`layer`]) and what belongs to a
//! quantized one ([`quantized`]) is said here once, for all who ask. A graph changes through one door only, [`Graph::apply`], which
//! takes a [`Patch`] and either does all of it or nothing.

mod attr;
mod attributes;
mod consumers;
mod dtypes;
mod error;
mod graph;
pub mod layer;
mod literal;
mod node;
pub mod op;
mod order;
mod patch;
mod places;
pub mod quantized;
pub mod views;
mod walk;

pub use attr::{AttrValue, FuncAttr, ListAttr, ShapeAttr, ShapeDim};
pub use attributes::{AttrError, Attributes};
pub use consumers::{Consumers, Use};
pub use dtypes::{dtype_from_code, type_code, type_name};
pub use error::GraphError;
pub use graph::{Graph, GraphMeta};
pub use layer::LayerKind;
pub use literal::{LiteralError, TensorLiteral};
pub use node::{Node, NodeId, Outlet};
pub use patch::{NewNode, Patch, Source};
pub use quantized::{LayerPath, QuantizedLayer, layer_paths, quantized_layers};
