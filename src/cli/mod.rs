//! The command line: arguments become library calls, one file a command. The only module that prints.
//!
//! Results go to standard output and are the same bytes for the same seed; progress, notes and errors go to standard
//! error. Exit codes are those of [`exit::Exit`].

mod calibrate;
mod catalog;
mod check;
mod compare;
mod completions;
mod exit;
mod explain;
mod global;
mod interrupt;
mod kept;
mod kpi;
mod listing;
mod machine;
mod man;
mod merge;
mod new;
mod panic;
mod progress;
mod run;
mod schema;
mod screen;
mod shard;
mod simulate;
mod submit;
mod sweep;
mod test;

use std::ffi::OsString;

use clap::{ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use exit::Exit;
use global::Global;
use screen::Screen;

/// Simulates multi-site GPU plans: RL feedback time, storage efficiency, WAN utilisation, usable GPUs, and what limits them
#[derive(Parser, Debug)]
#[command(name = "apollo", version, arg_required_else_help = true, max_term_width = 110)]
#[command(after_help = EXIT_CODES)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 all well, 1 a target failed, 2 the input is wrong, 3 a target is inconclusive, \
4 the environment failed (disk, permissions), 5 incomplete, 101 a bug of ours, 130 interrupted";

/// The commands.
#[derive(Subcommand, Debug)]
enum Command {
    /// Write a commented scenario to start from
    New(new::New),
    /// Check scenarios and print what they mean: derived values, totals, every default and its source
    Check(check::Check),
    /// Simulate a scenario: KPI table, bottlenecks, targets; charts and tables go to a result folder
    Run(run::Run),
    /// Run scenarios and judge every target: pass, fail or inconclusive
    Test(test::Test),
    /// Run many variants of a scenario, resumable and in shards: one table, one chart
    Sweep(Box<sweep::Sweep>),
    /// Merge the shards of a sweep: the same bytes for any number of them in any order
    Merge(merge::Merge),
    /// Compare two scenarios or result folders: what differs, how sure that is, and rules for CI
    Compare(Box<compare::Compare>),
    /// Fit figures of a storage system to measured rows: error before and after, on held-out rows too
    Calibrate(calibrate::Calibrate),
    /// List the parts (GPU nodes, storage systems, models …), or show every figure of one with its source
    Catalog(catalog::Catalog),
    /// List the KPIs, or show definition and formula of one
    Kpi(kpi::Kpi),
    /// Explain the code of an error or a warning
    Explain(explain::Explain),
    /// Print the JSON Schema of a scenario file, for editors
    Schema,
    /// Print a completion script for a shell
    Completions(completions::Completions),
    /// Print the manual pages (roff)
    Man,
}

/// Runs the command that `args` (program name first) ask for, and says how it ended.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    panic::install();
    let args: Vec<OsString> = args.into_iter().collect();
    let parsed = Cli::command()
        .color(help_color(&args))
        .try_get_matches_from(&args)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => dispatch(&cli.command, &Screen::new(&cli.global)),
        Err(error) => {
            // Help and version go to standard output and are no errors. If it is closed there is nobody to tell.
            let _ = error.print();
            if error.use_stderr() { Exit::Input } else { Exit::Done }
        }
    }
}

fn dispatch(command: &Command, screen: &Screen) -> Exit {
    match command {
        Command::New(args) => new::run(args, screen),
        Command::Check(args) => check::run(args, screen),
        Command::Run(args) => run::run(args, screen),
        Command::Test(args) => test::run(args, screen),
        Command::Sweep(args) => sweep::run(args, screen),
        Command::Merge(args) => merge::run(args, screen),
        Command::Compare(args) => compare::run(args, screen),
        Command::Calibrate(args) => calibrate::run(args, screen),
        Command::Catalog(args) => catalog::run(args, screen),
        Command::Kpi(args) => kpi::run(args, screen),
        Command::Explain(args) => explain::run(args, screen),
        Command::Schema => schema::run(screen),
        Command::Completions(args) => completions::run(args, screen),
        Command::Man => man::run(screen),
    }
}

/// Help and usage errors are printed before the arguments are understood, so `--color` is looked for by hand.
fn help_color(args: &[OsString]) -> ColorChoice {
    let words: Vec<&str> = args.iter().filter_map(|a| a.to_str()).take_while(|a| *a != "--").collect();
    let pairs = words.windows(2).filter(|w| w[0] == "--color").map(|w| w[1]);
    match pairs.chain(words.iter().filter_map(|w| w.strip_prefix("--color="))).last() {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        _ => ColorChoice::Auto,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn colour_of_help_is_found_without_parsing() {
        let find = |args: &[&str]| help_color(&args.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(find(&["apollo", "--color", "never", "bad"]), ColorChoice::Never);
        assert_eq!(find(&["apollo", "--color=never", "--color=always"]), ColorChoice::Always);
        assert_eq!(find(&["apollo", "run", "--", "--color=always"]), ColorChoice::Auto);
    }
}
