//! The measures that have a threshold, and which of them a tensor misses.

use serde::Serialize;

use crate::Errors;

/// From which value on a tensor is called wrong; `None` asks for nothing.
///
/// The defaults are those of Ascend's tools: msaccucmp's adviser for the cosine, msit's analyser for the
/// others (`docs/sources/dumps.md` section 5).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Thresholds {
    /// The least cosine.
    pub cosine: Option<f64>,
    /// The largest relative Euclidean distance.
    pub relative_euclidean: Option<f64>,
    /// The largest Kullback-Leibler divergence.
    pub kl: Option<f64>,
    /// The largest root mean square error.
    pub rmse: Option<f64>,
    /// The largest mean relative error.
    pub mean_relative: Option<f64>,
    /// The least signal to noise ratio, in dB.
    pub sqnr_db: Option<f64>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            cosine: Some(0.99),
            relative_euclidean: Some(0.05),
            kl: Some(0.005),
            rmse: Some(1.0),
            mean_relative: Some(1.0),
            sqnr_db: None,
        }
    }
}

/// A measure that has a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// See [`Errors::cosine`].
    Cosine,
    /// See [`Errors::relative_euclidean`].
    RelativeEuclidean,
    /// See [`Errors::kl`].
    Kl,
    /// See [`Errors::rmse`].
    Rmse,
    /// See [`Errors::mean_relative`].
    MeanRelative,
    /// See [`Errors::sqnr_db`].
    SqnrDb,
}

impl Measure {
    /// All of them.
    pub const ALL: [Measure; 6] = [
        Measure::Cosine,
        Measure::RelativeEuclidean,
        Measure::Kl,
        Measure::Rmse,
        Measure::MeanRelative,
        Measure::SqnrDb,
    ];

    /// The name in options and files.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Cosine => "cosine",
            Measure::RelativeEuclidean => "relative_euclidean",
            Measure::Kl => "kl",
            Measure::Rmse => "rmse",
            Measure::MeanRelative => "mean_relative",
            Measure::SqnrDb => "sqnr_db",
        }
    }
}

impl Thresholds {
    /// No thresholds.
    pub const NONE: Self = Self {
        cosine: None,
        relative_euclidean: None,
        kl: None,
        rmse: None,
        mean_relative: None,
        sqnr_db: None,
    };

    /// The threshold of a measure.
    pub fn of(&mut self, measure: Measure) -> &mut Option<f64> {
        match measure {
            Measure::Cosine => &mut self.cosine,
            Measure::RelativeEuclidean => &mut self.relative_euclidean,
            Measure::Kl => &mut self.kl,
            Measure::Rmse => &mut self.rmse,
            Measure::MeanRelative => &mut self.mean_relative,
            Measure::SqnrDb => &mut self.sqnr_db,
        }
    }

    /// The measures that are beyond their thresholds. One that is no number is.
    pub fn missed(&self, errors: &Errors) -> Vec<Measure> {
        let least =
            |limit: Option<f64>, found: f64| limit.is_some_and(|limit| found.is_nan() || found < limit);
        let most =
            |limit: Option<f64>, found: f64| limit.is_some_and(|limit| found.is_nan() || found > limit);
        let missed = [
            (Measure::Cosine, least(self.cosine, errors.cosine)),
            (Measure::RelativeEuclidean, most(self.relative_euclidean, errors.relative_euclidean)),
            (Measure::Kl, most(self.kl, errors.kl)),
            (Measure::Rmse, most(self.rmse, errors.rmse)),
            (Measure::MeanRelative, most(self.mean_relative, errors.mean_relative)),
            (Measure::SqnrDb, least(self.sqnr_db, errors.sqnr_db)),
        ];
        missed.into_iter().filter(|(_, missed)| *missed).map(|(measure, _)| measure).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorSums;

    #[test]
    fn each_measure_has_its_threshold() {
        let errors = |reference: &[f32], found: &[f32]| {
            let mut sums = ErrorSums::default();
            sums.add(reference, found);
            sums.errors()
        };
        let same = errors(&[1.0, 2.0], &[1.0, 2.0]);
        assert_eq!(Thresholds::default().missed(&same), []);
        let far = errors(&[100.0, 0.001, 50.0], &[-100.0, 1.0, 50.0]);
        let all_but_sqnr = &Measure::ALL[..5];
        assert_eq!(Thresholds::default().missed(&far), all_but_sqnr);
        for measure in Measure::ALL {
            let mut only = Thresholds::NONE;
            *only.of(measure) =
                Some(if matches!(measure, Measure::Cosine | Measure::SqnrDb) { 0.999 } else { 0.001 });
            assert_eq!(only.missed(&far), [measure]);
            assert_eq!(only.missed(&same), []);
        }
        let nan = errors(&[1.0, 2.0], &[f32::NAN, 2.0]);
        assert_eq!(Thresholds::default().missed(&nan), all_but_sqnr);
    }
}
