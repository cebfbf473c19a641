//! The calibration algorithms that configuration files may name: AMCT's two, and those that are amct's own.
//!
//! What calibrates is the table `CALIBRATORS` of the crate `calibration`; a test there holds the two to each
//! other.

use super::ActivationConfig;
use super::algorithm::{Algorithm, Misfit};
use super::key::{AnyKey, Key};
use crate::config::{Rule, step_fits};
use crate::json::python_float;

/// Share of the values below the initial maximum, in (0.5, 1].
pub static MAX_PERCENTILE: Key<f64> = Key::new("max_percentile", 0.999_999, Rule::Percentile);
/// Share of the values above the initial minimum, in (0.5, 1].
pub static MIN_PERCENTILE: Key<f64> = Key::new("min_percentile", 0.999_999, Rule::Percentile);
/// First and last ratio that the initial maximum is multiplied by, 0 < first < last.
pub static SEARCH_RANGE: Key<[f64; 2]> = Key::new("search_range", [0.7, 1.3], Rule::SearchRangeStart);
/// Distance of two ratios, in (0, last - first].
pub static SEARCH_STEP: Key<f64> = Key::new("search_step", 0.01, Rule::SearchStepPositive);
/// Bins of the histogram: 1024, 2048, 4096 or 8192.
pub static NUM_OF_BINS: Key<u32> = Key::new("num_of_bins", 4096, Rule::NumOfBins);

/// All of them. The first is the default; of several that have the parameters in a file without `act_algo`,
/// the first is meant.
pub static ALGORITHMS: [&Algorithm; 4] = [&IFMR, &HFMG, &PERCENTILE, &MINMAX];

impl Algorithm {
    /// The algorithm of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALGORITHMS.into_iter().find(|algorithm| algorithm.name == name)
    }
}

/// Search of the clip value with the least error, over all data (`docs/sources/algorithms.md` section 2).
pub static IFMR: Algorithm = Algorithm {
    name: "ifmr",
    keys: &[
        AnyKey::Number(&MAX_PERCENTILE),
        AnyKey::Number(&MIN_PERCENTILE),
        AnyKey::Range(&SEARCH_RANGE),
        AnyKey::Number(&SEARCH_STEP),
    ],
    json: &[
        "num_bits",
        "max_percentile",
        "min_percentile",
        "search_range",
        "search_step",
        "act_algo",
        "asymmetric",
    ],
    message: "ifmr_quantize",
    fields: &[
        "search_range_start",
        "search_range_end",
        "search_step",
        "max_percentile",
        "min_percentile",
        "asymmetric",
        "dst_type",
    ],
    check: the_step_fits,
};

/// Search over a histogram (`docs/sources/algorithms.md` section 3).
pub static HFMG: Algorithm = Algorithm {
    name: "hfmg",
    keys: &[AnyKey::Integer(&NUM_OF_BINS)],
    json: &["num_bits", "act_algo", "asymmetric", "num_of_bins"],
    message: "hfmg_quantize",
    fields: &["num_of_bins", "asymmetric", "dst_type"],
    check: |_| Ok(()),
};

/// The range of IFMR's first pass, without a search. AMCT does not have it.
pub static PERCENTILE: Algorithm = Algorithm {
    name: "percentile",
    keys: &[AnyKey::Number(&MAX_PERCENTILE), AnyKey::Number(&MIN_PERCENTILE)],
    json: &["num_bits", "max_percentile", "min_percentile", "act_algo", "asymmetric"],
    message: "percentile_quantize",
    fields: &["max_percentile", "min_percentile", "asymmetric", "dst_type"],
    check: |_| Ok(()),
};

/// The range of all values. AMCT does not have it.
pub static MINMAX: Algorithm = Algorithm {
    name: "minmax",
    keys: &[],
    json: &["num_bits", "act_algo", "asymmetric"],
    message: "minmax_quantize",
    fields: &["asymmetric", "dst_type"],
    check: |_| Ok(()),
};

/// A step of IFMR's search is at most as long as the range.
fn the_step_fits(ifmr: &ActivationConfig) -> Result<(), Misfit> {
    let (step, range) = (ifmr.get(&SEARCH_STEP), ifmr.get(&SEARCH_RANGE));
    if step_fits(step, range) {
        return Ok(());
    }
    let [start, end] = range.map(python_float);
    let found = format!("{} for [{start}, {end}]", python_float(step));
    Err(Misfit { key: SEARCH_STEP.name(), rule: Rule::SearchStepFits, found })
}
