//! The workloads of `benches/kernel.rs`, small, against answers that other simulators have given to the same numbers.
//!
//! PHOLD's checksum changes as soon as one process sees two events in the wrong order. The tables are those of the
//! reference definitions (SplitMix64 streams, times as doubles); the kernel and the plain loop must both reach them.

#[path = "../benches/kernel/churn.rs"]
mod churn;
#[path = "../benches/kernel/measure.rs"]
#[expect(dead_code, reason = "a test prints no line and does not look at memory")]
mod measure;
#[path = "../benches/kernel/mixed.rs"]
mod mixed;
#[path = "../benches/kernel/mmc.rs"]
mod mmc;
#[path = "../benches/kernel/phold.rs"]
mod phold;
#[path = "../benches/kernel/random.rs"]
mod random;
#[path = "../benches/kernel/ties.rs"]
mod ties;

/// The sizes of a workload, named as on the command line of the bench.
struct Args {
    lps: u32,
    until: f64,
    cancel: f64,
    servers: u32,
    customers: u64,
}

const NONE: Args = Args { lps: 0, until: 0.0, cancel: 0.0, servers: 0, customers: 0 };

/// Work and answer of the kernel, after checking that the plain loop agrees.
fn agreed(engine: fn(&Args) -> measure::Line, baseline: fn(&Args) -> measure::Line, args: &Args) -> (u64, String) {
    let (mine, plain) = (engine(args), baseline(args));
    assert_eq!((mine.work, &mine.answer), (plain.work, &plain.answer));
    (mine.work, mine.answer)
}

#[test]
fn phold_has_the_reference_checksum() {
    let sizes = [(1000, 100.0, 100_380, "126e5b133c320ca6"), (100_000, 1.0, 99_550, "6295658001cc36b4")];
    for (lps, until, events, checksum) in sizes {
        let (work, answer) = agreed(phold::engine, phold::baseline, &Args { lps, until, ..NONE });
        assert_eq!((work, answer.as_str()), (events, checksum), "{lps} processes");
    }
}

#[test]
fn the_queue_has_the_reference_mean_wait() {
    for (servers, wait) in [(1, "7.904717284"), (50, "0.064524347")] {
        let (work, answer) = agreed(mmc::engine, mmc::baseline, &Args { servers, customers: 20_000, ..NONE });
        assert_eq!((work, answer.as_str()), (20_000, wait), "{servers} servers");
    }
}

#[test]
fn withdrawals_mixed_delays_and_mass_ties_agree_with_the_plain_loop() {
    for lps in [1, 7, 300, 5000] {
        let until = 60_000.0 / f64::from(lps);
        agreed(churn::engine, churn::baseline, &Args { lps, until, cancel: 0.3, ..NONE });
        agreed(mixed::engine, mixed::baseline, &Args { lps, until: (until / 3.0).min(1000.0), ..NONE }); // 292 years
        agreed(ties::engine, ties::baseline, &Args { lps, until: until / 3.0, ..NONE });
    }
}
