//! What the event kernel costs, through its public interface, on workloads with known answers.
//!
//! ```text
//! cargo bench --bench kernel -- --workload phold --lps 1000 --until 1000
//! cargo bench --bench kernel -- --workload mmc --servers 50 --customers 1000000
//! ```
//!
//! Prints one JSON line on standard output: the work done (events or customers), the CPU seconds of the run phase (set-up
//! apart), work per CPU second, peak resident memory of the process and the answer, which must not depend on the
//! kernel. `--baseline` does the same work a second time in a plain loop around the standard binary heap, prints its line, and
//! the ratio of the two on standard error.
//!
//! * `phold`: N processes that send each other events with exponential delays; N events are always pending.
//!   `--cancel 0.3` is its variant in which that share of all scheduled events is withdrawn before its time, `--spread mixed`
//!   the one with delays of nanoseconds, seconds and months side by side.
//! * `mmc`: one queue before c servers; the answer is the mean wait.
//! * `ties`: N tokens that always share one instant, half of them staying in it with zero delay.

#[path = "kernel/churn.rs"]
mod churn;
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

#[derive(Clone, Copy, ValueEnum)]
enum Workload {
    Phold,
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
    /// Processes of `phold`, tokens of `ties`.
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
    let args = Args::parse();
    let (engine, baseline): (Work, Work) = match args.workload {
        Workload::Mmc => (mmc::engine, mmc::baseline),
        Workload::Ties => (ties::engine, ties::baseline),
        Workload::Phold if args.cancel > 0.0 => (churn::engine, churn::baseline),
        Workload::Phold if args.spread == Spread::Mixed => (mixed::engine, mixed::baseline),
        Workload::Phold => (phold::engine, phold::baseline),
    };
    let mine = (!args.baseline_only).then(|| run(engine, &args, ""));
    let plain = (args.baseline || args.baseline_only).then(|| run(baseline, &args, "-baseline"));
    if let (Some(mine), Some(plain)) = (mine, plain) {
        assert_eq!(mine.answer, plain.answer, "the kernel and the plain loop disagree");
        eprintln!("ratio to the baseline: {:.2}", mine.per_cpu_s() / plain.per_cpu_s());
    }
}

/// A workload done in one way.
type Work = fn(&Args) -> Line;

fn run(work: Work, args: &Args, suffix: &str) -> Line {
    measure::forget_peak();
    let line = work(args);
    println!("{}", line.json(suffix));
    line
}
