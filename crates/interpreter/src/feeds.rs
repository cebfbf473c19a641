//! What a graph is fed: a value for each input, by name.

use std::collections::BTreeMap;
use std::collections::btree_map::{IntoIter, Iter};

use crate::Value;

/// Values for the inputs of a graph, by name.
///
/// Made of an array, a vector, a map or an iterator of names and tensors. A copy is cheap: tensors share
/// their elements. Of two values with one name the last one counts.
///
/// ```
/// use amct_interpreter::Feeds;
/// use amct_tensor::Tensor;
///
/// let mut feeds = Feeds::from([("image", Tensor::scalar(1.0_f32))]);
/// feeds.insert("size", Tensor::scalar(224_i32));
/// assert_eq!(feeds.names().collect::<Vec<_>>(), ["image", "size"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Feeds(BTreeMap<String, Value>);

impl Feeds {
    /// No value, for a graph without inputs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value, in place of one with this name.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.0.insert(name.into(), value.into());
    }

    /// The value for an input.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The names of the inputs, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Names and values, sorted by name.
    pub fn iter(&self) -> Iter<'_, String, Value> {
        self.0.iter()
    }

    /// Keeps the values whose names are wanted.
    pub fn retain(&mut self, mut is_wanted: impl FnMut(&str) -> bool) {
        self.0.retain(|name, _| is_wanted(name));
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<N: Into<String>, V: Into<Value>> FromIterator<(N, V)> for Feeds {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(values: I) -> Self {
        Self(values.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl<N: Into<String>, V: Into<Value>, const COUNT: usize> From<[(N, V); COUNT]> for Feeds {
    fn from(values: [(N, V); COUNT]) -> Self {
        values.into_iter().collect()
    }
}

impl<N: Into<String>, V: Into<Value>> From<Vec<(N, V)>> for Feeds {
    fn from(values: Vec<(N, V)>) -> Self {
        values.into_iter().collect()
    }
}

impl<N: Into<String>, V: Into<Value>> From<BTreeMap<N, V>> for Feeds {
    fn from(values: BTreeMap<N, V>) -> Self {
        values.into_iter().collect()
    }
}

impl From<&Feeds> for Feeds {
    fn from(feeds: &Feeds) -> Self {
        feeds.clone()
    }
}

impl IntoIterator for Feeds {
    type Item = (String, Value);
    type IntoIter = IntoIter<String, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Feeds {
    type Item = (&'a String, &'a Value);
    type IntoIter = Iter<'a, String, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use amct_tensor::Tensor;

    use super::*;

    #[test]
    fn every_source_makes_the_same_feeds() {
        let one = || Tensor::scalar(1.0_f32);
        let mut expected = Feeds::new();
        assert!(expected.is_empty());
        expected.insert("x", one());
        assert_eq!(Feeds::from([("x", one())]), expected);
        assert_eq!(Feeds::from(vec![("x".to_owned(), Value::Plain(one()))]), expected);
        assert_eq!(Feeds::from(BTreeMap::from([("x", one())])), expected);
        assert_eq!(expected.get("x"), Some(&one().into()));
        assert_eq!(expected.get("y"), None);
    }

    #[test]
    fn the_last_of_two_values_counts() {
        let feeds = Feeds::from([("x", Tensor::scalar(1_i32)), ("x", Tensor::scalar(2_i32))]);
        assert_eq!((feeds.len(), feeds.get("x")), (1, Some(&Tensor::scalar(2_i32).into())));
    }
}
