//! What loops send over each direction of each link.

use super::measures::{Measure, Measured};
use super::{Task, World};
use crate::fluid::{MeterId, ResourceId};
use crate::model::ids::WorkId;
use crate::units::SimTime;

impl World {
    /// Meters of what loops send over the WAN, as far as there are any yet.
    pub(super) fn tally_meters(&self) -> impl Iterator<Item = MeterId> {
        self.carriage.tallies()
    }

    /// Wire bytes per step of every loop on every direction of a link that it has used.
    pub(super) fn measure_tallies(&mut self, now: SimTime, out: &mut Measured) {
        let directions: Vec<(String, ResourceId)> = self.directions_by_name();
        for index in 0..self.works.len() {
            let Task::Rl(task) = &mut self.works[index].task else { continue };
            let steps = task.rl.stats(now).steps as f64;
            let name = self.works[index].name.clone();
            for (direction, resource) in &directions {
                let Some(meter) = self.carriage.tally(WorkId::new(index), *resource) else { continue };
                let bytes = self.since_cut(now, meter).total;
                let none = || Measure::None("no step was finished in the measured part".into());
                let each = if steps > 0.0 { Measure::Value(bytes / steps) } else { none() };
                out.kpis.push((format!("rl.{name}.link.{direction}.bytes_per_step"), each));
            }
        }
    }

    /// Every direction that a link has, as `LINK.FROM-to-TO`, and its resource.
    fn directions_by_name(&self) -> Vec<(String, ResourceId)> {
        let mut named = Vec::new();
        for link in self.wan.links() {
            for (d, from, to) in link.directions() {
                let (from, to) = (&self.sites[from.index()].name, &self.sites[to.index()].name);
                named.push((format!("{}.{from}-to-{to}", link.name), link.resources[d]));
            }
        }
        named
    }
}
