//! Runs a graph, in float or in integer arithmetic.
//!
//! Level 2 of the workspace. A [`Plan`] is made once for a graph, the outlets wanted and the
//! arithmetic: nodes that no output needs are left out, constant sub-graphs are evaluated,
//! weights are packed, and what surrounds a layer is taken into it, to the same bits. It then
//! runs any number of times, also from several threads at once; tensors are released after their
//! last use.
//!
//! One operator is one small file in `ops`, and one line in the table of [`registry`].

mod arithmetic;
pub mod device;
mod dispatch;
mod error;
mod feeds;
mod fusible;
mod lines;
mod memory;
mod operator;
mod ops;
mod plan;
mod profile;
pub mod registry;
mod run;
mod semantics;
mod value;

pub use arithmetic::Arithmetic;
pub use device::Device;
pub use error::{OpError, PlanError, RunError, UnsupportedOp};
pub use feeds::Feeds;
pub use fusible::{Absorbable, EpilogueStep, Fusible};
pub use lines::{Extents, LineLayer, LineType, Lines, LinesMut};
pub use operator::{BuildContext, Inputs, Operator};
pub use plan::{Feed, Plan, PlanOptions, constant_value};
pub use profile::StepTime;
pub use value::Value;
