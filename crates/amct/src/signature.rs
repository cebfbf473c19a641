//! What goes into a graph and what comes out, where the user did not say.

use std::fmt;

use amct_graph::{Graph, GraphError, NodeId, Outlet, op};
use amct_tensor::{DType, DataFormat, ErrorKind, Fault, Place};

/// Why inputs or outputs cannot be told from the graph.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum InterfaceError {
    /// The graph has no `Placeholder`.
    NoInput,
    /// The graph has several inputs, where one is needed.
    ManyInputs(Vec<String>),
    /// Every node is read by another.
    NoOutput,
    /// The graph has several outputs, where one must be chosen.
    ManyOutputs(Vec<String>),
    /// A given input is not an input of the graph.
    NotAnInput {
        /// The name given.
        name: String,
        /// The inputs there are.
        inputs: Vec<String>,
    },
    /// A given input is given twice.
    InputTwice(String),
    /// An input that the outputs need is not given.
    NotFed(String),
    /// A shape given is not what the placeholder takes.
    Shape {
        /// The input.
        input: String,
        /// Its sizes, `None` for a free one.
        expected: Vec<Option<usize>>,
        /// The shape given.
        found: Vec<usize>,
    },
    /// The graph leaves dimensions besides the first free, where sizes are needed.
    FreeDimensions {
        /// The input.
        input: String,
        /// Its sizes, `None` for a free one; `None` altogether for an unknown rank.
        sizes: Option<Vec<Option<usize>>>,
    },
    /// The input is not an image.
    NotAnImage {
        /// The input.
        input: String,
        /// Its shape, as text.
        shape: String,
    },
    /// The graph leaves height or width free.
    FreeSize(String),
    /// The size asked for is not the size the graph fixes.
    Size {
        /// The input.
        input: String,
        /// Height and width in the graph.
        expected: (usize, usize),
        /// Height and width asked for.
        found: (usize, usize),
    },
    /// Two inputs have different numbers of files.
    Files {
        /// An input, with its number of files.
        first: (String, usize),
        /// One that has another number.
        other: (String, usize),
    },
    /// Fewer samples than one batch of the graph.
    TooFewSamples {
        /// Samples there are.
        found: usize,
        /// Samples of one batch.
        batch: usize,
    },
    /// The batch size asked for is not the one the graph fixes.
    BatchSize {
        /// The graph's.
        expected: usize,
        /// The one asked for.
        found: usize,
    },
}

impl fmt::Display for InterfaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InterfaceError::NoInput => f.write_str("the graph has no Placeholder to feed"),
            InterfaceError::ManyInputs(names) => write!(
                f,
                "the graph has {} inputs, and one image cannot feed them all: '{}'",
                names.len(),
                names.join("', '")
            ),
            InterfaceError::NoOutput => f.write_str("the graph has no node that nobody reads"),
            InterfaceError::ManyOutputs(names) => {
                write!(f, "the graph has {} possible outputs: '{}'", names.len(), names.join("', '"))
            }
            InterfaceError::NotAnInput { name, inputs } => {
                write!(f, "'{name}' is not an input of the graph; its inputs are '{}'", inputs.join("', '"))
            }
            InterfaceError::InputTwice(name) => {
                write!(f, "input '{name}' is given twice; name each input once")
            }
            // The first words are TensorFlow's own.
            InterfaceError::NotFed(name) => {
                write!(f, "You must feed a value for placeholder tensor '{name}'")
            }
            InterfaceError::Shape { input, expected, found } => {
                write!(f, "input '{input}' takes shape {}, but {found:?} is given", sizes_text(expected))
            }
            InterfaceError::FreeDimensions { input, sizes } => write!(
                f,
                "input '{input}' has shape {}, and sizes are needed for all of it",
                sizes.as_ref().map_or("unknown".to_owned(), |sizes| sizes_text(sizes))
            ),
            InterfaceError::NotAnImage { input, shape } => {
                write!(f, "input '{input}' has shape {shape}, which is not a batch of RGB images of float32")
            }
            InterfaceError::FreeSize(input) => write!(f, "input '{input}' leaves height and width free"),
            InterfaceError::Size { input, expected, found } => write!(
                f,
                "input '{input}' takes images of {}x{} (width x height), but {}x{} was asked for",
                expected.1, expected.0, found.1, found.0
            ),
            InterfaceError::Files { first, other } => write!(
                f,
                "input '{}' has {} file(s), but '{}' has {}; a sample takes one of each",
                first.0, first.1, other.0, other.1
            ),
            InterfaceError::TooFewSamples { found, batch } => {
                write!(f, "there are {found} calibration samples, but one batch of the graph takes {batch}")
            }
            InterfaceError::BatchSize { expected, found } => {
                write!(f, "the graph fixes a batch size of {expected}, but {found} was asked for")
            }
        }
    }
}

