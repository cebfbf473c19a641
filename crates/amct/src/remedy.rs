//! What can be done about an error, as data: a program says it in terms of its own.

use std::fmt;

use amct_calibration::CalibrationError;
use amct_rewrite::RewriteError;

use crate::Error;
use crate::atc::CompiledError;
use crate::auto::AutoError;
use crate::compare::CompareError;
use crate::dump::DumpError;
use crate::signature::InterfaceError;

/// What can be done about an error. Its text speaks of no option of any program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Name an output: one of these, if there are any.
    NameAnOutput(Vec<String>),
    /// Name an output that the float and the quantized model both have.
    NameACommonOutput,
    /// Give each input its data, which one image cannot be.
    FeedEachInput,
    /// Give this input a shape and data.
    Feed(String),
    /// Give this input, whose shape is open, all its sizes.
    GiveShape {
        /// The input.
        input: String,
    },
    /// Give this input the shape that the graph has, with sizes where that is open.
    CorrectShape {
        /// The input.
        input: String,
    },
    /// Give height and width of the images.
    GiveSize,
    /// Check the model and the data, or leave these layers float.
    SkipLayers(Vec<String>),
    /// Repair the weights of this layer, or leave it float.
    RepairWeights(String),
    /// Balance this layer no longer, or leave it float.
    SkipBalance(String),
    /// Make a ranking of the layers for this model and configuration.
    MakeRanking,
    /// Judge by another output, by this metric, or by an evaluator of one's own.
    OtherMetric(&'static str),
    /// Give the quantization info that was written with the model, or none.
    OtherQuantInfo,
    /// Give the model that was compiled, and its outputs.
    CompiledModel,
    /// Choose other nodes to dump, by name or pattern.
    OtherNodes,
    /// Dump one of several nodes only.
    FewerNodes,
    /// Dump the model first.
    Dump,
    /// Make a place free, or choose another one to write to.
    OtherPath,
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameAnOutput(names) if names.is_empty() => f.write_str("name an output"),
            Self::NameAnOutput(_) => f.write_str("name one of them"),
            Self::NameACommonOutput => f.write_str("name an output that both have"),
            Self::FeedEachInput => f.write_str("calibrate with data for each input"),
            Self::Feed(_) => f.write_str("give it a shape and data"),
            Self::GiveShape { .. } => f.write_str("give the free sizes"),
            Self::CorrectShape { .. } => f.write_str("give the graph's shape, with a size for each '?'"),
            Self::GiveSize => f.write_str("give them"),
            Self::SkipLayers(layers) => {
                let layers = if layers.len() == 1 { "the layer" } else { "the layers" };
                write!(f, "check the model and the data, or skip {layers}")
            }
            Self::RepairWeights(_) => f.write_str("repair the model, or skip the layer"),
            Self::SkipBalance(_) => f.write_str("balance it no longer, or skip it"),
            Self::MakeRanking => f.write_str("make a ranking for this model and configuration"),
            Self::OtherMetric(metric) => {
                write!(f, "choose another output, the metric {metric}, or an evaluator")
            }
            Self::OtherQuantInfo => {
                f.write_str("give the _quant.json that was written with the model, or none")
            }
            Self::CompiledModel => f.write_str("give the quantized .pb that ATC compiled, and its outputs"),
            Self::OtherNodes => f.write_str("name nodes of the model"),
            Self::FewerNodes => f.write_str("dump one of them"),
            Self::Dump => f.write_str("give a directory of dumped arrays"),
            Self::OtherPath => f.write_str("free that place, or choose another save path"),
        }
    }
}

impl Error {
    /// What can be done about it, where there is more to say than the text does.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Error::Interface(error) => of_interface(error),
            Error::Auto(error) => match error {
                AutoError::RankingUnknown(_) | AutoError::RankingMissing(_) => Some(Remedy::MakeRanking),
                AutoError::NotRows { .. } => Some(Remedy::OtherMetric("sqnr")),
                AutoError::NotFloat { .. } => Some(Remedy::OtherMetric("agreement")),
                _ => None,
            },
            Error::Compare(CompareError::OtherInfo { .. }) => Some(Remedy::OtherQuantInfo),
            Error::Compare(CompareError::NoOutput(_)) => Some(Remedy::NameACommonOutput),
            Error::Compare(CompareError::NoArrays(_)) => Some(Remedy::Dump),
            Error::Compiled(CompiledError::NotCompiled(_)) => Some(Remedy::CompiledModel),
            Error::Dump(DumpError::SameName { .. }) => Some(Remedy::FewerNodes),
            Error::Dump(DumpError::NoNode(_) | DumpError::Pattern { .. }) => Some(Remedy::OtherNodes),
            Error::Calibration(CalibrationError::Activation { layers, .. }) => {
                Some(Remedy::SkipLayers(layers.clone()))
            }
            Error::Calibration(CalibrationError::Weights { layer, .. })
            | Error::Rewrite(RewriteError::BiasOverflow { layer, .. }) => {
                Some(Remedy::RepairWeights(layer.clone()))
            }
            Error::Calibration(CalibrationError::Balance { layer, .. }) => {
                Some(Remedy::SkipBalance(layer.clone()))
            }
            Error::Write(_) => Some(Remedy::OtherPath),
            _ => None,
        }
    }
}

fn of_interface(error: &InterfaceError) -> Option<Remedy> {
    match error {
        InterfaceError::ManyInputs(_) => Some(Remedy::FeedEachInput),
        InterfaceError::NoOutput => Some(Remedy::NameAnOutput(Vec::new())),
        InterfaceError::ManyOutputs(names) => Some(Remedy::NameAnOutput(names.clone())),
        InterfaceError::NotFed(name) => Some(Remedy::Feed(name.clone())),
        InterfaceError::Shape { input, .. } => Some(Remedy::CorrectShape { input: input.clone() }),
        InterfaceError::FreeDimensions { input, .. } => Some(Remedy::GiveShape { input: input.clone() }),
        InterfaceError::FreeSize(_) => Some(Remedy::GiveSize),
        _ => None,
    }
}
