//! Tests of the table of algorithms: its rows agree with themselves and with each other.

use std::collections::BTreeSet;

use super::*;

fn sorted<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    names.sort();
    names
}

#[test]
fn every_row_lists_its_keys_in_both_files() {
    for algorithm in ALGORITHMS {
        let own: Vec<&str> = algorithm.keys.iter().map(AnyKey::name).collect();
        let common = ["num_bits", "act_algo", "asymmetric"];
        let expected = sorted(own.iter().copied().chain(common));
        assert_eq!(sorted(algorithm.json.iter().copied()), expected, "{}", algorithm.name);
        let in_order: Vec<&str> =
            algorithm.json.iter().copied().filter(|key| !common.contains(key)).collect();
        assert_eq!(in_order, own, "{}", algorithm.name);

        let fields = algorithm.keys.iter().flat_map(|key| match key {
            AnyKey::Range(key) => vec![format!("{}_start", key.name()), format!("{}_end", key.name())],
            AnyKey::Integer(_) | AnyKey::Number(_) => vec![key.name().to_owned()],
        });
        let fields: Vec<String> = fields.chain(["asymmetric".into(), "dst_type".into()]).collect();
        let fields = sorted(fields.iter().map(String::as_str));
        assert_eq!(sorted(algorithm.fields.iter().copied()), fields, "{}", algorithm.name);
        assert_eq!(algorithm.message, format!("{}_quantize", algorithm.name));
    }
}

#[test]
fn names_are_given_once() {
    let names: BTreeSet<&str> = ALGORITHMS.iter().map(|algorithm| algorithm.name).collect();
    assert_eq!(names.len(), ALGORITHMS.len());
    // A key that two algorithms have is the same one, or the readers would have to ask which is meant.
    for one in ALGORITHMS.iter().flat_map(|algorithm| algorithm.keys) {
        for other in ALGORITHMS.iter().flat_map(|algorithm| algorithm.keys) {
            if one.name() == other.name() {
                assert_eq!(format!("{one:?}"), format!("{other:?}"));
            }
        }
    }
}

#[test]
fn defaults_are_in_range() {
    for algorithm in ALGORITHMS {
        assert_eq!(ActivationConfig::new(algorithm).check_together(), Ok(()), "{}", algorithm.name);
        for key in algorithm.keys {
            let is_in_range = match key {
                AnyKey::Integer(key) => key.rule().allows_int(key.default().into()),
                AnyKey::Number(key) => key.rule().allows_number(key.default()),
                AnyKey::Range(key) => key.rule().allows_number(key.default()[0]),
            };
            assert!(is_in_range, "{}", key.name());
        }
    }
}

#[test]
fn a_parameter_belongs_to_its_algorithms() {
    let percentile = ActivationConfig::new(&PERCENTILE).with(&MAX_PERCENTILE, 0.9).unwrap();
    assert_eq!(percentile.get(&MAX_PERCENTILE), 0.9);
    assert_eq!(percentile.get(&SEARCH_STEP), SEARCH_STEP.default());
    let error = percentile.with(&SEARCH_STEP, 0.1).unwrap_err().to_string();
    assert_eq!(error, "act_algo percentile has no parameter search_step; set it for one that has it");
    let hfmg = ActivationConfig::new(&HFMG);
    assert_ne!(hfmg.clone().with(&NUM_OF_BINS, 1024).unwrap(), hfmg);
    assert_eq!(hfmg.clone().with(&NUM_OF_BINS, 4096).unwrap(), hfmg, "what is set is what is absent");
}