impl std::error::Error for InterfaceError {}

impl Fault for InterfaceError {
    fn kind(&self) -> ErrorKind {
        match self {
            InterfaceError::NoInput
            | InterfaceError::ManyInputs(_)
            | InterfaceError::NoOutput
            | InterfaceError::NotAnImage { .. } => ErrorKind::Graph,
            InterfaceError::TooFewSamples { .. } | InterfaceError::Files { .. } => ErrorKind::Data,
            _ => ErrorKind::Configuration,
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            InterfaceError::NotAnInput { name: node, .. }
            | InterfaceError::InputTwice(node)
            | InterfaceError::NotFed(node)
            | InterfaceError::Shape { input: node, .. }
            | InterfaceError::FreeDimensions { input: node, .. }
            | InterfaceError::NotAnImage { input: node, .. }
            | InterfaceError::FreeSize(node)
            | InterfaceError::Size { input: node, .. }
            | InterfaceError::Files { other: (node, _), .. } => Place::node(node),
            _ => Place::default(),
        }
    }
}

/// `[?, 224, 224, 3]`.
fn sizes_text(sizes: &[Option<usize>]) -> String {
    let dims: Vec<String> =
        sizes.iter().map(|size| size.map_or("?".to_owned(), |size| size.to_string())).collect();
    format!("[{}]", dims.join(", "))
}

/// Checks the shape of one batch against what the placeholder takes.
///
/// # Errors
/// [`InterfaceError::Shape`] if a fixed size or the rank differs.
pub fn check_shape(graph: &Graph, input: NodeId, found: &[usize]) -> Result<(), crate::Error> {
    let node = graph.node(input);
    let shape = node.attributes().shape("shape").map_err(GraphError::from)?;
    // TensorFlow 1 wrote an empty shape for "unknown" as well as for a scalar.
    let Some(expected) = shape.filter(|shape| !shape.dims.is_empty()).and_then(|shape| shape.sizes()) else {
        return Ok(());
    };
    let fits = expected.len() == found.len()
        && expected.iter().zip(found).all(|(size, dim)| size.is_none_or(|size| size == *dim));
    if fits {
        return Ok(());
    }
    Err(InterfaceError::Shape { input: node.name.clone(), expected, found: found.to_vec() }.into())
}

/// The one input of a graph that takes images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageInput {
    /// Name of the placeholder.
    pub name: String,
    /// The batch size, if the graph fixes it.
    pub batch: Option<usize>,
    /// Height of an image.
    pub height: usize,
    /// Width of an image.
    pub width: usize,
    /// Layout of the input.
    pub format: DataFormat,
}

/// The outputs asked for, or the graph's only leaf. Names may carry a `:slot`.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let graph = amct::graphdef::load("tests/golden/graphs/mobilenet_v1.pb".as_ref())?;
/// let outputs = amct::signature::outputs(&graph, &[])?;
/// assert_eq!(outputs, amct::signature::outputs(&graph, &outputs)?);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`GraphError::UnknownNode`] with the nearest names; [`InterfaceError`] if there is no leaf or
/// more than one.
pub fn outputs(graph: &Graph, wanted: &[String]) -> Result<Vec<String>, crate::Error> {
    for name in wanted {
        graph.outlet(name)?;
    }
    if !wanted.is_empty() {
        return Ok(wanted.to_vec());
    }
    let names: Vec<String> = graph.leaves().into_iter().map(|id| graph.node(id).name.clone()).collect();
    match names.len() {
        0 => Err(InterfaceError::NoOutput.into()),
        1 => Ok(names),
        _ => Err(InterfaceError::ManyOutputs(names).into()),
    }
}

