//! The `amct` binary: flags, log, progress and exit codes; the work is in the library.
//!
//! Results go to stdout, the log and progress to stderr. Exit codes: 0 done, 1 refused (`verify`
//! found violations, `auto` missed its target, `compare` found more than the thresholds allow), 2 error,
//! 130 interrupted.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this crate is the one that prints")]

mod args;
mod commands;
mod console;
mod progress;

use std::process::ExitCode;

use clap::Parser;

use amct::artifacts::logging::Level;
use args::{Cli, Command};

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

fn main() -> ExitCode {
    amct::CacheAligned::share_one_heap();
    let cli = Cli::parse();
    match run(&cli) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::from(1),
        Ok(Outcome::Interrupted) => ExitCode::from(130),
        Err(error) => {
            log::error!(target: "AMCT", "{error}");
            console::fallback(&error.to_string());
            ExitCode::from(2)
        }
    }
}

fn run(cli: &Cli) -> Result<Outcome, amct::Error> {
    // With the main thread among them, it need not wake another one and wait for it.
    let mut pool = rayon::ThreadPoolBuilder::new().use_current_thread();
    if let Some(threads) = cli.threads() {
        pool = pool.num_threads(threads.get());
    }
    pool.build_global()
        .map_err(|error| amct::Error::Unsupported(format!("cannot start the threads: {error}")))?;
    match &cli.command {
        Command::Quantize(args) => {
            console::log_to_file(cli.log_level);
            commands::quantize::run(args)
        }
        Command::Sensitivity(args) => {
            console::log_to_console(cli.log_level);
            commands::sensitivity::run(args)
        }
        Command::Config(args) => {
            console::log_to_file(cli.log_level);
            commands::config::run(args)
        }
        Command::Auto(args) => {
            console::log_to_file(cli.log_level);
            commands::auto::run(args)
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
            commands::run::run(args)
        }
        Command::Compare(args) => {
            // What the passes do to the float model is of no interest here; dumps meet none.
            let least = if args.reference.is_dir() { Level::Warning } else { Level::Error };
            console::log_to_console(cli.log_level.max(least));
            commands::compare::run(args)
        }
        Command::Inspect(args) => {
            // The passes would tell node by node what the report says anyway.
            console::log_to_console(cli.log_level.max(Level::Error));
            commands::inspect::run(args)
        }
        Command::Verify(args) => {
            console::log_to_console(cli.log_level);
            commands::verify::run(args)
        }
    }
}
