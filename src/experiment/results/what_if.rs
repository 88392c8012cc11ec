//! What a failure study yields.

/// A study over a set of failures.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct WhatIf {
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
    /// Direction with the highest mean utilisation, e.g. `link.phx-ric.phoenix-to-richmond`; none without a link that is up.
    pub worst_link: Option<String>,
    /// That utilisation, 0…1.
    pub worst_utilisation: Option<f64>,
    /// Demand that is not delivered, bytes per second.
    pub unserved: f64,
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
