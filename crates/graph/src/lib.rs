//! A lossless graph: nodes, outlets, attributes kept verbatim, typed views on demand.
//!
//! Level 1 of the workspace; it depends on `amct-tensor` only and knows nothing of protobuf: the
//! root crate turns a GraphDef into a [`Graph`] and back. A [`Node`] keeps its op name, device and
//! every attribute as they came, also for ops nobody here knows; [`Attributes`] and the [`views`]
//! read them with typed errors. A graph changes through one door only, [`Graph::apply`], which
//! takes a [`Patch`] and either does all of it or nothing.

mod attr;
mod attributes;
mod consumers;
mod dtypes;
mod error;
mod graph;
mod literal;
mod node;
mod order;
mod patch;
mod places;
pub mod views;

pub use attr::{AttrValue, FuncAttr, ListAttr, ShapeAttr, ShapeDim};
pub use attributes::{AttrError, Attributes};
pub use consumers::{Consumers, Use};
pub use dtypes::{dtype_from_code, type_code, type_name};
pub use error::GraphError;
pub use graph::{Graph, GraphMeta};
pub use literal::{LiteralError, TensorLiteral};
pub use node::{Node, NodeId, Outlet};
pub use patch::{NewNode, Patch, Source};
