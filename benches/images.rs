//! The sample job on 32, 320 and 3,200 images: seconds, milliseconds per image (of the clock and of all
//! CPUs) and peak memory, each job in a process of its own. The images are links to the 32 of the repository.
//!
//! `cargo bench --bench images`, or with other numbers of images: `cargo bench --bench images -- 64 640`.

#![allow(clippy::unwrap_used, reason = "a benchmark with wrong arguments should stop")]
#![allow(clippy::print_stdout, reason = "a benchmark tells its figures")]

mod sample_job;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use sample_job::{quantize, root};

/// As in the command line tool.
#[global_allocator]
static ALLOCATOR: amct::CacheAligned = amct::CacheAligned;

/// The argument that asks for one job, before the directory of its images.
const JOB: &str = "--job";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [job, directory] = arguments.as_slice()
        && job == JOB
    {
        return run_job(Path::new(directory));
    }
    // Cargo says so; `cargo test` does not and wants no figures.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let asked: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let counts = if asked.is_empty() { vec![32, 320, 3200] } else { asked };
    println!("{:>8} {:>10} {:>14} {:>14} {:>10}", "images", "seconds", "ms per image", "CPU ms", "peak MiB");
    for count in counts {
        // A short job is as noisy as it is short: the quickest of several.
        let runs = (1000 / count.max(1)).clamp(1, 5);
        let measured = (0..runs).map(|_| measure(count));
        let [seconds, cpu, kib] = measured.min_by(|one, other| one[0].total_cmp(&other[0])).unwrap();
        let [each, cpu] = [seconds, cpu].map(|seconds| seconds * 1e3 / count as f64);
        println!("{count:>8} {seconds:>10.2} {each:>14.2} {cpu:>14.2} {:>10.1}", kib / 1024.0);
    }
}

/// Seconds, seconds of all CPUs, and peak KiB of a job on so many images.
fn measure(count: usize) -> [f64; 3] {
    let directory = tempfile::tempdir().unwrap();
    let images = fs::read_dir(root("data/calibration")).unwrap().map(|entry| entry.unwrap().path());
    let mut images: Vec<PathBuf> =
        images.filter(|path| path.extension().is_some_and(|e| e == "jpg")).collect();
    images.sort();
    for (number, image) in images.iter().cycle().take(count).enumerate() {
        link(image, &directory.path().join(format!("{number:06}.jpg")));
    }
    let mut job = Command::new(std::env::current_exe().unwrap());
    let output = job.arg(JOB).arg(directory.path()).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let mut figures = told.split_whitespace().map(|figure| figure.parse().unwrap());
    std::array::from_fn(|_| figures.next().unwrap())
}

#[cfg(unix)]
fn link(image: &Path, name: &Path) {
    std::os::unix::fs::symlink(image, name).unwrap();
}

#[cfg(not(unix))]
fn link(image: &Path, name: &Path) {
    fs::copy(image, name).unwrap();
}

/// Does a job and prints its seconds, the CPUs' seconds and the peak memory of the process in KiB.
fn run_job(images: &Path) {
    amct::CacheAligned::share_one_heap();
    rayon::ThreadPoolBuilder::new().use_current_thread().build_global().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let start = Instant::now();
    quantize(images, directory.path().join("mobilenet_v2").to_str().unwrap());
    let seconds = start.elapsed().as_secs_f64();
    println!("{seconds} {} {}", cpu_seconds().unwrap_or(f64::NAN), peak_kib().unwrap_or(f64::NAN));
}

/// The most memory that this process had in RAM; Linux tells it.
fn peak_kib() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// What this process had of all CPUs, its own and the system's share; Linux tells it, in hundredths.
fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name, which is in brackets, user and system time are fields 12 and 13.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<f64>().ok());
    Some(ticks.sum::<Option<f64>>()? / 100.0)
}
