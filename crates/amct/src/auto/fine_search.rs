//! The loop of a search: asks a strategy for configurations and tells it the verdicts, until it ends.

use super::{Configuration, Strategy};

/// How a search ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SearchEnd {
    /// With the configuration tried last.
    Found,
    /// With no layer left to quantize: that is not tried, since it is the original model.
    AllRolledBack(Configuration),
}

/// Follows a strategy to its end. `global` is the verdict on the model with all layers quantized,
/// `attempt` tries a configuration, given the number of the step, from 1.
///
/// # Errors
/// Those of `attempt`.
pub(super) fn fine_search<E>(
    strategy: &mut dyn Strategy,
    global: (bool, f64),
    mut attempt: impl FnMut(usize, &Configuration) -> Result<(bool, f64), E>,
) -> Result<SearchEnd, E> {
    let mut proposal = strategy.update(global);
    let mut last = None;
    for step in 1.. {
        if proposal.stop && last.as_ref() == Some(&proposal.configuration) {
            break;
        }
        if proposal.configuration.iter().all(|(_, quantized)| !quantized) {
            return Ok(SearchEnd::AllRolledBack(proposal.configuration));
        }
        let verdict = attempt(step, &proposal.configuration)?;
        if proposal.stop {
            break;
        }
        let next = strategy.update(verdict);
        last = Some(std::mem::replace(&mut proposal, next).configuration);
    }
    Ok(SearchEnd::Found)
}

#[cfg(test)]
mod tests {
    use amct_artifacts::auto_calibration::Ranking;
    use serde_json::Value;

    use super::*;
    use crate::auto::BinarySearch;

    /// What AMCT's strategy and search loop do, recorded for up to 16 layers.
    #[test]
    fn the_sequence_of_attempts_is_amcts() {
        let golden: Value =
            serde_json::from_str(include_str!("../../../../tests/golden/amct/auto_calibration.json"))
                .unwrap();
        let cases = golden["strategy"].as_array().unwrap();
        assert_eq!(cases.len(), 35);
        for case in cases {
            let layers = case["n_layers"].as_u64().unwrap() as usize;
            let needed = case["needed_rollbacks"].as_u64().unwrap() as usize;
            let names = (0..layers).map(|index| (format!("layer{index}"), index as f64 / 100.0));
            let mut strategy = BinarySearch::new();
            strategy.initialize(&Ranking::new(names.collect()));
            let rolled_back = |layers: &Configuration| {
                let count = layers.iter().filter(|(_, quantized)| !quantized).count();
                assert!(layers[..count].iter().all(|(_, quantized)| !quantized), "the worst are given back");
                count
            };
            let mut attempts = Vec::new();
            let end = fine_search(&mut strategy, (false, 1.0), |step, layers| {
                assert_eq!(step, attempts.len() + 1);
                let satisfied = rolled_back(layers) >= needed;
                attempts.push((rolled_back(layers), Some(satisfied)));
                Ok::<_, ()>((satisfied, 0.0))
            });
            let outcome = match end.unwrap() {
                SearchEnd::AllRolledBack(layers) => {
                    attempts.push((rolled_back(&layers), None));
                    "all_rolled_back"
                }
                SearchEnd::Found => {
                    let (last, earlier) = attempts.split_last().unwrap();
                    if earlier.contains(last) { "stop_reevaluated" } else { "stop_same" }
                }
            };
            let expected: Vec<(usize, Option<bool>)> = case["evaluations"]
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| (entry["rolled_back"].as_u64().unwrap() as usize, entry["satisfied"].as_bool()))
                .collect();
            assert_eq!(attempts, expected, "{layers} layers, {needed} needed");
            assert_eq!(outcome, case["outcome"].as_str().unwrap(), "{layers} layers, {needed} needed");
            assert_eq!(attempts.last().unwrap().0 as u64, case["final_rolled_back"].as_u64().unwrap());
        }
    }

    #[test]
    fn a_strategy_that_is_content_at_once_ends_with_all_layers_quantized() {
        let mut strategy = BinarySearch::new();
        strategy.initialize(&Ranking::new(vec![("a".to_owned(), 0.5), ("b".to_owned(), 0.75)]));
        let proposal = strategy.update((true, 0.0));
        assert!(proposal.stop && proposal.configuration.iter().all(|(_, quantized)| *quantized));
    }
}
