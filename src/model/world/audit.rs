//! Laws that hold at every instant, whatever happens: for tests that look at a world while it runs.

use super::{Task, World};
use crate::model::ids::WorkId;
use crate::model::storage::space::WHOLE;
use crate::units::SimTime;

/// Relative slack for sums of many rounded numbers.
const ROUNDING: f64 = 1e-6;

impl World {
    /// Checks every law of conservation and returns the violations in words; none in a sound world.
    ///
    /// - a resource carries at most its capacity;
    /// - every unit of a fleet is in exactly one place;
    /// - a write buffer holds between nothing and its room, and a system no more than its capacity and quota;
    /// - bytes acknowledged to writers are in the buffer or on the media;
    /// - trajectories admitted to a loop and neither lost nor dropped are on engines, on their way, at the trainer, or
    ///   consumed;
    /// - nobody passes on what has not been sent to him.
    pub fn audit(&mut self, now: SimTime) -> Vec<String> {
        let mut found = Vec::new();
        for (name, load, capacity) in self.loads() {
            if load > capacity * (1.0 + ROUNDING) {
                found.push(format!("{now}: {name} carries {load} of {capacity}"));
            }
        }
        for fleet in self.fleets.iter().filter(|f| !f.is_consistent()) {
            found.push(format!("{now}: fleet {} has lost count of its units", fleet.name()));
        }
        for storage in &self.storages {
            let fill = storage.buffer.as_ref().map_or(0.0, super::super::storage::buffer::Buffer::fill);
            if !(0.0..=1.0).contains(&fill)
                || storage.space.used(WHOLE) > storage.space.params.whole.hard * (1.0 + ROUNDING)
            {
                found.push(format!("{now}: storage {} holds more than it can", storage.params.name));
            }
        }
        for id in 0..self.storages.len() {
            found.extend(self.audit_writes(now, id));
        }
        for id in 0..self.works.len() {
            found.extend(self.audit_legs(now, WorkId::new(id)));
        }
        for work in &self.works {
            let Task::Rl(task) = &work.task else { continue };
            let balance = task.rl.balance();
            let sum = balance.in_flight + balance.open + balance.consumed;
            if (balance.admitted - sum).abs() > ROUNDING * sum.max(1.0) {
                found.push(format!("{now}: loop {} has {} trajectories, not {sum}", work.name, balance.admitted));
            }
        }
        found
    }

    /// No leg is ahead of the one that brings what it passes on.
    fn audit_legs(&mut self, now: SimTime, id: WorkId) -> Option<String> {
        let legs = self.legs(id)?.clone();
        let name = self.works[id.index()].name.clone();
        let behind = |at: usize| Some((at, legs[at].after?));
        let ahead = (0..legs.len()).filter_map(behind).find(|&(at, before)| {
            let [own, before] = [at, before].map(|leg| self.progress(now, id, leg).map_or(0.0, |p| p.sent));
            own > before + ROUNDING * legs[at].bytes
        });
        ahead.map(|(at, before)| format!("{now}: leg {at} of {name} is ahead of leg {before}, which feeds it"))
    }

    /// Bytes acknowledged to writers are in the buffer or on the media.
    fn audit_writes(&mut self, now: SimTime, index: usize) -> Option<String> {
        let params = self.storages[index].params.clone();
        let (ns, m) = (now.as_nanos(), params.meters);
        let media = *params.written.first()?;
        // What a client byte becomes on media: its share of a stripe after reduction, or itself without a write path.
        let uses = if params.migration.is_empty() { &params.write } else { &params.migration };
        let (_, each) = uses.iter().find(|(resource, _)| *resource == media)?;
        let sharing = &mut self.carriage.sharing;
        let carried = sharing.carried(ns, media) / each;
        let stored = carried - sharing.meter(ns, m.rebuild).total / each;
        let (ingest, migrated) = (sharing.meter(ns, m.ingest).total, sharing.meter(ns, m.migration).total);
        let written = sharing.meter(ns, m.write).total;
        let buffered = self.storages[index].buffer.as_ref().map_or(0.0, |b| b.level_at(ingest, migrated));
        // Flows end on whole nanoseconds, so each may leave some bytes of one on the counters.
        let ticks = 1e-6 * sharing.capacity(media) / each;
        let sound = (stored + buffered - written).abs() <= ROUNDING * (carried + buffered) + ticks;
        let words = || format!("{now}: storage {} took {written}, stored {stored}, buffers {buffered}", params.name);
        (!sound).then(words)
    }

    /// Every resource with its present load and capacity, in units per second.
    pub fn loads(&mut self) -> Vec<(String, f64, f64)> {
        let sharing = &mut self.carriage.sharing;
        let all = sharing.resources().zip(&self.names).map(|(r, name)| (r, name.clone())).collect::<Vec<_>>();
        all.into_iter().map(|(r, name)| (name, sharing.load(r), sharing.capacity(r))).collect()
    }
}
