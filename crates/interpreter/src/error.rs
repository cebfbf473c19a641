//! What stops planning or a run, from the operator's complaint to the node that it is about.

use std::fmt;

use amct_graph::{AttrError, GraphError};
use amct_kernels::KernelError;
use amct_tensor::window::WindowError;
use amct_tensor::{DType, ErrorKind, Fault, Internal, Place, TensorError};

/// What an operator has against its inputs or attributes. The node is added by [`RunError`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum OpError {
    /// An input that is not there.
    MissingInput(usize),
    /// An input of a shape the op does not take.
    Shape {
        /// What is accepted.
        expected: String,
        /// The shape found.
        found: Vec<usize>,
    },
    /// An attribute or input value outside what is supported.
    Unsupported(String),
    /// Elements of a type that the op does not take.
    ElementType(DType),
    /// A quantized activation where the op needs a plain tensor.
    Quantized,
    /// A tensor of the wrong type or length.
    Tensor(TensorError),
    /// A window that does not fit.
    Window(WindowError),
    /// A kernel refused its arguments.
    Kernel(KernelError),
    /// An attribute cannot be read.
    Attr(Box<AttrError>),
    /// A fault of the program.
    Internal(Internal),
}

impl OpError {
    /// An error about one input's shape.
    pub fn shape(expected: impl Into<String>, found: &[usize]) -> Self {
        OpError::Shape { expected: expected.into(), found: found.to_vec() }
    }
}

impl fmt::Display for OpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpError::MissingInput(index) => write!(f, "input {index} is missing"),
            OpError::Shape { expected, found } => write!(f, "needs {expected}, but found {found:?}"),
            OpError::Unsupported(what) => f.write_str(what),
            OpError::ElementType(dtype) => write!(f, "elements of type {dtype} are not supported"),
            OpError::Quantized => f.write_str(
                "it reads a quantized activation, which only layers and operators that move data may do",
            ),
            OpError::Tensor(error) => error.fmt(f),
            OpError::Window(error) => error.fmt(f),
            OpError::Kernel(error) => error.fmt(f),
            OpError::Attr(error) => error.fmt(f),
            OpError::Internal(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for OpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            OpError::Tensor(error) => error.source(),
            OpError::Window(error) => error.source(),
            OpError::Kernel(error) => error.source(),
            OpError::Attr(error) => error.source(),
            _ => None,
        }
    }
}

impl Fault for OpError {
    fn kind(&self) -> ErrorKind {
        match self {
            OpError::MissingInput(_) => ErrorKind::Graph,
            OpError::Shape { .. } => ErrorKind::Data,
            OpError::Unsupported(_) | OpError::ElementType(_) | OpError::Quantized => ErrorKind::Unsupported,
            OpError::Tensor(error) => error.kind(),
            OpError::Window(error) => error.kind(),
            OpError::Kernel(error) => error.kind(),
            OpError::Attr(error) => error.kind(),
            OpError::Internal(error) => error.kind(),
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            OpError::Attr(error) => error.place(),
            _ => Place::default(),
        }
    }
}

macro_rules! from {
    ($($error:ty => $variant:ident),+) => {$(
        impl From<$error> for OpError {
            fn from(error: $error) -> Self {
                OpError::$variant(error)
            }
        }
    )+};
}

from!(TensorError => Tensor, WindowError => Window, KernelError => Kernel, Internal => Internal);

impl From<AttrError> for OpError {
    fn from(error: AttrError) -> Self {
        OpError::Attr(Box::new(error))
    }
}

/// An op type that no operator runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnsupportedOp {
    /// The op type.
    pub op: String,
    /// The first node of it.
    pub node: String,
    /// How many nodes have it.
    pub count: usize,
}

