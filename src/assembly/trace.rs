//! Traces of a plan as traces of the world.

use std::sync::Arc;

use super::works::transport;
use crate::model::ids::SiteId;
use crate::model::trace::{Trace, TraceParams};
use crate::model::world::Task;
use crate::scenario::plan::{Plan, TraceWork, WorkKind};

/// A trace; `index` is the position of its work.
pub fn task(plan: &Plan, index: usize, work: &TraceWork) -> Task {
    let pairs = work.pairs.iter().map(|&(src, dst)| (SiteId::new(src), SiteId::new(dst))).collect();
    let rows = Arc::clone(&work.rows);
    let first = offset(plan, index);
    Task::Trace(Box::new(Trace::new(TraceParams { rows, pairs, first, transport: transport(&work.transport) })))
}

/// What is added to the numbers of the transfers of the work at `index`, so that several traces do not share numbers; past the last
/// work: the first number that no trace uses.
pub fn offset(plan: &Plan, index: usize) -> u64 {
    let traces = plan.works[..index].iter().filter_map(|work| match &work.kind {
        WorkKind::Trace(trace) => {
            Some(trace.rows.iter().map(|row| row.0).max().map_or(0, |last| last.saturating_add(1)))
        }
        _ => None,
    });
    traces.fold(0, u64::saturating_add)
}
