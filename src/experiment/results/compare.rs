//! Two runs against one another, as they are shown.

use super::{Input, KpiRow, RunResults, TargetRow, Verdict};

/// One of the two runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// Scenario file, or folder that its results lie in.
    pub name: String,
    /// Title of the scenario.
    pub title: String,
    /// Digest of the resolved scenario.
    pub digest: String,
    /// Program version.
    pub version: String,
    /// Root seed.
    pub seed: u64,
    /// Replications.
    pub replications: u32,
    /// Every value that enters it, sorted by address.
    pub inputs: Vec<Input>,
    /// KPIs, sorted by name, with their values by replication.
    pub kpis: Vec<KpiRow>,
    /// Targets, sorted by name.
    pub targets: Vec<TargetRow>,
}

impl Side {
    /// A run as a side.
    pub fn of(run: RunResults, name: &str) -> Side {
        Side {
            name: name.to_owned(),
            title: run.title,
            digest: run.digest,
            version: run.version,
            seed: run.seed,
            replications: run.replications,
            inputs: run.inputs,
            kpis: run.kpis,
            targets: run.targets,
        }
    }

    /// The row of a KPI.
    pub fn kpi(&self, name: &str) -> Option<&KpiRow> {
        self.kpis.binary_search_by(|row| row.name.as_str().cmp(name)).ok().map(|at| &self.kpis[at])
    }
}

/// Two runs against one another; B less A.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The first run, without its KPIs and inputs.
    pub a: Side,
    /// The second.
    pub b: Side,
    /// Whether replications are paired.
    pub paired: bool,
    /// Inputs that differ, sorted by address.
    pub inputs: Vec<Changed>,
    /// KPIs with a value on either side, sorted by name.
    pub kpis: Vec<Difference>,
    /// Rules and what became of them.
    pub rules: Vec<Judged>,
}

/// An input that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Address.
    pub address: String,
    /// Value in A and who says so; `None` where A has none.
    pub a: Option<Input>,
    /// The same in B.
    pub b: Option<Input>,
}

/// A KPI on both sides, in its base unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Full name with stat.
    pub name: String,
    /// Unit word of the registry.
    pub unit: String,
    /// Mean of A over the replications compared; `None` without a value.
    pub a: Option<f64>,
    /// Mean of B.
    pub b: Option<f64>,
    /// B less A; `None` where one side has no value.
    pub difference: Option<f64>,
    /// Its 95 % interval; `None` where no spread can be seen.
    pub ci95: Option<[f64; 2]>,
    /// Pairs compared; where the runs are independent, the values of the side that has fewer.
    pub n: u32,
    /// Why a side has no value.
    pub reason: Option<String>,
}

impl Difference {
    /// A quantity of the difference over |A|; `None` where A is zero or has no value.
    pub fn relative(&self, of: f64) -> Option<f64> {
        let a = self.a.filter(|a| *a != 0.0)?.abs();
        Some(of / a)
    }

    /// The same, with an infinite share of zero; nothing is no share of it.
    pub fn share(&self, of: f64) -> f64 {
        match self.relative(of) {
            Some(share) => share,
            None if of == 0.0 => 0.0,
            None => f64::INFINITY.copysign(of),
        }
    }

    /// Whether both sides have the same value, up to the rounding of sums.
    pub fn is_none(&self) -> bool {
        let size = self.a.unwrap_or(0.0).abs().max(self.b.unwrap_or(0.0).abs());
        let same = |x: f64| x.abs() <= ROUNDING * size;
        self.difference.is_some_and(same) && self.ci95.is_none_or(|ci| ci.into_iter().all(same))
    }

    /// Whether the interval leaves out zero.
    pub fn is_sure(&self) -> bool {
        self.ci95.is_some_and(|[low, high]| low > 0.0 || high < 0.0)
    }
}

/// Differences below this share of a value are the rounding of sums.
const ROUNDING: f64 = 1e-12;

/// What a difference must not do.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// As written.
    pub text: String,
    /// Full KPI name with stat.
    pub kpi: String,
    /// Broken above the limit; below it otherwise.
    pub above: bool,
    /// Limit of the difference.
    pub limit: Limit,
}

/// Limit of a difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// In the base unit of the KPI.
    Absolute(f64),
    /// As a share of |A|.
    Relative(f64),
}

/// A rule and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The rule.
    pub rule: Rule,
    /// The difference as the limit counts it; `None` without one.
    pub value: Option<f64>,
    /// Its interval.
    pub ci95: Option<[f64; 2]>,
    /// Pass: the whole interval keeps the rule. Fail: none of it does.
    pub verdict: Verdict,
    /// Why there is no value.
    pub reason: Option<String>,
}
