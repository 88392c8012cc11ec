//! What copies bring, against the room of the systems they go to.

use super::Resolver;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Plan, Storage, WorkKind};
use crate::units::{Dimension, display};

impl Resolver<'_> {
    /// A copy must fit into the system it is written to.
    pub(super) fn check_space(&mut self, plan: &Plan) {
        for work in &plan.works {
            let WorkKind::Copy(copy) = &work.kind else { continue };
            let small = |&&to: &&usize| copy.bytes.get() > plan.storages[to].capacity.get();
            if let Some(&to) = copy.to.iter().find(small) {
                let message = format!("'{}' copies more than '{}' holds", work.name, plan.storages[to].name);
                let place = self.key_place("work", &work.name, "bytes");
                self.report(Diagnostic::new("E0508", message).at(&place));
            }
        }
        for (to, storage) in plan.storages.iter().enumerate().filter(|(_, storage)| storage.tier.is_none()) {
            self.check_free(plan, to, storage);
        }
        self.check_loops(plan);
    }

    /// Weights and checkpoints of a loop, against the systems they go to.
    fn check_loops(&mut self, plan: &Plan) {
        for work in &plan.works {
            let WorkKind::Rl(rl) = &work.kind else { continue };
            let published =
                rl.weights.store.map(|s| (s, "weights", "a publish", rl.parameters * rl.bytes_per_parameter));
            let kept = rl.checkpoint.map(|c| {
                (
                    c.storage,
                    "checkpoint",
                    "what it keeps of checkpoints",
                    c.keep as f64 * c.bytes_per_parameter * rl.parameters,
                )
            });
            for (to, key, what, bytes) in published.into_iter().chain(kept) {
                let storage = &plan.storages[to];
                let free = (storage.hard_quota.get() - storage.holds.get()).max(0.0);
                if bytes <= free * (1.0 + 1e-9) {
                    continue;
                }
                let shown = |bytes: f64| display(bytes, Dimension::Bytes);
                let message = format!(
                    "{what} of '{}' has {}, and '{}' has room for {} at the start: the rest is refused, and the loop goes on as if it were there",
                    work.name,
                    shown(bytes),
                    storage.name,
                    shown(free)
                );
                let place = self.key_place("work", &work.name, key);
                self.report(
                    Diagnostic::new("W0618", message).at(&place).help("a larger system, or less that is kept on it"),
                );
            }
        }
    }

    /// What copies bring to a system, against the room there is at the start.
    fn check_free(&mut self, plan: &Plan, to: usize, storage: &Storage) {
        let copies: Vec<_> = plan
            .works
            .iter()
            .filter_map(|work| match &work.kind {
                WorkKind::Copy(copy) if copy.to.contains(&to) => Some((&work.name, copy.bytes.get())),
                _ => None,
            })
            .collect();
        let all: f64 = copies.iter().map(|(_, bytes)| bytes).sum();
        let free = (storage.hard_quota.get() - storage.holds.get()).max(0.0);
        let Some((first, _)) = copies.first().filter(|_| all > free * (1.0 + 1e-9)) else { return };
        if all > storage.capacity.get() && copies.len() == 1 {
            return;
        }
        let shown = |bytes: f64| display(bytes, Dimension::Bytes);
        let who =
            if copies.len() == 1 { format!("'{first}' brings") } else { format!("{} copies bring", copies.len()) };
        let message =
            format!("{who} {} to '{}', which has room for {} at the start", shown(all), storage.name, shown(free));
        let place = self.key_place("work", first, "bytes");
        let found = Diagnostic::new("W0618", message).at(&place);
        let holds = self.place_of("storage", &storage.name);
        self.report(
            found
                .also(&holds, "the system")
                .help("a copy that finds no room for all its bytes never finishes, unless others leave it room first"),
        );
    }
}
