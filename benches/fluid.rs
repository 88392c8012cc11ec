//! What fair sharing costs, through its public interface, beside an honest hand-written loop.
//!
//! ```text
//! cargo bench --bench fluid -- --links F --routes F --trace F [--finish OUT] [--variant weighted] [--baseline]
//! cargo bench --bench fluid -- --generate sites=50,flows=20000,load=0.7 [--variant weighted] [--baseline]
//! cargo bench --bench fluid -- --growth flows|classes|resources|weighted
//! cargo bench --bench fluid -- --memory
//! ```
//!
//! **Traces.** Files are CSV with a header: links `link,from,to,gbps,metres` (one row a direction), routes
//! `src,dst,links` (link numbers in order, separated by spaces), trace `flow,arrival_s,src,dst,bytes`. A flow's rate is
//! max-min fair over the links of its route at every moment. `--finish` writes `flow,finish_s`; `--variant weighted`
//! gives every flow one of `--kinds` combinations of weight, coefficients and cap of its route; `--baseline` runs the
//! hand-written loop after the library and prints, on standard error, the ratio of their speeds and the largest
//! difference of a flow's duration, relative to that duration and beyond 10 ns.
//!
//! **Generated.** `--generate` needs no files: a network of `sites`, each joined to its `neighbours` nearest, and `flows`
//! between random pairs of sites, arriving so that the busiest link is `load` busy or, without `load`, all within the
//! first second. `pairs` limits the pairs of sites in use, `weights` splits each pair into as many classes. `--write DIR`
//! writes the workload's three files instead of running it.
//!
//! **Growth.** `--growth` runs a series of generated workloads in which one thing grows.
//!
//! Each run prints one line of JSON on standard output: `workload`, `work` (flows), `cpu_s` (processor seconds of the run
//! phase, set-up apart; the mean of as many runs as make up half a second, or of one run with `--once`), `per_cpu_s`
//! (flows per processor second), `us_per_event` (microseconds per arrival or end), `peak_bytes` (peak resident memory),
//! `resources`, `classes` (kinds of flow in use), `hops` (mean resources of a flow), `fallbacks` (events that were solved
//! from nothing although the method avoids that).
//!
//! **Memory.** `--memory` starts flows in processes of their own and prints `flows`, `classes`, `peak_bytes`,
//! `empty_bytes` (peak of the same process without the flows) and `bytes_per_flow`, the difference per flow.

#[path = "fluid/generate.rs"]
mod generate;
#[path = "fluid/library.rs"]
mod library;
#[path = "fluid/load.rs"]
mod load;
#[path = "fluid/measure.rs"]
mod measure;
#[path = "fluid/memory.rs"]
mod memory;
#[path = "fluid/per_class.rs"]
mod per_class;
#[path = "kernel/random.rs"]
#[expect(dead_code, reason = "the streams of the kernel's workloads are not needed here")]
mod random;
#[path = "fluid/weighted.rs"]
mod weighted;

use clap::{Parser, ValueEnum};
use generate::{Growth, Spec};
use load::Load;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

/// A result, or a sentence for whoever called.
pub type Fallible<T> = Result<T, Box<dyn Error>>;

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Variant {
    Plain,
    Weighted,
}

/// Measures fair sharing.
#[derive(Parser)]
struct Args {
    /// Links of the network, with `--routes` and `--trace`.
    #[arg(long, requires = "routes", requires = "trace")]
    links: Option<PathBuf>,
    #[arg(long, requires = "links")]
    routes: Option<PathBuf>,
    #[arg(long, requires = "links")]
    trace: Option<PathBuf>,
    /// A workload without files, such as `sites=50,flows=20000,load=0.7`.
    #[arg(long, conflicts_with = "links")]
    generate: Option<Spec>,
    /// Where to write the files of the generated workload, instead of running it.
    #[arg(long, requires = "generate", conflicts_with = "variant")]
    write: Option<PathBuf>,
    /// A series of generated workloads in which one thing grows.
    #[arg(long, value_enum, conflicts_with_all = ["links", "generate"])]
    growth: Option<Growth>,
    /// Bytes per flow.
    #[arg(long, conflicts_with_all = ["links", "generate", "growth"])]
    memory: bool,
    /// One measurement of `--memory`, in a process of its own.
    #[arg(long, hide = true)]
    memory_of: Option<memory::Point>,
    /// Where to write the time at which each flow ends.
    #[arg(long)]
    finish: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "plain")]
    variant: Variant,
    /// Combinations of weight, coefficients and cap per route of `--variant weighted`.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1000))]
    kinds: u32,
    /// Does the work again in the hand-written loop.
    #[arg(long)]
    baseline: bool,
    /// Runs once, however short that is.
    #[arg(long)]
    once: bool,
    /// Given by cargo to every bench; means nothing here.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fluid: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Fallible<()> {
    if let Some(point) = &args.memory_of {
        println!("{}", memory::peak_of(point));
        return Ok(());
    }
    if args.memory {
        return memory::all();
    }
    if let Some(growth) = args.growth {
        return growth.specs().iter().try_for_each(|spec| compare(args, &growth.load(spec)));
    }
    let load = match (&args.links, &args.routes, &args.trace, &args.generate) {
        (Some(links), Some(routes), Some(trace), _) => Load::read(links, routes, trace)?,
        (_, _, _, Some(spec)) => spec.load(),
        _ => {
            eprintln!("fluid: nothing to do; give --links F --routes F --trace F, --generate, --growth or --memory");
            return Ok(());
        }
    };
    if let Some(folder) = &args.write {
        return load::write(&load, folder);
    }
    match args.variant {
        Variant::Plain => compare(args, &load),
        Variant::Weighted => compare(args, &weighted::all(load, args.kinds)),
    }
}

/// Runs the library and, if wanted, the hand-written loop.
fn compare(args: &Args, load: &Load) -> Fallible<()> {
    let mine = measure::line(&load.name, load, args.once, library::run);
    if let Some(path) = &args.finish {
        load::write_finish(path, &mine.finish)?;
    }
    if args.baseline {
        let name = format!("{}-baseline", load.name);
        let expected = measure::line(&name, load, args.once, per_class::run);
        let worst = load::largest_difference(load, &mine.finish, &expected.finish);
        eprintln!(
            "{}: {:.2} x the per-class loop; largest difference of a duration {worst:.1e}",
            load.name,
            expected.cpu_s / mine.cpu_s
        );
    }
    Ok(())
}
