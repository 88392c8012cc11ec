//! Results of a scenario text, held to figures worked out by hand.

use crate::world_support::{kpi, plan_with, run};

/// Bytes per second.
pub const GBPS: f64 = 0.125e9;

/// The means of the KPIs of a plan by name.
pub fn results_of(text: &str, overrides: &[&str]) -> impl Fn(&str) -> f64 + use<> {
    let results = run(&plan_with(text, overrides));
    move |name| kpi(&results, name)
}

/// To rounding.
pub fn near(seen: f64, by_hand: f64) {
    assert!((seen - by_hand).abs() <= 1e-9 * by_hand.abs() + 1e-12, "{seen}, by hand {by_hand}");
}
