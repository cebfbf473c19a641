//! `activation_quant_params` of a `config.json`, read and written by the table of algorithms.

use std::sync::LazyLock;

use super::algorithm::{Algorithm, Misfit, check_ascends};
use super::key::{AnyKey, Key, Value};
use super::{ALGORITHMS, ActivationConfig, IFMR};
use crate::config::section::{Section, number, wrong_type};
use crate::config::{ConfigError, Rule};
use crate::json::{Json, python_float};

/// The keys of all algorithms.
static KEYS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut keys = Vec::new();
    for &key in ALGORITHMS.iter().flat_map(|algorithm| algorithm.json) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
});

/// The words that `act_algo` may be.
static NAMES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| ALGORITHMS.iter().map(|algorithm| algorithm.name).collect());

/// Reads the `activation_quant_params` of a layer or of a tensor.
pub(in crate::config) fn read(parent: &Section<'_>) -> Result<ActivationConfig, ConfigError> {
    let Some(section) = parent.section("activation_quant_params")? else {
        return Ok(ActivationConfig::default());
    };
    section.only(&KEYS)?;
    let algorithm = algorithm(&section)?;
    let defaults = ActivationConfig::new(algorithm);
    let num_bits = section.int("num_bits", Rule::ActivationBits)?.unwrap_or(defaults.num_bits);
    let values = algorithm.keys.iter().map(|key| value(&section, key)).collect::<Result<_, _>>()?;
    let asymmetric = section.bool("asymmetric")?;
    let found = ActivationConfig { algorithm, num_bits, asymmetric, values };
    found.check_together().map_err(|misfit| broken(&section, misfit))?;
    Ok(found)
}

/// The algorithm that `act_algo` names, or else the first one that has the parameters; an error if they are
/// of two.
fn algorithm(section: &Section<'_>) -> Result<&'static Algorithm, ConfigError> {
    let named = match section.string("act_algo")? {
        None => None,
        Some(name) => match Algorithm::named(name) {
            Some(algorithm) => Some(algorithm),
            None => return Err(section.broken("act_algo", Rule::ActAlgo(&NAMES), name)),
        },
    };
    let has = |algorithm: &Algorithm, key: &str| algorithm.place_of(key).is_some();
    // In the order of the file, without those that all algorithms have.
    let keys = section.entries.iter().map(|(key, _)| key.as_str());
    let keys: Vec<&str> = keys.filter(|key| ALGORITHMS.iter().any(|algorithm| has(algorithm, key))).collect();
    let has_all = |algorithm: &&Algorithm| keys.iter().all(|key| has(algorithm, key));
    let has_one_of =
        |keys: &[&str]| ALGORITHMS.into_iter().find(|algorithm| keys.iter().any(|key| has(algorithm, key)));
    let fits = ALGORITHMS.into_iter().find(has_all);
    let meant = named.or(fits).or_else(|| has_one_of(&keys)).unwrap_or(&IFMR);

    let (mut own, foreign): (Vec<&str>, Vec<&str>) = keys.iter().partition(|key| has(meant, key));
    let Some(other) = has_one_of(&foreign) else { return Ok(meant) };
    if named.is_some() {
        own.push("act_algo");
    }
    let others = foreign.into_iter().filter(|key| has(other, key)).collect();
    // In the order of the table.
    let is_first =
        ALGORITHMS.into_iter().find(|algorithm| *algorithm == meant || *algorithm == other) == Some(meant);
    let lists: [Vec<&str>; 2] = if is_first { [own, others] } else { [others, own] };
    let keys = lists.map(|keys| keys.into_iter().map(str::to_owned).collect());
    Err(ConfigError::MixedAlgorithms { place: section.place.clone(), keys })
}

/// The value of a parameter, or its default.
fn value(section: &Section<'_>, key: &AnyKey) -> Result<Value, ConfigError> {
    let found = match key {
        AnyKey::Integer(key) => section.int(key.name(), key.rule())?.map(Value::Integer),
        AnyKey::Number(key) => section.number(key.name(), key.rule())?.map(Value::Number),
        AnyKey::Range(key) => range(section, key)?.map(Value::Range),
    };
    Ok(found.unwrap_or(key.default()))
}

fn range(section: &Section<'_>, key: &Key<[f64; 2]>) -> Result<Option<[f64; 2]>, ConfigError> {
    let (key, rule) = (key.name(), key.rule());
    let Some(items) = section.array(key)? else { return Ok(None) };
    let [start, end] = items else {
        return Err(section.broken(key, Rule::SearchRangeLength, format!("{} values", items.len())));
    };
    let bound =
        |item| number(item).ok_or_else(|| wrong_type(section.place.child(key), "<class 'float'>", item));
    let range = [bound(start)?, bound(end)?];
    if !rule.allows_number(range[0]) {
        return Err(section.broken(key, rule, python_float(range[0])));
    }
    check_ascends(key, range).map_err(|misfit| broken(section, misfit))?;
    Ok(Some(range))
}

fn broken(section: &Section<'_>, Misfit { key, rule, found }: Misfit) -> ConfigError {
    section.broken(key, rule, found)
}

/// Writes an `activation_quant_params`, its keys in the order of its algorithm.
pub(in crate::config) fn write(activation: &ActivationConfig) -> Json {
    let algorithm = activation.algorithm;
    let entry = |&key: &&'static str| {
        let value = match key {
            "num_bits" => integer(activation.num_bits),
            "act_algo" => Json::string(algorithm.name),
            "asymmetric" => Json::Bool(activation.asymmetric?),
            _ => match activation.values.get(algorithm.place_of(key)?)? {
                Value::Integer(value) => integer(*value),
                Value::Number(value) => Json::Float(*value),
                Value::Range(range) => Json::Array(range.map(Json::Float).into()),
            },
        };
        Some((key, value))
    };
    Json::object(algorithm.json.iter().filter_map(entry))
}

fn integer(value: u32) -> Json {
    Json::Int(i64::from(value))
}
