//! The table of KPIs: names, units, formulas, definitions.

use super::{demand, economics, namespace, operations, path, rl, rl_modes, storage, tenant, turns, world};
use crate::units::Dimension;

/// A statistic inside one replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stat {
    /// Mean, over samples or over time.
    Mean,
    /// Median.
    P50,
    /// 95th percentile.
    P95,
    /// 99th percentile.
    P99,
    /// Largest value.
    Max,
    /// Smallest value.
    Min,
    /// Share of samples for which the measure holds.
    Fraction,
}

impl Stat {
    /// The word in a KPI name.
    pub fn word(self) -> &'static str {
        match self {
            Stat::Mean => "mean",
            Stat::P50 => "p50",
            Stat::P95 => "p95",
            Stat::P99 => "p99",
            Stat::Max => "max",
            Stat::Min => "min",
            Stat::Fraction => "fraction",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        [Stat::Mean, Stat::P50, Stat::P95, Stat::P99, Stat::Max, Stat::Min, Stat::Fraction]
            .into_iter()
            .find(|s| s.word() == word)
    }
}

/// One row of the registry.
#[derive(Clone, Copy, Debug)]
pub struct Kpi {
    /// Name with `*` for the entity, without stat: `storage.*.read_efficiency`, `link.*.*.utilisation`.
    pub pattern: &'static str,
    /// Unit word of results: `s`, `B`, `B/s`, `1`, `GPU`, `op/s`, `tok/s`, `W`, `version`, `date`, `step`, `rack`, `USD`.
    pub unit: &'static str,
    /// How the limit of a target is written.
    pub dimension: Dimension,
    /// The stats a name may end with. Empty: one number per replication, without stat. Where it holds
    /// [`Stat::Mean`], a name without stat means the mean; otherwise a stat must be written.
    pub stats: &'static [Stat],
    /// Formula.
    pub formula: &'static str,
    /// Definition.
    pub definition: &'static str,
}

/// One number per replication, without stat.
pub(super) const NONE: &[Stat] = &[];
/// A share of samples.
pub(super) const SHARE: &[Stat] = &[Stat::Fraction];
/// Over many samples.
pub(super) const SAMPLES: &[Stat] = &[Stat::Mean, Stat::P50, Stat::P95, Stat::P99, Stat::Max];
/// Over a law, which has no largest value.
pub(super) const LAW: &[Stat] = &[Stat::Mean, Stat::P50, Stat::P95, Stat::P99];
/// Over time bins or few samples.
pub(super) const BINS: &[Stat] = &[Stat::Mean, Stat::P95, Stat::Max];

/// A row, in the order of its fields.
pub(super) const fn kpi(
    pattern: &'static str,
    unit: &'static str,
    dimension: Dimension,
    stats: &'static [Stat],
    formula: &'static str,
    definition: &'static str,
) -> Kpi {
    Kpi { pattern, unit, dimension, stats, formula, definition }
}

/// All KPIs in the order they are documented.
pub(super) const ALL: &[&[Kpi]] = &[
    storage::STORAGE,
    operations::OPERATIONS,
    economics::ACCOUNTS,
    economics::ECONOMICS,
    tenant::TENANT,
    namespace::NAMESPACE,
    world::WAN,
    demand::DEMAND,
    path::PATH,
    world::WORK,
    world::LOADER,
    rl::RL,
    rl::RL_SIZES,
    rl_modes::RL_MODES,
    rl::RL_USERS,
    rl::RL_SLOWEST,
    turns::RL_TURNS,
    world::FLEET,
    world::SITE,
];
