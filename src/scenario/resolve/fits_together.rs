//! What several works, or several parts of one, bring to the same system: each may fit alone, and not all of them.

use super::Resolver;
use super::rl_times::deltas_until_full;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Lane, Plan, RlWork, Storage, Work, WorkKind};
use crate::units::{Dimension, display};

/// What a work brings to a system.
struct Brought<'a> {
    work: &'a Work,
    key: &'static str,
    what: &'static str,
    /// Bytes that lie there for good once they are written; 0 of what may never come to lie there.
    lasting: f64,
    /// Bytes at most.
    most: f64,
}

/// Bytes of full weights, and with the deltas until the next.
pub(super) fn weight_bytes(plan: &Plan, rl: &RlWork) -> [f64; 2] {
    let full = rl.parameters * rl.bytes_per_parameter;
    [full, full + deltas_until_full(plan, rl)]
}

/// All that works bring to a system.
fn brought(plan: &Plan, to: usize) -> Vec<Brought<'_>> {
    let mut all = Vec::new();
    for work in &plan.works {
        match &work.kind {
            WorkKind::Copy(copy) if copy.to.contains(&to) => {
                let most = copy.bytes.get();
                all.push(Brought { work, key: "bytes", what: "the copy", lasting: 0.0, most });
            }
            WorkKind::Rl(rl) => {
                if rl.weights.store == Some(to) {
                    let [lasting, most] = weight_bytes(plan, rl);
                    all.push(Brought { work, key: "weights", what: "the weights", lasting, most });
                }
                if let Some(c) = rl.checkpoint.as_ref().filter(|c| c.storage == to) {
                    let bytes = c.keep as f64 * c.bytes_per_parameter * rl.parameters;
                    let what = "the checkpoints";
                    all.push(Brought { work, key: "checkpoint", what, lasting: bytes, most: bytes });
                }
            }
            _ => {}
        }
    }
    all
}

impl Resolver<'_> {
    /// What is brought to a system together, under its own limits and under those of each tenant and view of it.
    pub(super) fn check_together(&mut self, plan: &Plan) {
        for (to, storage) in plan.storages.iter().enumerate().filter(|(_, storage)| storage.tier.is_none()) {
            let all = brought(plan, to);
            let own = |lane: usize| {
                let of = &storage.lanes[lane];
                let tenant = move |work: &Work| of.tenant.is_some() && of.tenant == work.tenant;
                all.iter().filter(move |b| tenant(b.work) || b.work.views.contains(&(to, lane))).collect()
            };
            let limited = |(_, lane): &(usize, &Lane)| lane.quota.hard.is_some();
            let lanes = storage.lanes.iter().enumerate().filter(limited).map(|(at, lane)| {
                let room = lane.quota.hard.map_or(f64::INFINITY, |hard| hard.get() - lane.quota.holds.get());
                (room.max(0.0), own(at))
            });
            let system = ((storage.hard_quota.get() - storage.holds.get()).max(0.0), all.iter().collect());
            let groups: Vec<(f64, Vec<&Brought<'_>>)> = lanes.chain([system]).collect();
            for (room, group) in groups {
                if self.check_group(storage, room, &group) {
                    break;
                }
            }
        }
    }

    /// Whether there was something to say about what shares this room. What does not fit alone is said elsewhere, and so is what copies bring.
    fn check_group(&mut self, storage: &Storage, room: f64, group: &[&Brought<'_>]) -> bool {
        let room = room * (1.0 + 1e-9);
        let lasting: f64 = group.iter().map(|b| b.lasting).sum();
        let most: f64 = group.iter().map(|b| b.most).sum();
        let copied: f64 = group.iter().filter(|b| b.lasting == 0.0).map(|b| b.most).sum();
        let alone = group.iter().any(|b| b.lasting > room);
        if alone || group.len() < 2 || most <= room {
            return false;
        }
        if lasting > room {
            let found = self.together(storage, "E0508", group, (room, |b| b.lasting));
            self.report(
                found.help("a larger system or quota, another store for one of them, or less that is kept on it"),
            );
            return true;
        }
        if lasting == 0.0 || copied > room || group.iter().any(|b| b.most > room) {
            return false;
        }
        let found = self.together(storage, "W0618", group, (room, |b| b.most));
        self.report(found.help(
            "a larger store, another one for one of them, or a smaller 'full_every': deltas and checkpoints that find no room are refused, a copy waits",
        ));
        true
    }

    fn together(
        &self,
        storage: &Storage,
        code: &'static str,
        group: &[&Brought<'_>],
        (room, of): (f64, fn(&Brought<'_>) -> f64),
    ) -> Diagnostic {
        let shown = |bytes: f64| display(bytes, Dimension::Bytes);
        let those: Vec<&&Brought<'_>> = group.iter().filter(|b| of(b) > 0.0).collect();
        let named: Vec<String> =
            those.iter().map(|b| format!("{} of '{}' ({})", b.what, b.work.name, shown(of(b)))).collect();
        let (last, before) = named.split_last().map_or(("", &[][..]), |(last, before)| (last.as_str(), before));
        let sum: f64 = those.iter().map(|b| of(b)).sum();
        let (joined, name) = (before.join(", "), &storage.name);
        let message = format!(
            "{joined} and {last} have {} together, and '{name}' has room for {} of it",
            shown(sum),
            shown(room)
        );
        let places: Vec<_> = those.iter().map(|b| self.key_place("work", &b.work.name, b.key)).collect();
        let system = self.place_of("storage", name);
        let mut found = Diagnostic::new(code, message);
        if let Some((first, others)) = places.split_first() {
            found = found.at(first);
            found = others.iter().fold(found, |found, place| found.also(place, "and this"));
        }
        found.also(&system, "the system, its quotas and what it holds")
    }
}
