//! A row for each movement, where a scenario asks for them.

use super::{Carriage, Movement, Purpose};
use crate::fluid::Cause;
use crate::model::paths::LATENCY;
use crate::units::SimTime;

/// A finished movement as a row of the flow record.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowRecord {
    /// Sequence number.
    pub flow: u64,
    /// Order time.
    pub start: SimTime,
    /// Arrival of the last byte; `None` when it did not finish.
    pub finish: Option<SimTime>,
    /// Payload bytes.
    pub bytes: f64,
    /// Cause that held it longest.
    pub cause: Cause,
}

impl Carriage {
    /// Rows of finished movements and, with no finish time, of those still under way.
    pub fn take_records(&mut self) -> Option<Vec<FlowRecord>> {
        let open: Vec<Movement> = self.slots.iter().filter_map(|(_, m)| m.clone()).collect();
        for movement in open {
            self.record(&movement, None);
        }
        let mut rows = self.records.take()?;
        rows.sort_by_key(|r| r.flow);
        Some(rows)
    }

    pub(super) fn record(&mut self, movement: &Movement, finish: Option<SimTime>) {
        let Some(rows) = self.records.as_mut() else { return };
        let cause = movement.longest.unwrap_or(Cause::Named(LATENCY));
        let flow = match movement.order.purpose {
            Purpose::Flow { number, .. } => number,
            _ => movement.number,
        };
        let (start, bytes) = (movement.ordered, movement.order.bytes);
        rows.push(FlowRecord { flow, start, finish, bytes, cause });
    }
}
