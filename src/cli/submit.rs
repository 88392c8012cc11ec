//! `apollo sweep --emit` and `--submit`: a sweep as an array of a scheduler.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::exit::Exit;
use super::screen::Screen;
use super::simulate::Failure;
use super::sweep::Sweep;
use crate::report::files;
use crate::report::submit::{self, Limit, Scheduler, Submission, line};

/// Tasks of an array whose number is not given.
const TASKS: u32 = 10;

/// What the command line asks for.
#[derive(clap::Args, Debug)]
pub struct Submit {
    /// Print the submission file for a scheduler and run nothing
    #[arg(long, value_name = "SCHEDULER", value_parser = clap::builder::PossibleValuesParser::new(Scheduler::WORDS), conflicts_with = "shard")]
    emit: Option<String>,
    /// Submit to a scheduler: the array of shards, and the merge after it
    #[arg(long, value_name = "SCHEDULER", value_parser = ["slurm"], conflicts_with_all = ["shard", "emit"])]
    submit: Option<String>,
    /// Tasks of the array, 10 without it; no more than there are cells
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    tasks: Option<u32>,
    /// Image of containers, for `--emit k8s`; `apollo:latest` without it
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// Volume claim that holds the present directory, for `--emit k8s`; `apollo` without it
    #[arg(long, value_name = "CLAIM")]
    volume: Option<String>,
}

impl Submit {
    /// Whether a scheduler is meant to do the work.
    pub fn is_asked(&self) -> bool {
        self.emit.is_some() || self.submit.is_some()
    }

    /// What is wrong with flags that would have no effect.
    pub fn idle(&self) -> Option<String> {
        let containers = [("--image", self.image.is_some()), ("--volume", self.volume.is_some())];
        let to = self.emit.as_deref().or(self.submit.as_deref());
        if let Some((flag, _)) = containers.into_iter().find(|(_, given)| *given && to != Some("k8s")) {
            let instead = to.map_or_else(String::new, |to| format!(", not for '{to}'"));
            return Some(format!("'{flag}' is for '--emit k8s'{instead}: it would have no effect"));
        }
        let idle = self.tasks.is_some() && to.is_none();
        idle.then(|| "'--tasks' is for '--emit' and '--submit': it would have no effect".to_owned())
    }
}

/// Prints or submits the array for a sweep of so many cells in `out`.
pub fn run(args: &Sweep, cells: usize, out: &Path, screen: &Screen) -> Result<Exit, Failure> {
    let job = submission(args, cells, out, screen)?;
    let scheduler = args.to.emit.as_deref().and_then(Scheduler::of_word);
    let limit = submit::limit(scheduler.unwrap_or(Scheduler::Slurm), job.tasks);
    if let Limit::Exceeded(words) = &limit {
        return Err(Failure::say(words.clone(), Exit::Input, screen));
    }
    if let Limit::Perhaps(words) = &limit {
        screen.note(words);
    }
    let Some(scheduler) = scheduler else { return slurm(&job, out, screen) };
    for line in submit::advice(scheduler, &job) {
        screen.note(&line);
    }
    Ok(screen.print(&submit::file(scheduler, &job)))
}

fn submission(args: &Sweep, cells: usize, out: &Path, screen: &Screen) -> Result<Submission, Failure> {
    let machine = |what: &str, error: std::io::Error| {
        Failure::say(format!("cannot find {what}: {error}"), Exit::Environment, screen)
    };
    // In a container it is on the path.
    let program = match args.to.emit.as_deref() {
        Some("k8s" | "aws-batch" | "azure-batch") => PathBuf::from("apollo"),
        _ => env::current_exe().map_err(|error| machine("the program", error))?,
    };
    let directory = env::current_dir().map_err(|error| machine("the present directory", error))?;
    let text = |path: &Path| path.display().to_string();
    let mut sweep = vec![text(&program), "sweep".to_owned(), text(&args.file)];
    sweep.extend(args.forwarded());
    sweep.extend(["--out".to_owned(), text(out), "--threads".to_owned(), "1".to_owned(), "--quiet".to_owned()]);
    let mut merge = vec![text(&program), "merge".to_owned(), text(out), "--out".to_owned(), text(out)];
    merge.extend(args.merged());
    let stem = out.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let plain: String =
        stem.chars().map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' }).collect();
    Ok(Submission {
        name: format!("apollo-{}", plain.trim_matches('-').chars().take(50).collect::<String>()),
        tasks: cells.min(args.to.tasks.unwrap_or(TASKS) as usize),
        sweep,
        merge,
        out: text(out),
        image: args.to.image.clone().unwrap_or_else(|| "apollo:latest".to_owned()),
        volume: args.to.volume.clone().unwrap_or_else(|| "apollo".to_owned()),
        directory: text(&directory),
    })
}

/// Submits the array, and the merge that begins when all its tasks have ended, well or not: it names what is missing.
fn slurm(job: &Submission, out: &Path, screen: &Screen) -> Result<Exit, Failure> {
    // Beside the folder, which holds a sweep and nothing else.
    let script = PathBuf::from(format!("{}.slurm.sh", out.display()));
    let failed = |message: String| Failure::say(message, Exit::Environment, screen);
    if let Some(folder) = script.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|error| failed(format!("cannot create {}: {error}", folder.display())))?;
    }
    let text = submit::file(Scheduler::Slurm, job);
    files::write_whole(&script, text.as_bytes()).map_err(|error| failed(error.to_string()))?;
    let array = sbatch(&["--parsable", &script.display().to_string()], screen)?;
    let after = format!("--dependency=afterany:{array}");
    let name = format!("--job-name={}-merge", job.name);
    let directory = format!("--chdir={}", job.directory);
    let wrapped = line(&job.merge);
    let merge = sbatch(&["--parsable", &after, &name, &directory, "--output=%x-%j.out", "--wrap", &wrapped], screen)?;
    let said = format!("array {array}: {} tasks\nmerge {merge}: after all of them, into {}\n", job.tasks, job.out);
    Ok(screen.print(&said))
}

/// Runs `sbatch` and gives the number of the job.
fn sbatch(arguments: &[&str], screen: &Screen) -> Result<String, Failure> {
    let ran = Command::new("sbatch").args(arguments).output();
    let failed = |message: String| Failure::say(message, Exit::Environment, screen);
    let ran = ran.map_err(|error| {
        failed(format!("cannot run sbatch: {error}; '--emit slurm' prints the script for another machine"))
    })?;
    let said = String::from_utf8_lossy(&ran.stdout);
    // With several clusters the number is followed by the name of one.
    let number = said.trim().split(';').next().unwrap_or_default().to_owned();
    if !ran.status.success() || number.parse::<u64>().is_err() {
        let why = String::from_utf8_lossy(&ran.stderr);
        return Err(failed(format!("sbatch refused: {}", why.trim())));
    }
    Ok(number)
}
