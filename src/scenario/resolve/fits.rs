//! What copies bring, against the room of the systems they go to.

use super::Resolver;
use super::fits_together::weight_bytes;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Plan, Storage, Work, WorkKind};
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
        self.check_together(plan);
    }

    /// Weights and checkpoints of a loop, against what it may keep on the systems they go to.
    fn check_loops(&mut self, plan: &Plan) {
        for work in &plan.works {
            let WorkKind::Rl(rl) = &work.kind else { continue };
            let [full, chain] = weight_bytes(plan, rl);
            if let Some(to) = rl.weights.store {
                let fits = self.check_kept(plan, work, to, ("weights", "a publish of the full weights", full));
                if fits && rl.weights.delta {
                    self.check_chain(plan, work, to, chain);
                }
            }
            if let Some(c) = &rl.checkpoint {
                let bytes = c.keep as f64 * c.bytes_per_parameter * rl.parameters;
                self.check_kept(plan, work, c.storage, ("checkpoint", "what is kept of the checkpoints", bytes));
            }
        }
    }

    /// Room that a work finds on a system at the start, under the limits of the system and of its own tenant and view. What lies there then
    /// stays, so there is never more.
    fn room_of(plan: &Plan, work: &Work, to: usize) -> f64 {
        let storage = &plan.storages[to];
        let tenant = storage.lanes.iter().filter(|lane| lane.tenant.is_some() && lane.tenant == work.tenant);
        let views = work.views.iter().filter(|(of, _)| *of == to).map(|&(_, view)| &storage.lanes[view]);
        let own = tenant.chain(views).filter_map(|l| l.quota.hard.map(|hard| hard.get() - l.quota.holds.get()));
        own.fold(storage.hard_quota.get() - storage.holds.get(), f64::min).max(0.0)
    }

    /// What can never lie where it is to be kept. Returns whether it can.
    fn check_kept(
        &mut self,
        plan: &Plan,
        work: &Work,
        to: usize,
        (key, what, bytes): (&'static str, &str, f64),
    ) -> bool {
        let room = Self::room_of(plan, work, to);
        if bytes <= room * (1.0 + 1e-9) {
            return true;
        }
        let [bytes, room] = [bytes, room].map(|bytes| display(bytes, Dimension::Bytes));
        let name = &plan.storages[to].name;
        let message = format!("{what} of '{}' has {bytes}, and '{name}' has room for {room} of it", work.name);
        let place = self.key_place("work", &work.name, key);
        let system = self.place_of("storage", name);
        let found =
            Diagnostic::new("E0508", message).at(&place).also(&system, "the system, its quotas and what it holds");
        self.report(found.help("a larger system or quota, or less that is kept on it"));
        false
    }

    /// Deltas come beside the last full weights until the next take their place.
    fn check_chain(&mut self, plan: &Plan, work: &Work, to: usize, chain: f64) {
        let room = Self::room_of(plan, work, to);
        if chain <= room * (1.0 + 1e-9) {
            return;
        }
        let [chain, room] = [chain, room].map(|bytes| display(bytes, Dimension::Bytes));
        let message = format!(
            "full weights of '{}' and the deltas until the next have {chain}, and '{}' has room for {room}: the deltas that find none are refused, \
             and full weights are sent after each",
            work.name, plan.storages[to].name
        );
        let place = self.key_place("work", &work.name, "weights");
        self.report(Diagnostic::new("W0618", message).at(&place).help("a larger store, or a smaller 'full_every'"));
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
