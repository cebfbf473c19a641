//! Input for a graph whose shapes are wanted, not its values.

use std::collections::BTreeMap;

use amct_calibration::{BatchError, Batches};
use amct_graph::{Graph, GraphError, NodeId, Outlet};
use amct_interpreter::Feeds;
use amct_tensor::{DType, Tensor};

use crate::Error;
use crate::signature::{self, InterfaceError};

/// One batch of zeros for the inputs that the outputs need.
#[derive(Clone, Debug)]
pub struct ZeroBatch {
    feeds: [Feeds; 1],
}

impl ZeroBatch {
    /// Zeros in the shapes that the graph gives its inputs, with a batch of one where it leaves the
    /// first dimension free. `shapes` gives inputs their shape where that is not enough.
    ///
    /// # Errors
    /// [`InterfaceError`]: a dimension that is left free, a shape that the graph does not take, or a
    /// name that is no input.
    pub fn new(
        graph: &Graph,
        outputs: &[Outlet],
        shapes: &BTreeMap<String, Vec<usize>>,
    ) -> Result<Self, Error> {
        let inputs = signature::inputs(graph, outputs)?;
        let is_input = |name: &str| inputs.iter().any(|&id| graph.node(id).name == name);
        if let Some(name) = shapes.keys().find(|name| !is_input(name)) {
            let inputs = inputs.iter().map(|&id| graph.node(id).name.clone()).collect();
            return Err(InterfaceError::NotAnInput { name: name.clone(), inputs }.into());
        }
        let feeds = inputs.into_iter().map(|id| zeros(graph, id, shapes));
        Ok(Self { feeds: [feeds.collect::<Result<_, Error>>()?] })
    }
}

impl Batches for ZeroBatch {
    fn len(&self) -> usize {
        self.feeds.len()
    }

    fn feeds(&self, index: usize) -> Result<Feeds, BatchError> {
        self.feeds.feeds(index)
    }
}

fn zeros(
    graph: &Graph,
    id: NodeId,
    shapes: &BTreeMap<String, Vec<usize>>,
) -> Result<(String, Tensor), Error> {
    let node = graph.node(id);
    let shape = match shapes.get(&node.name) {
        Some(given) => {
            signature::check_shape(graph, id, given)?;
            given.clone()
        }
        None => static_shape(graph, id)?,
    };
    let dtype = node.attributes().dtype("dtype").map_err(GraphError::from)?.unwrap_or(DType::F32);
    let tensor = Tensor::zeros(dtype, shape).map_err(|error| Error::Tensor(error.into()))?;
    Ok((node.name.clone(), tensor))
}

fn static_shape(graph: &Graph, id: NodeId) -> Result<Vec<usize>, Error> {
    let node = graph.node(id);
    let shape = node.attributes().shape("shape").map_err(GraphError::from)?;
    // TensorFlow 1 wrote an empty shape for "unknown" as well as for a scalar.
    let sizes = shape.and_then(|shape| shape.sizes());
    let known: Option<Vec<usize>> = sizes.as_ref().and_then(|sizes| {
        let batch_of_one = |axis: usize| (axis == 0).then_some(1);
        sizes.iter().enumerate().map(|(axis, size)| size.or_else(|| batch_of_one(axis))).collect()
    });
    known.ok_or_else(|| InterfaceError::FreeDimensions { input: node.name.clone(), sizes }.into())
}

#[cfg(test)]
mod tests {
    use amct_graph::{AttrValue, GraphMeta, Node, ShapeAttr, type_code};

    use super::*;

    fn graph(dtype: DType, sizes: &[i64]) -> Graph {
        let attrs = [
            ("dtype".to_owned(), AttrValue::Type(type_code(dtype))),
            ("shape".to_owned(), AttrValue::Shape(ShapeAttr::of(sizes.iter().copied()))),
        ];
        let input =
            Node { name: "x".into(), op: "Placeholder".into(), attrs: attrs.into(), ..Node::default() };
        Graph::from_named([(input, Vec::new())], GraphMeta::default()).unwrap()
    }

    fn batch(graph: &Graph, shapes: &[(&str, &[usize])]) -> Result<(DType, Vec<usize>), String> {
        let shapes = shapes.iter().map(|(name, shape)| ((*name).to_owned(), shape.to_vec())).collect();
        let outputs = [graph.outlet("x").unwrap()];
        let batch = ZeroBatch::new(graph, &outputs, &shapes).map_err(|error| error.to_string())?;
        let feeds = batch.feeds(0).unwrap();
        let tensor = feeds.get("x").unwrap().clone().plain().unwrap();
        Ok((tensor.dtype(), tensor.shape().to_vec()))
    }

    #[test]
    fn a_free_batch_is_one() {
        assert_eq!(batch(&graph(DType::F32, &[-1, 4, 3]), &[]), Ok((DType::F32, vec![1, 4, 3])));
        assert_eq!(batch(&graph(DType::Bool, &[]), &[]), Ok((DType::Bool, vec![])));
        assert_eq!(batch(&graph(DType::U8, &[2, 5]), &[]), Ok((DType::U8, vec![2, 5])));
    }

    #[test]
    fn other_free_dimensions_are_asked_for() {
        let free = graph(DType::F32, &[-1, -1, 3]);
        assert_eq!(
            batch(&free, &[]).unwrap_err(),
            "input 'x' has shape [?, ?, 3], and sizes are needed for all of it"
        );
        assert_eq!(batch(&free, &[("x", &[2, 7, 3])]), Ok((DType::F32, vec![2, 7, 3])));
        let wrong = batch(&free, &[("x", &[2, 7, 4])]).unwrap_err();
        assert!(wrong.starts_with("input 'x' takes shape [?, ?, 3], but [2, 7, 4] is given"));
        let unknown = batch(&free, &[("y", &[1])]).unwrap_err();
        assert!(unknown.contains("'y' is not an input of the graph"), "{unknown}");
    }
}
