//! What split traffic has put on each of its ways.

use super::World;
use super::measures::Measured;
use crate::model::carriage::Sender;
use crate::units::SimTime;

/// Bytes of a sender over one way.
#[derive(Clone, Debug, PartialEq)]
pub struct ByWay {
    /// `work.NAME` or `demand.NAME`.
    pub sender: String,
    /// Names of the first and the last site.
    pub ends: (String, String),
    /// Links in order.
    pub way: String,
    /// Payload bytes of works, wire bytes of demand, in the measured part.
    pub bytes: f64,
    /// Seconds of it in which something moved on this way.
    pub active_s: f64,
}

impl World {
    pub(super) fn measure_split(&mut self, now: SimTime, out: &mut Measured) {
        let all: Vec<_> = self.carriage.ways().collect();
        for (sender, way, meter) in all {
            let Some(((from, to), links)) = self.wan.way(way) else { continue };
            let reading = self.since_cut(now, meter);
            let sender = match sender {
                Sender::Work(work) => format!("work.{}", self.works[work.index()].name),
                Sender::Demand(demand) => format!("demand.{}", self.demands[demand.index()].params.name),
            };
            let name = |site: crate::model::ids::SiteId| self.sites[site.index()].name.clone();
            let (bytes, active_s) = (reading.total, reading.active_s);
            out.ways.push(ByWay { sender, ends: (name(from), name(to)), way: links, bytes, active_s });
        }
    }
}
