//! The `amct` binary: flags, log, progress and exit codes; the work is in the library.
//!
//! Results go to stdout, the log and progress to stderr. Exit codes: 0 done, 1 refused (`verify`
//! found violations, `auto` missed its target, `compare` found more than the thresholds allow), 2 error,
//! 130 interrupted. Whether somebody reads changes nothing: a command whose reader goes away, of stdout or of
//! stderr, does its work quietly and has the same exit code. Results that cannot be written for any other
//! reason, such as a full disk, are an error.

mod args;
mod commands;
mod console;
mod error;
mod output;
mod progress;
mod remedy;

use std::process::ExitCode;

use clap::Parser;

use amct::Isa;
use amct_artifacts::logging::Level;
use args::{Cli, Command};
use error::CliError;
use output::Out;

/// Tensors begin with a cache line.
#[global_allocator]
static ALLOCATOR: amct::CacheAligned = amct::CacheAligned;

/// How a command ended, if it did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    Refused,
    Interrupted,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Refused => Self::from(1),
            Outcome::Interrupted => Self::from(130),
        }
    }
}

fn main() -> ExitCode {
    amct::CacheAligned::share_one_heap();
    let mut out = Out::stdout();
    let ended = match Cli::try_parse() {
        Ok(cli) => run(&cli, &mut out).map_or_else(|error| failed(&error.in_one_line()), ExitCode::from),
        Err(message) => told(&message, &mut out),
    };
    match out.finish() {
        Ok(()) => ended,
        Err(error) => failed(&format!("cannot write the results to standard output: {error}")),
    }
}

/// Says why the program ends without what was asked for.
fn failed(reason: &str) -> ExitCode {
    log::error!(target: "AMCT", "{reason}");
    console::fallback(reason);
    ExitCode::from(2)
}

/// Shows what there is instead of a command: the help or the version, which are results, or what is wrong
/// with the arguments.
fn told(message: &clap::Error, out: &mut Out) -> ExitCode {
    if message.use_stderr() {
        // That nobody reads it does not change how the program ends.
        let _ = message.print();
        return ExitCode::from(2);
    }
    out.attempt(|_| message.print());
    ExitCode::SUCCESS
}

fn run(cli: &Cli, out: &mut Out) -> Result<Outcome, CliError> {
    let setup = |what: String, source| CliError::Setup { what, source };
    Isa::from_environment()
        .and_then(Isa::choose)
        .map_err(|error| setup(format!("the environment variable {}", Isa::VARIABLE), error.into()))?;
    // With the main thread among them, it need not wake another one and wait for it.
    let mut pool = rayon::ThreadPoolBuilder::new().use_current_thread();
    if let Some(threads) = cli.threads() {
        pool = pool.num_threads(threads.get());
    }
    pool.build_global().map_err(|error| setup("cannot start the threads".to_owned(), error.into()))?;
    match &cli.command {
        Command::Quantize(args) => {
            console::log_to_file(cli.log_level);
            commands::quantize::run(args, out)
        }
        Command::Sensitivity(args) => {
            console::log_to_console(cli.log_level);
            commands::sensitivity::run(args, out)
        }
        Command::Config(args) => {
            console::log_to_file(cli.log_level);
            commands::config::run(args)
        }
        Command::Auto(args) => {
            console::log_to_file(cli.log_level);
            commands::auto::run(args, out)
        }
        Command::Calibration(args) => {
            console::log_to_file(cli.log_level);
            commands::calibration::run(args)
        }
        Command::ConvertModel(args) => {
            console::log_to_file(cli.log_level);
            commands::convert_model::run(args)
        }
        Command::Convert(args) => {
            console::log_to_file(cli.log_level);
            commands::convert::run(args)
        }
        Command::Run(args) => {
            console::log_to_console(cli.log_level);
            commands::run::run(args, out)
        }
        Command::Compare(args) => {
            // What the passes do to the float model is of no interest here; dumps meet none.
            let least = if args.reference.is_dir() { Level::Warning } else { Level::Error };
            console::log_to_console(cli.log_level.max(least));
            commands::compare::run(args, out)
        }
        Command::Inspect(args) => {
            // The passes would tell node by node what the report says anyway.
            console::log_to_console(cli.log_level.max(Level::Error));
            commands::inspect::run(args, out)
        }
        Command::Verify(args) => {
            console::log_to_console(cli.log_level);
            commands::verify::run(args, out)
        }
    }
}