/// Why a graph cannot be made into a plan.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PlanError {
    /// Ops that are not implemented, all of them.
    Unsupported(Vec<UnsupportedOp>),
    /// The graph is not sound.
    Graph(GraphError),
    /// Which branch of a conditional is taken is not known before the graph runs.
    Undecided {
        /// The `Switch`.
        switch: String,
        /// What it depends on.
        predicate: String,
    },
    /// An output lies on a branch that is never taken.
    NeverComputed(String),
    /// A node cannot be built or, being constant, evaluated.
    Node(RunError),
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlanError::Unsupported(ops) => {
                f.write_str("the graph needs operators that amct does not have:")?;
                for (index, unsupported) in ops.iter().enumerate() {
                    let UnsupportedOp { op, node, count } = unsupported;
                    let separator = if index == 0 { "" } else { "," };
                    let others = match count {
                        0 | 1 => String::new(),
                        2 => " and 1 other node".to_owned(),
                        more => format!(" and {} other nodes", more - 1),
                    };
                    write!(f, "{separator} {op} (node '{node}'{others})")?;
                }
                f.write_str("; ask for an output before them, or have the graph rewritten without them")
            }
            PlanError::Graph(error) => error.fmt(f),
            PlanError::Undecided { switch, predicate } => write!(
                f,
                "Switch '{switch}' depends on '{predicate}', which is not constant; \
                 freeze the graph with a constant in its place"
            ),
            PlanError::NeverComputed(name) => {
                write!(f, "output '{name}' lies on a branch of a conditional that is never taken")
            }
            PlanError::Node(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PlanError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            PlanError::Graph(error) => error.source(),
            PlanError::Node(error) => error.source(),
            _ => None,
        }
    }
}

impl Fault for PlanError {
    fn kind(&self) -> ErrorKind {
        match self {
            PlanError::Unsupported(_) => ErrorKind::Unsupported,
            PlanError::Undecided { .. } => ErrorKind::Graph,
            PlanError::NeverComputed(_) => ErrorKind::Configuration,
            PlanError::Graph(error) => error.kind(),
            PlanError::Node(error) => error.kind(),
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            PlanError::Unsupported(ops) => ops.first().map_or(Place::default(), |op| Place::node(&op.node)),
            PlanError::Undecided { switch: node, .. } | PlanError::NeverComputed(node) => Place::node(node),
            PlanError::Graph(error) => error.place(),
            PlanError::Node(error) => error.place(),
        }
    }
}

impl From<GraphError> for PlanError {
    fn from(error: GraphError) -> Self {
        PlanError::Graph(error)
    }
}

impl From<RunError> for PlanError {
    fn from(error: RunError) -> Self {
        PlanError::Node(error)
    }
}

/// Why a run stopped.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RunError {
    /// An operator failed.
    Op {
        /// The node.
        node: String,
        /// Its op.
        op: String,
        /// Shapes of its inputs.
        inputs: Vec<Vec<usize>>,
        /// What is wrong.
        error: Box<OpError>,
    },
    /// An input of the graph was not given.
    MissingFeed(String),
    /// An input of the graph was given in a shape or type it does not take.
    BadFeed {
        /// The input.
        name: String,
        /// What it takes.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A node gave fewer outputs than are read.
    MissingOutput(String),
    /// A fault of the program.
    Internal(Internal),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Op { node, op, inputs, .. } => {
                write!(f, "{op} '{node}'")?;
                if inputs.is_empty() { Ok(()) } else { write!(f, " (shapes of its inputs: {inputs:?})") }
            }
            RunError::MissingFeed(name) => write!(f, "no value was given for the graph's input '{name}'"),
            RunError::BadFeed { name, expected, found } => {
                write!(f, "input '{name}' takes {expected}, but was given {found}")
            }
            RunError::MissingOutput(name) => write!(f, "'{name}' is read, but its node does not produce it"),
            RunError::Internal(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RunError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            RunError::Op { error, .. } => Some(&**error),
            _ => None,
        }
    }
}

impl Fault for RunError {
    fn kind(&self) -> ErrorKind {
        match self {
            RunError::Op { error, .. } => error.kind(),
            RunError::MissingFeed(_) => ErrorKind::Configuration,
            RunError::BadFeed { .. } => ErrorKind::Data,
            RunError::MissingOutput(_) => ErrorKind::Graph,
            RunError::Internal(error) => error.kind(),
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            RunError::Op { node, error, .. } => Place::node(node).within(error.place()),
            RunError::MissingFeed(node)
            | RunError::BadFeed { name: node, .. }
            | RunError::MissingOutput(node) => Place::node(node),
            RunError::Internal(_) => Place::default(),
        }
    }
}

impl From<Internal> for RunError {
    fn from(error: Internal) -> Self {
        RunError::Internal(error)
    }
}
