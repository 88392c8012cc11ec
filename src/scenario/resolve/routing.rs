//! How routes are chosen.

use super::Resolver;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Disjoint, Engineering, Plan, Recovery, Routing, Work, WorkKind};
use crate::scenario::read::record::Record;
use crate::units::SimDuration;

/// The rule of a work.
pub(super) fn rule(record: &Record) -> Routing {
    match record.text("routing") {
        Some("ecmp") => Routing::Ecmp,
        Some("disjoint") => Routing::Disjoint,
        Some("engineered") => Routing::Engineered,
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

/// `engineered_ways` and `engineered_every` of `[wan]`.
pub(super) fn engineering(wan: &Record) -> Engineering {
    Engineering {
        ways: wan.whole("engineered_ways").clamp(1, 64) as u32,
        every: SimDuration::from_secs_f64(wan.num("engineered_every")),
    }
}

impl Resolver<'_> {
    /// A limit of utilisation asks nothing where no demand stands on a link.
    pub(super) fn unused_limit(&mut self, plan: &Plan) {
        let lacking = if plan.links.is_empty() { "links" } else { "standing demand ([demand.NAME])" };
        if plan.utilisation_limit.is_some() && (plan.links.is_empty() || plan.standing.is_empty()) {
            let message = format!("'utilisation_limit' has no effect: the plan has no {lacking}");
            let place = self.wan.place_of("utilisation_limit").clone();
            self.report(Diagnostic::new("W0609", message).at(&place));
        }
    }

    /// A first window for all works asks nothing where none of them starts slowly.
    pub(super) fn unused_slow_start(&mut self, plan: &Plan) {
        let of = |work: &Work| match &work.kind {
            WorkKind::Copy(copy) => copy.transport.recovery,
            WorkKind::Io(io) => io.transport.recovery,
            WorkKind::Trace(trace) => trace.transport.recovery,
            WorkKind::Rl(rl) => rl.transport.recovery,
        };
        let slow = plan.works.iter().any(|work| matches!(of(work), Recovery::LossBased { .. }));
        if !slow && self.wan.wrote("initial_window") && self.wan.whole("initial_window") > 0 {
            let message = "'initial_window' has no effect: no work sends over a transport that starts slowly";
            let place = self.wan.place_of("initial_window").clone();
            let found = Diagnostic::new("W0609", message).at(&place);
            self.report(found.help("TCP does (`tcp-9000`); RDMA sends a window at once"));
        }
    }

    /// A metric on some links and the round trip on others are not of one scale.
    pub(super) fn check_metrics(&mut self) {
        let links = self.records("link");
        let [with, without] = [true, false].map(|has| links.iter().find(|link| link.wrote("metric") == has));
        let (Some(with), Some(without)) = (with, without) else { return };
        let (place, other) = (with.place_of("metric").clone(), without.place.clone());
        let found = Diagnostic::new(
            "W0623",
            format!(
                "link '{}' has a metric, and '{}' has none: its round trip in nanoseconds counts",
                with.name, without.name
            ),
        );
        self.report(found.at(&place).also(&other, "without a metric").help("state 'metric' on all links or on none"));
    }

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
