//! What a failure study yields.

/// A round trip without and with a failure, seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Latency {
    /// `A-to-B`.
    pub pair: String,
    /// Without.
    pub before: f64,
    /// With.
    pub after: f64,
    /// When, seconds after the start: what is installed and in service changes by date. The first of equals.
    pub at_s: f64,
}

/// A value that something has at some time.
#[derive(Clone, Debug, PartialEq)]
pub struct At {
    /// What has it.
    pub what: String,
    /// Value.
    pub value: f64,
    /// When, seconds after the start; the first of equals.
    pub at_s: f64,
}

/// A study over a set of failures.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct WhatIf {
    /// Distinct spans of the run, by what is in service and what demand offers, that were looked at; `None` without demand.
    pub spans: Option<usize>,
    /// How many times such a span was left out for a failure, because another one has at least as much of every demand.
    pub left_out: usize,
    /// Whether utilisation is that of the simulation; otherwise what demand offers in the worst span.
    pub simulated: bool,
    /// One row per failure, in order of the set.
    pub failures: Vec<FailureRow>,
    /// One row per direction of a link, the most loaded one first.
    pub links: Vec<LinkRow>,
    /// One row per work, in order of work.
    pub works: Vec<WorkRow>,
}

/// The network and the works under one failure.
#[derive(Clone, Debug, PartialEq)]
pub struct FailureRow {
    /// What is down, as an address: `link.phx-dal`, `risk_group.conduit`, `site.dallas`, `link.a + link.b`.
    pub failed: String,
    /// Direction with the highest utilisation, e.g. `link.phx-ric.phoenix-to-richmond`; none without a link that is up.
    pub worst_link: Option<String>,
    /// That utilisation: the mean of the simulation, or of a plan without works what demand offers over
    /// capacity in the worst span, which may exceed 1.
    pub worst_utilisation: Option<f64>,
    /// Demand that is not delivered, wire bytes per second: the mean of the simulation, or of a plan without works in
    /// the worst span.
    pub unserved: f64,
    /// When utilisation is that, seconds after the start; `None` for a mean.
    pub utilisation_at_s: Option<f64>,
    /// When most is not delivered, seconds after the start; `None` for a mean, and where all is delivered.
    pub unserved_at_s: Option<f64>,
    /// What demand alone offers in the worst span to the direction it fills most; `None` without demand.
    pub offered: Option<At>,
    /// The pair of sites whose round trip grows most, of those that send to each other; `None` where none grows.
    pub latency: Option<Latency>,
    /// What it costs the works.
    pub works: Vec<WorkCost>,
}

/// One KPI of a work, without and with a failure.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkCost {
    /// Work.
    pub work: String,
    /// Full KPI name.
    pub kpi: String,
    /// Unit word of the registry.
    pub unit: String,
    /// Mean over replications without the failure; `None` without a value.
    pub base: Option<f64>,
    /// Mean over replications with the failure; `None` without a value.
    pub value: Option<f64>,
    /// Student-t 95 % interval of the difference (value − base), paired by replication: both use the same random numbers.
    pub change_ci95: Option<[f64; 2]>,
    /// How much worse, as a share of the base: positive is worse; infinite when the base has a value and the failure
    /// leaves none; `None` when nothing can be said.
    pub harm: Option<f64>,
    /// Why there is no value.
    pub reason: Option<String>,
}

/// The worst that the failures do to one direction of a link.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkRow {
    /// Direction, e.g. `link.phx-ric.phoenix-to-richmond`.
    pub link: String,
    /// Mean utilisation without a failure.
    pub base: f64,
    /// The failures that load it most, the worst first, with the utilisation under each.
    pub culprits: Vec<(String, f64)>,
}

/// The failures that harm a work most.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkRow {
    /// Work.
    pub work: String,
    /// KPI by which they are ranked.
    pub kpi: String,
    /// Unit word of the registry.
    pub unit: String,
    /// Value without a failure.
    pub base: Option<f64>,
    /// Failure, value under it, harm; the worst first, only those that harm.
    pub culprits: Vec<(String, Option<f64>, f64)>,
}
