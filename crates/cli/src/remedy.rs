//! What the library says can be done, in terms of the command line: the one place that knows which option
//! of it helps.

use amct::Remedy;
use amct::inspect::NotRun;

/// What to do, with the options for it.
pub(crate) fn in_flags(remedy: &Remedy) -> String {
    match remedy {
        Remedy::NameAnOutput(names) if names.is_empty() => "name an output with --output".to_owned(),
        Remedy::NameAnOutput(_) => "choose with --output NODE".to_owned(),
        Remedy::NameACommonOutput => "name an output that both have with --output".to_owned(),
        Remedy::FeedEachInput => "use `calibration` with one --data-dir per input".to_owned(),
        Remedy::Feed(_) => {
            "name it in --input-shape, with a directory in --data-dir and a type in --data-types".to_owned()
        }
        Remedy::GiveShape { input } => format!("give the free sizes with --input-shape \"{input}:...\""),
        Remedy::CorrectShape { .. } => {
            "give --input-shape the graph's shape, with a size for each '?'".to_owned()
        }
        Remedy::GiveSize => "give them with --size WxH".to_owned(),
        Remedy::SkipLayers(layers) => format!(
            "check the model and the input images, or skip the layer: `config --skip-layers {}` makes such a \
             configuration",
            layers.join(",")
        ),
        Remedy::RepairWeights(layer) => format!(
            "repair the model, or skip the layer: `config --skip-layers {layer}` makes such a configuration"
        ),
        Remedy::MakeRanking => {
            "make one for this model and configuration with `sensitivity --ranking`".to_owned()
        }
        Remedy::OtherMetric(metric) => {
            format!("choose another --output, --metric {metric}, or an --evaluator")
        }
        Remedy::OtherQuantInfo => {
            "give the _quant.json that was written with the model, or --quant-json none".to_owned()
        }
        Remedy::CompiledModel => {
            "give the quantized .pb that ATC compiled, and its outputs with --output".to_owned()
        }
        Remedy::OtherNodes => "name others with --dump-nodes; `amct inspect` lists names".to_owned(),
        Remedy::FewerNodes => "dump one of them, with --dump-nodes".to_owned(),
        Remedy::Dump => "`amct run --dump` writes such files".to_owned(),
        other => other.to_string(),
    }
}

/// Why the work of a graph is not known, and what helps.
pub(crate) fn not_run(reason: &NotRun) -> String {
    match reason {
        NotRun::FreeDimensions { .. } => format!("{reason}; give them with --input-shape"),
        other => other.to_string(),
    }
}
