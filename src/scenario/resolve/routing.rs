//! How routes are chosen.

use super::Resolver;
use crate::scenario::plan::{Disjoint, Routing};
use crate::scenario::read::record::Record;
use crate::units::SimDuration;

/// The rule of a work.
pub(super) fn rule(record: &Record) -> Routing {
    match record.text("routing") {
        Some("ecmp") => Routing::Ecmp,
        Some("disjoint") => Routing::Disjoint,
        _ => Routing::Shortest,
    }
}

/// `ways`, `apart` and `split` of `[wan]`.
pub(super) fn disjoint(wan: &Record) -> Disjoint {
    Disjoint {
        ways: wan.whole("ways").clamp(1, 64) as u32,
        nodes: wan.text("apart") == Some("sites"),
        by_capacity: wan.text("split") != Some("equal"),
    }
}

impl Resolver<'_> {
    /// The cost of a link in routing.
    pub(super) fn metric(&mut self, record: &Record, rtt: f64) -> u64 {
        if let Some(metric) = record.number("metric") {
            return metric as u64;
        }
        let cost = u64::try_from(SimDuration::from_secs_f64(rtt).as_nanos()).unwrap_or(1).max(1);
        self.reader.ledger.derived(record.address_of("metric"), cost.to_string(), "rtt in nanoseconds");
        cost
    }
}
