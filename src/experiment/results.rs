//! What a run yields, ready to be written: the only thing `report` sees.

mod by_way;
pub mod calibration;
pub mod compare;
mod network;
pub mod sweep;
pub mod systems;
pub mod waves;
pub mod what_if;

use systems::SystemRow;
use waves::Waves;
use what_if::WhatIf;

pub use by_way::WayRow;
pub use network::{Network, Place, Way};

/// Something that the reader of results should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Code of what is odd in the scenario, e.g. `W0606`; none for what the run came upon.
    pub code: Option<String>,
    /// What is odd.
    pub message: String,
    /// Address, `file:line:column`, flag, or share of the replications.
    pub at: String,
}

impl Warning {
    /// What a run came upon.
    pub fn of_run(message: impl Into<String>, at: impl Into<String>) -> Self {
        Warning { code: None, message: message.into(), at: at.into() }
    }
}

/// Results of one scenario over all its replications.
#[derive(Clone, Debug)]
pub struct RunResults {
    /// Title of the scenario.
    pub title: String,
    /// File stem, safe as a folder name.
    pub name: String,
    /// Path of the file as given.
    pub file: String,
    /// SHA-256 (hex) of the resolved scenario text and everything it references.
    pub digest: String,
    /// Program version.
    pub version: String,
    /// Root seed.
    pub seed: u64,
    /// `address=value` as given with `--set`.
    pub overrides: Vec<String>,
    /// Replications run.
    pub replications: u32,
    /// Every value that enters the run, sorted by address.
    pub inputs: Vec<Input>,
    /// Simulated seconds per replication.
    pub simulated_s: f64,
    /// Seconds of the warm-up that results leave out.
    pub warmup_s: f64,
    /// The warm-up that `--warmup auto` found, as it would be written; `None` where it was not asked.
    pub settled: Option<String>,
    /// Events handled, all replications together.
    pub events: u64,
    /// KPIs, sorted by name.
    pub kpis: Vec<KpiRow>,
    /// Targets, sorted by name.
    pub targets: Vec<TargetRow>,
    /// Causes per work; shares of a work sum to 1. Sorted by work, then by falling share.
    pub bottlenecks: Vec<Cause>,
    /// Storage systems that are sized, priced or judged by their economics, sorted by name.
    pub systems: Vec<SystemRow>,
    /// What split traffic puts on its ways, by sender and pair, the fullest way first.
    pub by_way: Vec<WayRow>,
    /// Sites and links.
    pub network: Network,
    /// Warnings of the scenario and of the runs.
    pub warnings: Vec<Warning>,
    /// Time series of replication 0, sorted by name.
    pub series: Vec<Series>,
    /// Pooled distributions over all replications, sorted by name.
    pub distributions: Vec<Distribution>,
    /// Flow records of replication 0, sorted by flow; `None` when not asked for.
    pub flows: Option<Vec<FlowRow>>,
    /// The failure study; `None` when none was asked for, or nothing can fail.
    pub what_if: Option<WhatIf>,
    /// Waves that links lack; `None` where the plan states no limit or no demand.
    pub waves: Option<Waves>,
}

/// One KPI over the replications, in its base unit (seconds, bytes, bytes/s, GPUs, share).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KpiRow {
    /// Full name with stat.
    pub name: String,
    /// Unit word of the registry (`s`, `B`, `B/s`, `1`, `GPU`, …).
    pub unit: String,
    /// Mean over replications; `None` with a reason when no replication has a value.
    pub mean: Option<f64>,
    /// Student-t 95 % interval of the mean; `None` when fewer than two replications have a value
    /// and the KPI is not deterministic.
    pub ci95: Option<[f64; 2]>,
    /// Quantiles over replications; `None` below 20 replications.
    pub p5: Option<f64>,
    /// Median over replications.
    pub p50: Option<f64>,
    /// 95th percentile over replications.
    pub p95: Option<f64>,
    /// 95 % intervals of these three quantiles, from order statistics; `None` where replications are too few for one.
    pub quantiles_ci95: [Option<[f64; 2]>; 3],
    /// Replications with a value.
    pub n: u32,
    /// Why there is no value; with one, a word on it.
    pub reason: Option<String>,
    /// Values in the order of replications, NaN where one has none; empty where they are not kept.
    pub values: Vec<f64>,
}

impl KpiRow {
    /// Whether its mean is one of some of so many replications only, a selection.
    pub fn is_partial(&self, replications: u32) -> bool {
        self.mean.is_some() && self.n < replications
    }
}

/// Something that was not compared with a baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncompared {
    /// Its name: a target, or `scenario` for all of them.
    pub name: String,
    /// Why.
    pub why: String,
    /// Whether that is an error: the baseline is there and cannot be used.
    pub refused: bool,
}

/// A value that enters a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    /// Address, e.g. `link.phx-dal.capacity`.
    pub address: String,
    /// Value as a planner would write it.
    pub value: String,
    /// Who says so: `file`, `command line`, `part`, `default`, or `derived` from others.
    pub from: String,
}

/// The row of a KPI: no stat means the mean, so `x.mean` is the row `x`.
pub fn row_name(kpi: &str) -> &str {
    kpi.strip_suffix(".mean").unwrap_or(kpi)
}

/// A judged target.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetRow {
    /// Name.
    pub name: String,
    /// KPI.
    pub kpi: String,
    /// `at_most`, `at_least` or `within`.
    pub rule: String,
    /// Limit in the base unit (for `within`: the value).
    pub limit: f64,
    /// Half width for `within`.
    pub tolerance: Option<f64>,
    /// Measured mean.
    pub value: Option<f64>,
    /// Its interval.
    pub ci95: Option<[f64; 2]>,
    /// Verdict.
    pub verdict: Verdict,
    /// Published source.
    pub source: Option<String>,
    /// Unit of the KPI.
    pub unit: String,
}

/// Verdict on a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The whole interval lies inside the limit.
    Pass,
    /// The whole interval lies outside.
    Fail,
    /// The interval straddles the limit, or there is no value.
    Inconclusive,
}

/// A cause and the share of a work's flow time it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// Work.
    pub work: String,
    /// Resource name or pseudo-cause.
    pub cause: String,
    /// Share, 0…1.
    pub share: f64,
}

/// A time series: means over equal bins, or samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// KPI-like name, e.g. `link.phx-dal.phoenix-to-dallas.utilisation`, `storage.S.read_rate`, `storage.S.read_saturated`,
    /// `fleet.F.available`.
    pub name: String,
    /// Unit word.
    pub unit: String,
    /// End of each bin in seconds from the start.
    pub t_s: Vec<f64>,
    /// Values; NaN where there is none.
    pub values: Vec<f64>,
}

/// A pooled distribution, as a cumulative curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// KPI name without stat, e.g. `rl.online.feedback_time`.
    pub name: String,
    /// Unit word.
    pub unit: String,
    /// The limit that belongs to it (the feedback target), if any.
    pub limit: Option<f64>,
    /// Rising values.
    pub values: Vec<f64>,
    /// Share of samples in (previous value, this value]; sums to 1.
    pub shares: Vec<f64>,
}

/// A recorded flow.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowRow {
    /// Sequence number in the run.
    pub flow: u64,
    /// Start, seconds.
    pub start_s: f64,
    /// Finish, seconds; `None` when it did not finish.
    pub finish_s: Option<f64>,
    /// Bytes.
    pub bytes: f64,
    /// Cause that held it longest.
    pub bottleneck: String,
}
