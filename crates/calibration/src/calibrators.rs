//! The table of calibrators: how each algorithm that configuration files know is made.

use std::sync::Arc;

use amct_artifacts::config::ActivationConfig;
use amct_artifacts::config::activation::{Algorithm, HFMG, IFMR, MINMAX, PERCENTILE};

use crate::algorithm::{AlgorithmError, AnyCalibrator};
use crate::hfmg::HfmgParams;
use crate::ifmr::IfmrParams;
use crate::minmax::MinMaxParams;
use crate::percentile::PercentileParams;

/// Makes a calibrator of what a configuration says, with an offset or without.
type Make = fn(&ActivationConfig, bool) -> Arc<dyn AnyCalibrator>;

/// All algorithms, as in `ALGORITHMS` of `amct_artifacts::config::activation`.
pub static CALIBRATORS: [(&Algorithm, Make); 4] = [
    (&IFMR, |config, with_offset| Arc::new(IfmrParams::of(config, with_offset))),
    (&HFMG, |config, with_offset| Arc::new(HfmgParams::of(config, with_offset))),
    (&PERCENTILE, |config, with_offset| Arc::new(PercentileParams::of(config, with_offset))),
    (&MINMAX, |config, with_offset| Arc::new(MinMaxParams::of(config, with_offset))),
];

/// The calibrator that a configuration asks for. `with_offset` is its `asymmetric`, or what counts if it does
/// not say.
///
/// # Errors
/// [`AlgorithmError::Unknown`] for an algorithm that is not in the table.
pub fn calibrator(
    config: &ActivationConfig,
    with_offset: bool,
) -> Result<Arc<dyn AnyCalibrator>, AlgorithmError> {
    match CALIBRATORS.iter().find(|(algorithm, _)| *algorithm == config.algorithm()) {
        Some((_, make)) => Ok(make(config, with_offset)),
        None => Err(AlgorithmError::Unknown(config.algorithm().name)),
    }
}

#[cfg(test)]
mod tests {
    use amct_artifacts::config::activation::ALGORITHMS;

    use super::*;

    #[test]
    fn every_algorithm_of_the_files_has_a_calibrator() {
        assert_eq!(CALIBRATORS.map(|(algorithm, _)| algorithm.name), ALGORITHMS.map(|row| row.name));
        for algorithm in ALGORITHMS {
            let config = ActivationConfig::new(algorithm);
            for with_offset in [true, false] {
                // The defaults of the files are in the ranges of the arithmetic.
                assert!(calibrator(&config, with_offset).unwrap().survey(1, 1).is_ok(), "{}", algorithm.name);
            }
        }
    }

    #[test]
    fn an_algorithm_that_only_files_know_is_refused() {
        static UNKNOWN: Algorithm =
            Algorithm { name: "x", keys: &[], json: &[], message: "", fields: &[], check: |_| Ok(()) };
        let error = calibrator(&ActivationConfig::new(&UNKNOWN), true).unwrap_err();
        assert_eq!(error.to_string(), "no calibrator is called x; choose another act_algo");
    }
}