/// The outlets of those names.
///
/// # Errors
/// [`GraphError::UnknownNode`].
pub fn outlets(graph: &Graph, names: &[String]) -> Result<Vec<Outlet>, GraphError> {
    names.iter().map(|name| graph.outlet(name)).collect()
}

/// The placeholders that the outputs need, in graph order.
///
/// # Errors
/// [`GraphError::Cycle`].
pub fn inputs(graph: &Graph, outputs: &[Outlet]) -> Result<Vec<NodeId>, GraphError> {
    let roots: Vec<NodeId> = outputs.iter().map(|outlet| outlet.node).collect();
    let needed = graph.needed_by(&roots)?;
    let fed = |id: &NodeId| matches!(graph.node(*id).op.as_str(), op::PLACEHOLDER | op::PLACEHOLDER_V2);
    Ok(graph.placeholders().into_iter().filter(|id| fed(id) && needed.contains(id)).collect())
}

/// The input that takes images: the only one the outputs need, float32 of rank 4 with three
/// channels. `size` is (height, width), needed where the graph leaves them free.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let graph = amct::graphdef::load("model/mobilenetv2_tf.pb".as_ref())?;
/// let outputs = amct::signature::outputs(&graph, &[])?;
/// let outlets = amct::signature::outlets(&graph, &outputs)?;
/// let input = amct::signature::image_input(&graph, &outlets, None)?;
/// assert_eq!((input.name.as_str(), input.height, input.width), ("input", 224, 224));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`InterfaceError`].
pub fn image_input(
    graph: &Graph,
    outputs: &[Outlet],
    size: Option<(usize, usize)>,
) -> Result<ImageInput, crate::Error> {
    let name = |id: NodeId| graph.node(id).name.clone();
    let input = match inputs(graph, outputs)?.as_slice() {
        [] => return Err(InterfaceError::NoInput.into()),
        [one] => *one,
        many => return Err(InterfaceError::ManyInputs(many.iter().map(|&id| name(id)).collect()).into()),
    };
    let attrs = graph.node(input).attributes();
    let shape = attrs.shape("shape").map_err(GraphError::from)?;
    let dtype = attrs.dtype("dtype").map_err(GraphError::from)?;
    let sizes = shape.filter(|shape| !shape.dims.is_empty()).and_then(|shape| shape.sizes());
    let not_an_image = |shape: String| InterfaceError::NotAnImage { input: name(input), shape };
    if dtype.is_some_and(|dtype| dtype != DType::F32) {
        return Err(not_an_image(format!("of {}", dtype.map_or("?", DType::name))).into());
    }
    let (batch, height, width, format) = match sizes.as_deref() {
        None => (None, None, None, DataFormat::Nhwc),
        Some(&[batch, height, width, None | Some(3)]) => (batch, height, width, DataFormat::Nhwc),
        Some(&[batch, Some(3), height, width]) => (batch, height, width, DataFormat::Nchw),
        Some(other) => {
            return Err(not_an_image(sizes_text(other)).into());
        }
    };
    let (height, width) = match (height.zip(width), size) {
        (Some(fixed), Some(asked)) if fixed != asked => {
            return Err(InterfaceError::Size { input: name(input), expected: fixed, found: asked }.into());
        }
        (Some(fixed), _) => fixed,
        (None, Some((h, w)))
            if height.is_none_or(|fixed| fixed == h) && width.is_none_or(|fixed| fixed == w) =>
        {
            (h, w)
        }
        (None, Some(asked)) => {
            let expected = (height.unwrap_or(asked.0), width.unwrap_or(asked.1));
            return Err(InterfaceError::Size { input: name(input), expected, found: asked }.into());
        }
        (None, None) => return Err(InterfaceError::FreeSize(name(input)).into()),
    };
    Ok(ImageInput { name: name(input), batch, height, width, format })
}
