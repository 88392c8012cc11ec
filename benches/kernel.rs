//! What the event kernel costs, through its public interface, on workloads with known answers.
//!
//! ```text
//! cargo bench --bench kernel -- --workload phold --lps 1000 --until 1000
//! cargo bench --bench kernel -- --workload mmc --servers 50 --customers 1000000
//! ```
//!
//! Prints one JSON line on standard output:
//!
//! | field | what |
//! |---|---|
//! | `workload` | its name; `-baseline` and `-baseline-keyed` are the plain loops |
//! | `work` | events handled, or customers served |
//! | `cpu_s`, `per_cpu_s`, `ns_per_work` | CPU seconds of the run phase (set-up apart), work per CPU second, nanoseconds per unit of work |
//! | `peak_bytes` | peak resident memory of the process |
//! | `answer` | what was computed; it must not depend on who keeps the events |
//! | `pending` | the number of events pending, where it is constant |
//! | `bytes_per_pending` | peak less what was resident before the first event was scheduled, by `pending`; means something from about 10⁵ on |
//!
//! `--baseline` does the same work again in a plain loop around the standard binary heap, prints its line, and the ratio of
//! the two on standard error.
//!
//! * `phold`: N processes that send each other events with exponential delays; N events are always pending.
//!   `--cancel 0.3` is its variant in which that share of all scheduled events is withdrawn before its time, `--spread mixed`
//!   the one with delays of nanoseconds, seconds and months side by side, `--large` the one with events of 32 bytes.
//!   With `--cancel` there are two plain loops: one made for this model, which knows that every process has one pending
//!   event, and one with keys (`-baseline-keyed`), which makes the promise that the kernel makes.
//! * `growth`: `phold`, with `--cancel` and `--large` if given, for N = 10, 30, 100, 300, … up to `--lps`: one line for each
//!   N. The curve is `ns_per_work` against `pending`. At least three million events, and two for each process.
//! * `mmc`: one queue before c servers; the answer is the mean wait.
//! * `ties`: N tokens that always share one instant, half of them staying in it with zero delay.

#[path = "kernel/churn.rs"]
mod churn;
#[path = "kernel/keyed.rs"]
mod keyed;
#[path = "kernel/large.rs"]
mod large;
#[path = "kernel/measure.rs"]
mod measure;
#[path = "kernel/mixed.rs"]
mod mixed;
#[path = "kernel/mmc.rs"]
mod mmc;
#[path = "kernel/phold.rs"]
mod phold;
#[path = "kernel/random.rs"]
mod random;
#[path = "kernel/ties.rs"]
mod ties;

use clap::{Parser, ValueEnum};
use measure::Line;

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Workload {
    Phold,
    Growth,
    Mmc,
    Ties,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Spread {
    Exponential,
    Mixed,
}

/// Measures the event kernel.
#[derive(Parser)]
struct Args {
    #[arg(long, value_enum, default_value = "phold")]
    workload: Workload,
    /// Processes of `phold`, most processes of `growth`, tokens of `ties`.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..100_000_000))]
    lps: u32,
    /// End of `phold` in seconds (`--spread mixed`: in months), instants of `ties`.
    #[arg(long, default_value_t = 1000.0)]
    until: f64,
    /// Share of scheduled events that `phold` withdraws.
    #[arg(long, default_value_t = 0.0)]
    cancel: f64,
    /// Delays of `phold`.
    #[arg(long, value_enum, default_value = "exponential")]
    spread: Spread,
    /// Events of 32 bytes in `phold` in place of 4.
    #[arg(long)]
    large: bool,
    /// Servers of `mmc`.
    #[arg(long, default_value_t = 1)]
    servers: u32,
    /// Customers of `mmc`.
    #[arg(long, default_value_t = 1_000_000)]
    customers: u64,
    /// Does the work again in a plain loop around the standard binary heap.
    #[arg(long)]
    baseline: bool,
    /// Does only the plain loop.
    #[arg(long)]
    baseline_only: bool,
    /// Given by cargo to every bench; means nothing here.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let mut args = Args::parse();
    if args.workload != Workload::Growth {
        return compare(&args);
    }
    let most = args.lps;
    for lps in (1..9).flat_map(|digits| [10_u32.pow(digits), 3 * 10_u32.pow(digits)]).filter(|&lps| lps <= most) {
        args = Args { lps, until: f64::max(2.0, 3e6 / f64::from(lps)), ..args };
        compare(&args);
    }
}

/// A workload done in one way.
type Work = fn(&Args) -> Line;

/// Does the work on the kernel, and in plain loops if that was asked for.
fn compare(args: &Args) {
    let mine = (!args.baseline_only).then(|| run(engine(args), args, ""));
    if !args.baseline && !args.baseline_only {
        return;
    }
    for &(suffix, baseline) in baselines(args) {
        let plain = run(baseline, args, suffix);
        if let Some(mine) = &mine {
            assert_eq!(mine.answer, plain.answer, "the kernel and the plain loop disagree");
            eprintln!("ratio to the {}: {:.2}", &suffix[1..], mine.per_cpu_s() / plain.per_cpu_s());
        }
    }
}

/// The workload on the engine.
fn engine(args: &Args) -> Work {
    match args.workload {
        Workload::Mmc => mmc::engine,
        Workload::Ties => ties::engine,
        _ if args.cancel > 0.0 => churn::engine,
        _ if args.large => large::engine,
        Workload::Phold if args.spread == Spread::Mixed => mixed::engine,
        Workload::Phold | Workload::Growth => phold::engine,
    }
}

/// The workload in plain loops, each with what follows the name of the workload in its line.
fn baselines(args: &Args) -> &'static [(&'static str, Work)] {
    const PLAIN: &str = "-baseline";
    match args.workload {
        Workload::Mmc => &[(PLAIN, mmc::baseline)],
        Workload::Ties => &[(PLAIN, ties::baseline)],
        _ if args.cancel > 0.0 => &[(PLAIN, churn::baseline), ("-baseline-keyed", keyed::baseline)],
        _ if args.large => &[(PLAIN, large::baseline)],
        Workload::Phold if args.spread == Spread::Mixed => &[(PLAIN, mixed::baseline)],
        Workload::Phold | Workload::Growth => &[(PLAIN, phold::baseline)],
    }
}

fn run(work: Work, args: &Args, suffix: &str) -> Line {
    measure::forget_peak();
    let line = work(args);
    println!("{}", line.json(suffix));
    line
}
