//! Accuracy-based automatic calibration: quantize everything, and give the layers that suffer most back
//! to float until an evaluator is content.
//!
//! | part | what it does |
//! | --- | --- |
//! | [`Evaluator`] | puts a number on a model, and says whether the loss is acceptable |
//! | [`evaluators`] | those built in: labelled images, fidelity to the float model, an external command |
//! | [`Sensitivity`] | ranks the layers; [`CosineSimilarity`] is AMCT's |
//! | [`Strategy`] | chooses what to give back next; [`BinarySearch`] is AMCT's |
//! | [`AutoCalibration`] | the job, which [`verbs`](crate::amct_api) runs |
//!
//! Every configuration is calibrated by itself, as in AMCT: the weights of a layer that is given back are
//! float again, and so the activations behind it change. Factors of activations that cannot have changed,
//! because the same layers before them are quantized, are taken from an earlier configuration.
//!
//! Unlike AMCT, which deletes every model when the target cannot be met, the best model found is always
//! left in place: when the target is not met, and when the search is interrupted through [`Stop`].

mod candidates;
mod driver;
mod error;
mod evaluator;
pub mod evaluators;
mod fine_search;
mod images;
mod keeper;
mod layer_pairs;
mod limit;
mod search;
mod sensitivity;
mod stop;
#[cfg(test)]
mod testing;

pub use driver::{AutoCalibration, AutoReport, Verdict};
pub use error::AutoError;
pub use evaluator::Evaluator;
pub use images::EvaluationImages;
pub use keeper::{Evaluation, Kept};
pub use limit::Limit;
pub use search::{BinarySearch, Configuration, Proposal, Strategy};
pub use sensitivity::{Calibrated, CosineSimilarity, GivenRanking, Sensitivity};
pub use stop::Stop;
