//! `amct auto`: quantize as far as the accuracy allows.

use std::error::Error;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use amct::amct_api::accuracy_based_auto_calibration;
use amct::auto::evaluators::{Accuracy, Agreement, Command, Sqnr};
use amct::auto::{
    AutoCalibration, AutoReport, BinarySearch, CosineSimilarity, EvaluationImages, Evaluator, GivenRanking,
    Stop, Verdict,
};
use amct::job::Job;
use amct::model::Model;
use amct::pipeline::Outputs;
use amct::signature::ImageInput;
use amct_artifacts::auto_calibration::Ranking;
use amct_dataset::{Labels, Normalization, list_images};
use amct_interpreter::Arithmetic;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::Outcome;
use crate::args::{AutoArgs, CalibrationImages, Metric, Sensitivity, Strategy};
use crate::error::CliError;
use crate::output::Out;

/// What a second signal ends the program with.
const INTERRUPTED: i32 = 130;

pub(crate) fn run(args: &AutoArgs, out: &mut Out) -> Result<Outcome, CliError> {
    let stop = stop_on_signal()?;
    let ranking = args.ranking.as_deref().map(ranking).transpose()?;
    let files = Outputs::new(&args.save_path)?;
    let original = args.model.load()?;
    let job = args.model.job(&original)?.save_to(files).with_stop(stop.clone());
    let CalibrationImages { input, normalization, batches, configuration } = args.images.read(&job)?;
    let job = job.with_configuration(configuration)?.with_data(&batches);
    let evaluator = evaluator(args, &job, &input, &normalization, &stop)?;
    let prepared = job.prepare()?;
    let report = accuracy_based_auto_calibration(AutoCalibration {
        strategy: match args.strategy {
            Strategy::BinarySearch => Box::new(BinarySearch::new()),
        },
        sensitivity: match (ranking, args.sensitivity) {
            (Some(ranking), _) => Box::new(GivenRanking(ranking)),
            (None, Sensitivity::CosineSimilarity) => Box::new(CosineSimilarity),
        },
        ..prepared.search(&*evaluator)?
    })?;
    print(&report, out);
    Ok(match report.verdict {
        Verdict::Met => Outcome::Done,
        Verdict::NotMet => Outcome::Refused,
        Verdict::Interrupted => Outcome::Interrupted,
    })
}

fn ranking(path: &Path) -> Result<Ranking, CliError> {
    let refused = |source: Box<dyn Error + Send + Sync>| CliError::File {
        what: "ranking",
        path: path.to_owned(),
        source,
        remedy: Some(amct::Remedy::MakeRanking),
    };
    let text = std::fs::read_to_string(path).map_err(|error| refused(error.into()))?;
    Ranking::from_json(&text).map_err(|error| refused(error.into()))
}

/// The first signal asks for the end of the search, a second one ends the program.
fn stop_on_signal() -> Result<Stop, CliError> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the shutdown looks at what the first signal left.
        flag::register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(&stop))
            .and_then(|_| flag::register(signal, Arc::clone(&stop)))
            .map_err(|error| CliError::Setup {
                what: "cannot handle signals".to_owned(),
                source: error.into(),
            })?;
    }
    Ok(stop.into())
}

fn evaluator(
    args: &AutoArgs,
    job: &Job<'_>,
    input: &ImageInput,
    normalization: &Normalization,
    stop: &Stop,
) -> Result<Box<dyn Evaluator>, CliError> {
    let limit = args.max_loss;
    if let Some(command) = &args.evaluator {
        return Ok(Box::new(Command::new(command, limit, stop.clone())?));
    }
    let directory = args.evaluation.as_ref().unwrap_or(&args.images.calibration);
    let labels = Labels::read(directory)?;
    let load =
        |files: Vec<PathBuf>| EvaluationImages::load(files, input, normalization.clone(), stop.clone());
    let all = || Ok::<_, amct::Error>(list_images(directory)?.images);
    let model = || Model::new(job.original(), job.outputs(), Arithmetic::Integer);
    let metric = args.metric.unwrap_or(if labels.is_some() { Metric::Top1 } else { Metric::Agreement });
    Ok(match (metric, labels) {
        (Metric::Agreement, _) => Box::new(Agreement::new(model()?, load(all()?)?, limit)),
        (Metric::Sqnr, _) => Box::new(Sqnr::new(model()?, load(all()?)?, limit)?),
        (Metric::Top1 | Metric::Top5, Some(labels)) => {
            let unlabelled = all()?.len().saturating_sub(labels.entries.len());
            if unlabelled > 0 {
                log::warn!(target: "dataset", "{unlabelled} images of '{}' have no label and judge nothing", directory.display());
            }
            let k =
                if metric == Metric::Top1 { NonZeroUsize::MIN } else { NonZeroUsize::MIN.saturating_add(4) };
            let images = load(labels.entries.iter().map(|label| label.image.clone()).collect())?;
            Box::new(Accuracy::new(images, labels, k, limit))
        }
        (Metric::Top1 | Metric::Top5, None) => {
            return Err(CliError::Usage(format!(
                "there is no {}; metric top1 and top5 need it, with a line 'FILE CLASS' for each image; \
                 without labels use --metric agreement or sqnr",
                directory.join(Labels::FILE).display()
            )));
        }
    })
}

fn print(report: &AutoReport, out: &mut Out) {
    let mut line = |title: &str, metric: Option<f64>| {
        if let Some(metric) = metric {
            writeln!(out, "{title:<28}{metric}");
        }
    };
    line("original model:", report.original);
    line("all layers quantized:", report.global);
    let Some(kept) = &report.kept else { return };
    line("saved model:", kept.result.map(|result| result.metric));
    let float = kept.rolled_back.len();
    writeln!(out, "{:<28}{} of {}", "layers quantized:", kept.quantized, kept.quantized + float);
    if float > 0 {
        writeln!(out, "{:<28}{}", "layers left float:", kept.rolled_back.join(", "));
    }
}
