//! Numbers of one replication.

use apollo_sim::model::world::{Measure, Measured};

/// Value of a KPI in one replication; `None` where it has none.
pub fn value(measured: &Measured, name: &str) -> Option<f64> {
    let (_, measure) = measured.kpis.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no KPI '{name}'"));
    match measure {
        Measure::Value(value) => Some(*value),
        Measure::None(_) => None,
    }
}
