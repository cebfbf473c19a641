//! The JSON files of accuracy-based automatic calibration.
//!
//! | file | content |
//! | --- | --- |
//! | [`RANKING_FILE`], beside the model | a list of `[layer, similarity]`, the most sensitive layer first |
//! | [`FINAL_CONFIG_FILE`], beside the model | [`config.json`](crate::config) of the model that was kept |
//! | [`HISTORY_FILE`], beside the log | one object per configuration tried, one behind the other without a separator, so the whole is not a JSON document |
//!
//! Source: `docs/sources/amct.md` section 10.

use std::fmt;

use amct_tensor::{ErrorKind, Fault, Place};

use crate::json::{self, Json, Style, python_float};

/// Name of the ranking.
pub const RANKING_FILE: &str = "accuracy_based_auto_calibration_ranking_information.json";
/// Name of the final configuration.
pub const FINAL_CONFIG_FILE: &str = "accuracy_based_auto_calibration_final_config.json";
/// Name of the history.
pub const HISTORY_FILE: &str = "accuracy_based_auto_calibration_record.json";

/// Layers by sensitivity, whichever way it was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranking {
    layers: Vec<(String, f64)>,
}

/// A text that is no ranking.
#[derive(Debug)]
pub struct RankingError(serde_json::Error);

impl fmt::Display for RankingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a ranking, which is a list of pairs [layer, similarity]")
    }
}

impl std::error::Error for RankingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl Fault for RankingError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Format
    }

    fn place(&self) -> Place<'_> {
        Place::default().line(self.0.line())
    }
}

impl Ranking {
    /// Sorts layers by similarity, ascending: the layer that quantization changes most comes first.
    /// Layers of equal similarity keep their order; NaN comes first, since nothing can be said for it.
    pub fn new(mut layers: Vec<(String, f64)>) -> Self {
        let key = |similarity: f64| if similarity.is_nan() { f64::NEG_INFINITY } else { similarity };
        layers.sort_by(|(_, a), (_, b)| key(*a).total_cmp(&key(*b)));
        Self { layers }
    }

    /// The layers with their similarities, in order.
    pub fn layers(&self) -> &[(String, f64)] {
        &self.layers
    }

    /// Reads the text of [`RANKING_FILE`]; the order is that of the numbers, as [`new`](Self::new) has it.
    ///
    /// # Errors
    /// [`RankingError`], with line and column if the text is no JSON.
    pub fn from_json(text: &str) -> Result<Self, RankingError> {
        let layers: Vec<(String, f64)> = serde_json::from_str(text).map_err(RankingError)?;
        Ok(Self::new(layers))
    }

    /// The text of [`RANKING_FILE`].
    pub fn to_json(&self) -> String {
        let layer = |(name, similarity): &(String, f64)| {
            Json::Array(vec![Json::string(name), Json::Float(*similarity)])
        };
        let list = Json::Array(self.layers.iter().map(layer).collect());
        json::to_python_text(&list, Style::AUTO_CALIBRATION)
    }
}

/// One configuration that was tried.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchRecord {
    /// The layers, and whether each was quantized.
    pub roll_back_config: Vec<(String, bool)>,
    /// Whether the metric satisfied the evaluator, and the loss against the original model.
    pub metric_eval: (bool, f64),
}

impl SearchRecord {
    /// What AMCT's log shows of it: the layers, ten a line, and the verdict, as Python prints them.
    pub fn log_lines(&self) -> Vec<String> {
        let (satisfied, loss) = self.metric_eval;
        let mut lines = vec!["quant layers:".to_owned()];
        lines.extend(self.roll_back_config.chunks(10).map(|layers| {
            let layer =
                |(name, quantized): &(String, bool)| format!("('{name}', {})", python_bool(*quantized));
            format!("[{}]", layers.iter().map(layer).collect::<Vec<_>>().join(", "))
        }));
        lines.push(format!("metric_eval: ({}, {})", python_bool(satisfied), python_number(loss)));
        lines
    }

    fn to_json(&self) -> String {
        let (satisfied, loss) = self.metric_eval;
        let layers = self.roll_back_config.iter().map(|(name, quantized)| (name, Json::Bool(*quantized)));
        let record = Json::object([
            ("roll_back_config", Json::object(layers)),
            ("metric_eval", Json::Array(vec![Json::Bool(satisfied), Json::Float(loss)])),
        ]);
        json::to_python_text(&record, Style::AUTO_CALIBRATION)
    }
}

/// The text of [`HISTORY_FILE`].
pub fn history_to_json(history: &[SearchRecord]) -> String {
    history.iter().map(SearchRecord::to_json).collect()
}

/// A number as Python's `str` prints it, for the log: `inf`, where JSON has `Infinity`.
pub fn python_number(value: f64) -> String {
    match value {
        value if value.is_finite() => python_float(value),
        value if value.is_nan() => "nan".to_owned(),
        value => if value < 0.0 { "-inf" } else { "inf" }.to_owned(),
    }
}

fn python_bool(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn record(layers: usize, loss: f64) -> SearchRecord {
        let layers = (0..layers).map(|index| (format!("l{index}"), index > 0));
        SearchRecord { roll_back_config: layers.collect(), metric_eval: (loss <= 0.5, loss) }
    }

    #[test]
    fn the_worst_layer_comes_first_and_equal_ones_keep_their_order() {
        let layers = [("a", 0.5), ("b", 0.25), ("c", 0.5), ("d", f64::NAN), ("e", 1.0)];
        let ranking = Ranking::new(layers.map(|(name, value)| (name.to_owned(), value)).into());
        let names: Vec<&str> = ranking.layers().iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["d", "b", "a", "c", "e"]);
    }

    #[test]
    fn a_ranking_is_a_list_of_pairs() {
        let ranking = Ranking::new(vec![("b/é".to_owned(), 1.0), ("a".to_owned(), 0.25)]);
        expect![[r#"
            [
                [
                    "a",
                    0.25
                ],
                [
                    "b/é",
                    1.0
                ]
            ]"#]]
        .assert_eq(&ranking.to_json());
        assert_eq!(Ranking::default().to_json(), "[]");
    }

    #[test]
    fn a_history_is_objects_without_a_separator() {
        expect![[r#"
            {
                "roll_back_config":{
                    "l0":false,
                    "l1":true
                },
                "metric_eval":[
                    false,
                    0.75
                ]
            }{
                "roll_back_config":{
                    "l0":false
                },
                "metric_eval":[
                    true,
                    0.0
                ]
            }"#]]
        .assert_eq(&history_to_json(&[record(2, 0.75), record(1, 0.0)]));
    }

    #[test]
    fn the_log_shows_ten_layers_a_line_as_python_prints_them() {
        let lines = record(12, f64::INFINITY).log_lines();
        assert_eq!(lines[0], "quant layers:");
        assert!(
            lines[1].starts_with("[('l0', False), ('l1', True), ") && lines[1].ends_with("('l9', True)]")
        );
        assert_eq!(lines[2..], ["[('l10', True), ('l11', True)]", "metric_eval: (False, inf)"]);
    }
}
