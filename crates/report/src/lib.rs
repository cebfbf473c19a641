//! A comparison as one HTML file.
//!
//! Level 2 of the workspace. The file asks nothing of a network: style, script and charts are in it.
//! Charts are SVG that is there without the script, each with a text that says what it shows; the script
//! sorts and filters the tables. The same report is the same bytes.

mod chart;
mod format;
mod layer;
mod page;
mod summary;
mod tables;

use amct_metrics::{CodeUse, ErrorSplit, Errors};

/// What a page shows.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What it is about, such as the model's name.
    pub title: String,
    /// The command that made it.
    pub command: String,
    /// Names and values at the top.
    pub facts: Vec<(String, String)>,
    /// The outputs of the model.
    pub outputs: Vec<Output>,
    /// What both models say of an input.
    pub predictions: Vec<Prediction>,
    /// The quantized layers, in the order of the graph.
    pub layers: Vec<Layer>,
    /// What is not quantized: node and reason.
    pub left_float: Vec<(String, String)>,
    /// What each layer's quantization does to the outputs, the most sensitive first, with what was done.
    pub effects: Option<(String, Vec<Effect>)>,
    /// The configuration, as written.
    pub configuration: Option<String>,
    /// The files that went in: what for, path, SHA-256.
    pub files: Vec<[String; 3]>,
}

/// An output of the quantized model beside that of the float model.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// How far it lies from the float model's.
    pub errors: Errors,
    /// Share of the inputs with the float model's class, in percent.
    pub agreement: Option<f64>,
}

/// The classes of one input.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// The input, such as a file.
    pub input: String,
    /// Index and value of the float model's class.
    pub float: (usize, f32),
    /// Index and value of the quantized model's class.
    pub quantized: (usize, f32),
}

/// What the quantization of one layer does to the outputs.
#[derive(Clone, Debug)]
pub struct Effect {
    /// The layer.
    pub layer: String,
    /// Signal to noise of the outputs, in dB.
    pub sqnr_db: f64,
    /// Cosine of the outputs.
    pub cosine: f64,
    /// Share of the inputs with the float model's class, in percent.
    pub agreement: Option<f64>,
}

/// A quantized layer.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// Its op.
    pub op: String,
    /// How far its output lies from the float model's.
    pub errors: Option<Errors>,
    /// What its error is made of, or why that is not known.
    pub split: Result<ErrorSplit, String>,
    /// `scale_d` and `offset_d` of its input.
    pub scale: (f32, i32),
    /// How its input uses the integers.
    pub codes: CodeUse,
    /// Edges and counts of a histogram of its input.
    pub histogram: (Vec<f32>, Vec<u64>),
    /// The losses of ends of its range.
    pub losses: Losses,
    /// Smallest and largest weight of each output channel.
    pub weights: Vec<[f32; 2]>,
}

/// The losses of clipping the input at different ends.
#[derive(Clone, Debug, Default)]
pub struct Losses {
    /// Whether they are those that IFMR found, and not an estimate from the histogram.
    pub exact: bool,
    /// Upper end and loss.
    pub points: Vec<(f64, f64)>,
}

impl Report {
    /// The page.
    pub fn to_html(&self) -> String {
        page::page(self).into_string()
    }
}

#[cfg(test)]
mod tests;
