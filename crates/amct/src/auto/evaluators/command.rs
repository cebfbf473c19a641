//! An evaluator that runs a command of the user's and reads the metric from its output.

use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;

use amct_graph::Graph;

use super::last_number::last_number;
use super::tail;
use crate::auto::{AutoError, Evaluator, Limit, Stop};
use crate::{Error, graphdef};

/// Where the path of the model goes.
const MODEL: &str = "{model}";
/// How often it is looked whether the command has ended.
const PAUSE: Duration = Duration::from_millis(10);

/// Any command that prints the metric of a model: the last number on its stdout, the larger the better.
///
/// The words of the command line are those of a shell, quotation marks included, but no shell runs it:
/// `sh -c '... "$1"' sh {model}` asks for one. `{model}` is replaced by the path of a temporary `.pb`.
#[derive(Debug)]
pub struct Command {
    line: String,
    words: Vec<String>,
    limit: Limit,
    stop: Stop,
}

impl Command {
    /// The command of this line. It is killed when `stop` asks for the end.
    ///
    /// # Errors
    /// [`AutoError::CommandLine`], [`AutoError::NoModelPlace`].
    pub fn new(line: &str, limit: Limit, stop: Stop) -> Result<Self, Error> {
        let words = shlex::split(line).ok_or_else(|| AutoError::CommandLine(line.to_owned()))?;
        if !words.iter().skip(1).any(|word| word.contains(MODEL)) {
            return Err(AutoError::NoModelPlace(line.to_owned()).into());
        }
        Ok(Self { line: line.to_owned(), words, limit, stop })
    }

    fn run(&self, model: &Path) -> Result<f64, AutoError> {
        let failed = |source| AutoError::Start { command: self.line.clone(), source };
        let model = model.to_string_lossy();
        let mut words = self.words.iter().map(|word| word.replace(MODEL, &model));
        let mut child = std::process::Command::new(words.next().unwrap_or_default())
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let stdout = child.stdout.take().map(tail::follow);
        let stderr = child.stderr.take().map(tail::follow);
        // On an early end the followers are left alone: a grandchild may hold the streams open.
        let status = self.wait(&mut child).map_err(failed)?.ok_or(AutoError::Stopped)?;
        let (stdout, stderr) =
            (stdout.map(tail::text).unwrap_or_default(), stderr.map(tail::text).unwrap_or_default());
        if !status.success() {
            let command = self.line.clone();
            return Err(AutoError::Failed { command, status: status.to_string(), stderr });
        }
        last_number(&stdout).ok_or_else(|| AutoError::NoNumber { command: self.line.clone(), stdout })
    }

    /// Waits for the end of the command; `None` if the search is to end before.
    fn wait(&self, child: &mut Child) -> std::io::Result<Option<ExitStatus>> {
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            if self.stop.is_requested() {
                child.kill()?;
                child.wait()?;
                return Ok(None);
            }
            std::thread::sleep(PAUSE);
        }
    }
}

impl Evaluator for Command {
    fn evaluate(&self, graph: &Graph, _outputs: &[String]) -> Result<f64, Error> {
        let model = graphdef::encode_sorted(graph)?;
        let mut file = tempfile::Builder::new()
            .prefix("amct_auto_")
            .suffix(".pb")
            .tempfile()
            .map_err(AutoError::CandidateFile)?;
        std::io::Write::write_all(&mut file, &model).map_err(AutoError::CandidateFile)?;
        Ok(self.run(file.path())?)
    }

    fn metric_eval(&self, original: f64, new: f64) -> (bool, f64) {
        self.limit.judge(original, new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_must_be_whole_and_have_a_place_for_the_model() {
        let command = |line| Command::new(line, Limit::Absolute(0.0), Stop::default());
        assert_eq!(command("'my eval' --on={model}").unwrap().words, ["my eval", "--on={model}"]);
        assert!(command("eval '{model}").unwrap_err().to_string().contains("does not end"));
        assert!(command("eval model.pb").unwrap_err().to_string().contains("write {model}"));
    }
}
