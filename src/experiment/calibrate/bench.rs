//! Measured rows as experiments of the simulator.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;

use crate::assembly;
use crate::engine::EngineError;
use crate::model::ids::WorkId;
use crate::model::world::Measure;
use crate::scenario::measured::Row;
use crate::scenario::plan::{IoWork, Pattern, Plan, Work, WorkKind};
use crate::scenario::{Coefficient, Draft};
use crate::units::{Bytes, SimDuration, SimTime, print};

/// Rate and time of an operation that the simulator gives for a row.
#[derive(Clone, Copy, Debug)]
pub struct Predicted {
    /// Payload bytes per second.
    pub rate: f64,
    /// Seconds.
    pub latency: f64,
}

/// Why a row has no prediction.
#[derive(Clone, Debug)]
pub enum Missing {
    /// Raised from outside.
    Interrupted,
    /// What the simulator says.
    Reason(String),
}

/// The scenario with one work on one system, which each row sets in its own way.
pub struct Bench<'a> {
    /// The scenario.
    pub draft: &'a Draft,
    /// Index of the `io` work in its plan.
    pub work: usize,
    /// Rows.
    pub rows: &'a [Row],
    /// Raised from outside to stop.
    pub interrupt: Arc<AtomicBool>,
    /// Simulations so far.
    pub simulations: AtomicU64,
}

impl Bench<'_> {
    /// Predictions for some rows with these values of some coefficients.
    ///
    /// # Errors
    /// The first row without a prediction, or why the scenario does not admit the values.
    pub fn predict(
        &self,
        coefficients: &[Coefficient],
        values: &[f64],
        rows: &[usize],
    ) -> Result<Vec<Predicted>, Missing> {
        let set = |(c, value): (&Coefficient, &f64)| format!("{}={}", c.address, print(*value, c.dim));
        let arguments: Vec<String> = coefficients.iter().zip(values).map(set).collect();
        let (plan, _) = self.draft.plan(&arguments).map_err(|found| {
            Missing::Reason(found.first().map_or_else(String::new, |diagnostic| diagnostic.message.clone()))
        })?;
        let plan = alone(plan, self.work);
        rows.par_iter().map(|row| self.run(&plan, &self.rows[*row])).collect()
    }

    fn run(&self, plan: &Plan, row: &Row) -> Result<Predicted, Missing> {
        if self.interrupt.load(Ordering::Relaxed) {
            return Err(Missing::Interrupted);
        }
        self.simulations.fetch_add(1, Ordering::Relaxed);
        let mut plan = plan.clone();
        set_row(&mut plan, row);
        let mut engine = assembly::engine(&plan, plan.seed, 0, false, false);
        engine.set_interrupt(Arc::clone(&self.interrupt));
        engine.run_until(SimTime::ZERO + plan.horizon).map_err(|error| match error {
            EngineError::Interrupted { .. } => Missing::Interrupted,
            error => Missing::Reason(format!("{}: {error}", row.at)),
        })?;
        let now = engine.now();
        let kpis = engine.into_model().measure_only(now, WorkId::new(0));
        let name = &plan.works[0].name;
        let value = |measure: &str| {
            let full = format!("io.{name}.{measure}");
            match kpis.iter().find(|(name, _)| *name == full) {
                Some((_, Measure::Value(value))) => Ok(*value),
                Some((_, Measure::None(reason))) => Err(Missing::Reason(format!("{}: {reason}", row.at))),
                None => Err(Missing::Reason(format!("{}: the load was not measured", row.at))),
            }
        };
        Ok(Predicted { rate: value("rate")?, latency: value("operation_time")? })
    }
}

/// The plan with nothing but this work and the system it loads, which loses nothing.
fn alone(mut plan: Plan, work: usize) -> Plan {
    let work = plan.works.swap_remove(work);
    plan.works.clear();
    plan.fleets.clear();
    plan.targets.clear();
    plan.namespaces.clear();
    plan.warnings.clear();
    plan.ledger.clear();
    if let WorkKind::Io(io) = work.kind {
        let mut storage = plan.storages.swap_remove(io.storage);
        if let Some(protection) = &mut storage.protection {
            protection.failures = false;
        }
        plan.storages = vec![storage];
        // Saturating, and over the same data again and again, as a benchmark does it.
        let kind = WorkKind::Io(IoWork { storage: 0, pace: None, ingest: false, retention: None, ..io });
        plan.works.push(Work { starts: SimDuration::ZERO, ends: plan.horizon, kind, ..work });
    }
    plan
}

/// The experiment of a row: as long as it ran, from a system at rest; without a stated duration the scenario's measured
/// part.
fn set_row(plan: &mut Plan, row: &Row) {
    if let Some(seconds) = row.duration {
        plan.horizon = SimDuration::from_secs_f64(seconds);
        plan.warmup = SimDuration::ZERO;
    }
    let horizon = plan.horizon;
    let Some(work) = plan.works.first_mut() else { return };
    work.ends = horizon;
    if let WorkKind::Io(io) = &mut work.kind {
        io.clients = row.clients;
        io.io_size = Bytes(row.io_size);
        io.queue_depth = row.queue_depth as u32;
        io.pattern = match row.read_share {
            share if share >= 1.0 => Pattern::Read,
            share if share <= 0.0 => Pattern::Write,
            read_share => Pattern::Mixed { read_share },
        };
    }
}
