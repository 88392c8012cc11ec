//! What is read off the world: KPIs since the warm-up cut, causes per work, time series.

use super::{ByWay, Task, World};
use crate::fluid::{Cause, MeterId, MeterReading};
use crate::model::carriage::FlowRecord;
use crate::model::ids::{LinkId, StorageId, WorkId};
use crate::model::recorder::Track;
use crate::model::rl::ledger::LoopStats;
use crate::model::wan::LinkParams;
use crate::stats::Sketch;
use crate::units::{Dimension, SimTime, display};

/// More drops than this share are worth a word to the planner.
const NOTABLE_DROPS: f64 = 0.02;

/// A measured value, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    /// A value in the KPI's base unit.
    Value(f64),
    /// No value, and the reason.
    None(String),
}

/// Everything measured in one replication.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// KPIs with full names.
    pub kpis: Vec<(String, Measure)>,
    /// Work, cause, flow-seconds.
    pub causes: Vec<(String, String, f64)>,
    /// Pooled distributions: name, limit, sketch.
    pub sketches: Vec<(String, f64, Sketch)>,
    /// Bin ends.
    pub ends: Vec<SimTime>,
    /// Series.
    pub tracks: Vec<Track>,
    /// What split traffic has put on each of its ways.
    pub ways: Vec<ByWay>,
    /// Things a planner should know about this run.
    pub notes: Vec<String>,
}

/// Totals at the warm-up cut.
#[derive(Clone, Debug, Default)]
pub(super) struct Baseline {
    pub(super) at: SimTime,
    meters: Vec<(MeterId, MeterReading)>,
    carried: Vec<f64>,
    causes: Vec<Vec<(Cause, f64)>>,
}

impl World {
    /// Rows of the flow record, with the word of the cause that held each flow longest.
    pub fn take_records(&mut self) -> Option<Vec<(FlowRecord, String)>> {
        let rows = self.carriage.take_records()?;
        Some(rows.into_iter().map(|r| (r.clone(), self.cause_word(r.cause).to_owned())).collect())
    }

    fn cause_word(&self, cause: Cause) -> &str {
        crate::model::paths::cause_name(cause, &self.names)
    }

    /// Statistics start here: the warm-up is cut.
    pub(super) fn cut_statistics(&mut self, now: SimTime) {
        let meters: Vec<MeterId> = self.all_meters();
        let ns = now.as_nanos();
        let meters = meters.into_iter().map(|m| (m, self.carriage.sharing.meter(ns, m))).collect();
        let carried = self.direction_totals(now);
        let owners: Vec<_> = self.works.iter().map(|w| w.owner).collect();
        let causes = owners.into_iter().map(|o| self.carriage.sharing.cause_seconds(ns, o)).collect();
        self.baseline = Baseline { at: now, meters, carried, causes };
        self.wan.reset(now);
        self.reset_demands(now);
        self.reset_replicas(now);
        for protection in self.storages.iter_mut().filter_map(|s| s.protection.as_mut()) {
            protection.reset(now);
        }
        for lane in self.storages.iter_mut().flat_map(|s| &mut s.lanes) {
            lane.reset(now);
        }
        for storage in &mut self.storages {
            storage.timing.reset(now, &storage.params.requests);
        }
        for fleet in &mut self.fleets {
            fleet.reset(now);
        }
        for work in &mut self.works {
            match &mut work.task {
                Task::Rl(task) => task.rl.reset(now),
                Task::Burst(task) => task.burst.reset(),
                Task::Load(task) => task.loader.reset(now),
                Task::Trace(trace) => trace.reset(now),
                Task::Copy(_) | Task::Io(_) => {}
            }
        }
    }

    fn all_meters(&self) -> Vec<MeterId> {
        let mut all = Vec::new();
        for storage in &self.storages {
            let m = storage.params.meters;
            all.extend([m.read, m.write, m.pure_read, m.burst, m.steady, m.mixed, m.mixed_read, m.operations]);
            all.extend([m.reads, m.metadata, m.files, m.rebuild, m.scrub]);
        }
        all.extend(self.lane_meters());
        all.extend(self.demand_meters());
        for work in &self.works {
            match &work.task {
                Task::Io(io) => all.push(io.params.meter),
                Task::Burst(task) => all.push(task.params.meter),
                Task::Load(task) => all.push(task.params.meter),
                Task::Copy(_) | Task::Rl(_) | Task::Trace(_) => {}
            }
        }
        all.extend(self.namespace_meters());
        all.extend(self.tier_meters());
        all.extend(self.tally_meters());
        all.sort_unstable();
        all
    }

    fn direction_totals(&mut self, now: SimTime) -> Vec<f64> {
        let resources: Vec<_> = self.wan.links().flat_map(|l| l.resources).collect();
        resources.into_iter().map(|r| self.carriage.sharing.carried(now.as_nanos(), r)).collect()
    }

    /// A meter since the warm-up cut.
    pub(super) fn since_cut(&mut self, now: SimTime, meter: MeterId) -> MeterReading {
        let reading = self.carriage.sharing.meter(now.as_nanos(), meter);
        let before = self
            .baseline
            .meters
            .binary_search_by_key(&meter, |(m, _)| *m)
            .map_or(MeterReading::default(), |i| self.baseline.meters[i].1);
        MeterReading {
            rate: reading.rate,
            total: reading.total - before.total,
            active_s: reading.active_s - before.active_s,
            bound_total: reading.bound_total - before.bound_total,
            bound_s: reading.bound_s - before.bound_s,
        }
    }

    /// Reads the KPIs of one work and nothing else: most of the time to read everything goes into the laws of operation times.
    pub fn measure_only(&mut self, now: SimTime, work: WorkId) -> Vec<(String, Measure)> {
        let mut out = Measured::default();
        self.measure_work(now, work.index(), &mut out);
        out.kpis
    }

    /// Reads everything at the end of the run.
    pub fn measure(&mut self, now: SimTime) -> Measured {
        let (ends, tracks) = (self.recorder.ends.clone(), self.recorder.tracks.clone());
        let mut out = Measured { ends, tracks, ..Measured::default() };
        for (name, value) in &self.fixed {
            out.kpis.push((name.clone(), Measure::Value(*value)));
        }
        out.kpis.extend(self.limits.iter().cloned());
        self.measure_links(now, &mut out);
        self.measure_pairs(now, &mut out);
        self.measure_site_losses(now, &mut out);
        self.measure_demands(now, &mut out);
        self.measure_fleets(now, &mut out);
        for s in 0..self.storages.len() {
            self.measure_storage(now, StorageId::new(s), &mut out);
        }
        self.measure_namespaces(now, &mut out);
        self.measure_tiers(now, &mut out);
        self.measure_lanes(now, &mut out);
        for w in 0..self.works.len() {
            self.measure_work(now, w, &mut out);
            self.measure_causes(now, w, &mut out);
        }
        self.measure_tallies(now, &mut out);
        self.measure_split(now, &mut out);
        out.kpis.sort_by(|a, b| a.0.cmp(&b.0));
        out
    }

    fn measure_links(&mut self, now: SimTime, out: &mut Measured) {
        let totals = self.direction_totals(now);
        let of = |l: &LinkParams| (l.name.clone(), l.directions().collect::<Vec<_>>(), l.installed.clone());
        let links: Vec<_> = self.wan.links().map(of).collect();
        let mut worst: Option<f64> = None;
        // Series of links come first, in this order.
        let mut track = 0;
        for (l, (name, directions, installed)) in links.into_iter().enumerate() {
            for (d, from, to) in directions {
                let (from, to) = (&self.sites[from.index()].name, &self.sites[to.index()].name);
                let i = 2 * l + d;
                let before = self.baseline.carried.get(i).copied().unwrap_or(0.0);
                let could = installed.integral(d, self.baseline.at, now);
                let utilisation = (could > 0.0).then(|| at_most_full((totals[i] - before) / could));
                worst = worst.into_iter().chain(utilisation).reduce(f64::max);
                let full = format!("link.{name}.{from}-to-{to}.utilisation");
                for (stat, p) in [("p95", 0.95), ("max", 1.0)] {
                    let value = match self.bin_quantile(track, p) {
                        Measure::Value(share) => Measure::Value(at_most_full(share)),
                        none => none,
                    };
                    out.kpis.push((format!("{full}.{stat}"), value));
                }
                track += 1;
                let none = || Measure::None("nothing is installed in the measured part".into());
                out.kpis.push((full, utilisation.map_or_else(none, Measure::Value)));
            }
            self.measure_link_times(LinkId::new(l), &name, now, out);
        }
        if let Some(worst) = worst {
            out.kpis.push(("wan.busiest_utilisation".into(), Measure::Value(worst)));
        }
    }

    /// A quantile over the bins that lie in the measured part.
    fn bin_quantile(&self, track: usize, p: f64) -> Measure {
        let recorder = &self.recorder;
        let Some(track) = recorder.tracks.get(track) else {
            return Measure::None("no series of this name".into());
        };
        let begins = |end: &SimTime| end.as_nanos() - recorder.bin.as_nanos() >= self.baseline.at.as_nanos();
        let measured: Vec<f64> = recorder
            .ends
            .iter()
            .zip(&track.values)
            .filter(|(end, v)| begins(end) && !v.is_nan())
            .map(|(_, v)| *v)
            .collect();
        crate::stats::interval::quantile(&measured, p)
            .map_or_else(|| Measure::None("no time series was recorded".into()), Measure::Value)
    }

    fn measure_fleets(&mut self, now: SimTime, out: &mut Measured) {
        for fleet in &mut self.fleets {
            let stats = fleet.stats(now);
            let name = fleet.name().to_owned();
            let values = [
                ("installed", stats.installed),
                ("available", stats.available),
                ("in_repair", stats.in_repair),
                ("assigned", stats.assigned),
                ("usable_fraction", stats.usable / stats.installed),
                ("spare_shortage", stats.spare_shortage),
                ("spares_needed.p99", stats.spares_needed_p99),
                ("failures", stats.failures as f64),
            ];
            for (measure, value) in values {
                out.kpis.push((format!("fleet.{name}.{measure}"), Measure::Value(value)));
            }
        }
    }

    fn measure_work(&mut self, now: SimTime, index: usize, out: &mut Measured) {
        let name = self.works[index].name.clone();
        match &self.works[index].task {
            Task::Copy(_) => self.measure_copy(now, index, &name, out),
            Task::Io(io) => {
                let (meter, operations, outstanding) = (io.params.meter, io.params.operations, io.params.outstanding);
                let io_storage = io.params.storage;
                let files = io.params.files;
                let tiered = io.params.tiered;
                let reading = self.since_cut(now, meter);
                let rate = if reading.active_s > 0.0 {
                    Measure::Value(reading.total / reading.active_s)
                } else {
                    Measure::None("the load did not run in the measured part".into())
                };
                let per_second = |f: &dyn Fn(f64) -> Measure| match &rate {
                    Measure::Value(bytes) => f(bytes * operations),
                    none => none.clone(),
                };
                // What is outstanding are operations on data and on metadata.
                let all = 1.0 + files.metadata / operations;
                let time = per_second(&|ops| match outstanding {
                    None => Measure::None("a load that is paced, or changes, does not keep one queue full".into()),
                    Some(_) if ops <= 0.0 => Measure::None("nothing was moved".into()),
                    Some(outstanding) => Measure::Value(outstanding / (ops * all)),
                });
                out.kpis.push((format!("io.{name}.ops_rate"), per_second(&Measure::Value)));
                out.kpis.push((format!("io.{name}.operation_time"), time));
                out.kpis.push((format!("io.{name}.rate"), rate));
                if let Some(tiered) = tiered {
                    out.kpis.push((format!("io.{name}.hot_share"), Measure::Value(1.0 - tiered.share)));
                    let stated = || Measure::None("the share is stated".into());
                    out.kpis.push((format!("io.{name}.hot_bytes"), tiered.held.map_or_else(stated, Measure::Value)));
                }
                let storage = &self.storages[io_storage.index()];
                let held = tiered.and_then(|tiered| tiered.held);
                if let Some(held) = held.filter(|held| *held > storage.params.capacity) {
                    out.notes.push(format!(
                        "work.{name}: {} would be on '{}' with this 'unread', which holds {}: less is read there than hot_share says",
                        display(held, Dimension::Bytes),
                        storage.params.name,
                        display(storage.params.capacity, Dimension::Bytes)
                    ));
                }
                if let Some(refused) = storage.space.refused_of(WorkId::new(index)) {
                    out.kpis.push((format!("io.{name}.refused"), Measure::Value(refused)));
                }
            }
            Task::Burst(_) => self.measure_burst(now, index, &name, out),
            Task::Load(_) => self.measure_loader(now, index, &name, out),
            Task::Rl(_) => self.measure_rl(now, index, &name, out),
            Task::Trace(_) => self.measure_trace(index, &name, out),
        }
    }

    fn measure_rl(&mut self, now: SimTime, index: usize, name: &str, out: &mut Measured) {
        let Task::Rl(task) = &mut self.works[index].task else { return };
        let stats = task.rl.stats(now);
        let target = task.rl.params.feedback_target.as_secs_f64();
        let mut put = |measure: &str, value: Measure| out.kpis.push((format!("rl.{name}.{measure}"), value));
        put_times(&stats, &mut put);
        put_loop(&stats, &mut put);
        super::loop_measures::put_modes(&stats, &mut put);
        super::loop_measures::put_control(&stats, &mut put);
        put_users(&stats, &mut put);
        super::turn_measures::put_turns(&stats, &mut put);
        let gpus = |claim: &super::Claim| (claim.units * self.fleets[claim.fleet.index()].gpus_per_unit()) as f64;
        let (trainer, generators) = (gpus(&task.trainer), task.pools.iter().map(gpus).sum());
        put("idle_gpu_hours", idle_gpu_hours(&stats, trainer, generators, task.rl.params.colocation.is_some()));
        if let Some(checkpoint) = task.rl.params.trainer.checkpoint {
            put("checkpoint_bytes", Measure::Value(checkpoint.bytes));
        }
        if task.store.is_some() {
            put("refused_publishes", Measure::Value(stats.refused_publishes as f64));
        }
        if task.checkpoint.is_some() {
            put("refused_checkpoints", Measure::Value(stats.refused_checkpoints as f64));
        }
        out.notes.extend(super::loop_measures::payload_notes(name, &stats));
        if stats.skipped_checkpoints > 0 {
            out.notes.push(format!(
                "work.{name}: {} checkpoints were skipped because the one before was not written yet",
                stats.skipped_checkpoints
            ));
        }
        if stats.dropped.is_some_and(|d| d > NOTABLE_DROPS) {
            out.notes.push(format!(
                "work.{name}: trajectories are dropped as stale (dropped.fraction), the longest first, so those that train are \
                 shorter than those generated, and so are the steps; a larger max_lag or a faster loop keeps them"
            ));
        }
        out.sketches.push((format!("rl.{name}.feedback_time"), target, stats.feedback));
        out.sketches.push((format!("rl.{name}.lag"), f64::from(task.rl.params.max_lag), stats.lag));
    }

    fn measure_causes(&mut self, now: SimTime, index: usize, out: &mut Measured) {
        let (owner, name) = (self.works[index].owner, self.works[index].name.clone());
        let before = self.baseline.causes.get(index).cloned().unwrap_or_default();
        for (cause, seconds) in self.carriage.sharing.cause_seconds(now.as_nanos(), owner) {
            let earlier = before.iter().find(|(c, _)| *c == cause).map_or(0.0, |(_, s)| *s);
            if seconds > earlier {
                out.causes.push((name.clone(), self.cause_word(cause).to_owned(), seconds - earlier));
            }
        }
    }
}

fn put_times(stats: &LoopStats, put: &mut impl FnMut(&str, Measure)) {
    let none = || Measure::None("no trajectory was fed back in the measured part".into());
    let value = |v: Option<f64>| v.map_or_else(none, Measure::Value);
    let phases = stats.phases;
    for (prefix, sketch, first) in [("feedback_time", &stats.feedback, 2), ("cycle_time", &stats.cycle, 0)] {
        // The mean is the sum of its phases, so that the breakdown adds up to the last digit.
        put(prefix, value(phases.map(|p| p[first..].iter().sum())));
        for (stat, p) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
            put(&format!("{prefix}.{stat}"), value(sketch.quantile(p)));
        }
        put(&format!("{prefix}.max"), value(sketch.max()));
    }
    put_slowest(stats, put);
    let names = ["generation", "reward", "transfer", "batch_wait", "step", "publish", "swap"];
    for (i, name) in names.into_iter().enumerate() {
        let area = if i < 2 { "cycle_time" } else { "feedback_time" };
        put(&format!("{area}.{name}"), value(phases.map(|p| p[i])));
    }
}

/// Means over the slowest trajectories, part by part, and what marks them.
fn put_slowest(stats: &LoopStats, put: &mut impl FnMut(&str, Measure)) {
    let none = || Measure::None("no trajectory was fed back in the measured part".into());
    let mut parts = |prefix: &str, names: &[&str], values: Option<&[f64]>| {
        put(prefix, values.map_or_else(none, |values| Measure::Value(values.iter().sum())));
        for (i, name) in names.iter().enumerate() {
            put(&format!("{prefix}.{name}"), values.map_or_else(none, |values| Measure::Value(values[i])));
        }
    };
    let back = ["transfer", "batch_wait", "step", "publish", "swap"];
    parts("feedback_time.slowest", &back, stats.slowest_feedback.as_ref().map(|s| &s.parts[..]));
    let cycle = ["generation", "reward", "feedback"];
    parts("cycle_time.slowest", &cycle, stats.slowest_cycle.as_ref().map(|s| &s.parts[..]));
    let control = stats.control.map(|_| "control_halted");
    for (i, name) in ["full_publish", "interrupted"].into_iter().chain(control).enumerate() {
        put(name, stats.marks.map_or_else(none, |all| Measure::Value(all[i])));
        let slowest = stats.slowest_feedback.map(|s| s.marks[i]);
        put(&format!("{name}.slowest"), slowest.map_or_else(none, Measure::Value));
    }
}

/// What users of the engines felt.
fn put_users(stats: &LoopStats, put: &mut impl FnMut(&str, Measure)) {
    let Some(users) = &stats.users else { return };
    let value = |v: Option<f64>| {
        v.map_or_else(|| Measure::None("no request was answered in the measured part".into()), Measure::Value)
    };
    for (name, sketch) in [("wait", &users.wait), ("token_time", &users.token_time)] {
        put(&format!("users.{name}"), value(sketch.mean()));
        for (stat, p) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
            put(&format!("users.{name}.{stat}"), value(sketch.quantile(p)));
        }
        put(&format!("users.{name}.max"), value(sketch.max()));
    }
    let all = users.answered + users.lost;
    put("users.on_target.fraction", value((all > 0.0).then(|| users.kept / all)));
    put("users.rate", value((stats.ran_s > 0.0).then(|| users.answered / stats.ran_s)));
    put("users.tokens_share", value((stats.tokens > 0.0).then(|| users.tokens / stats.tokens)));
}

/// GPU-hours that a loop's pools hold and do not use. Colocated ones generate while the trainer waits.
fn idle_gpu_hours(stats: &LoopStats, trainer_gpus: f64, generator_gpus: f64, colocated: bool) -> Measure {
    let (Some(waiting), Some(down)) = (stats.trainer_idle, stats.trainer_down) else {
        return Measure::None("the loop did not run in the measured part".into());
    };
    // Without a live engine nothing was generated: every generator GPU stood idle.
    let unused = stats.generator_idle.unwrap_or(1.0);
    let idle = match colocated {
        true => (down + waiting * unused) * trainer_gpus,
        false => (waiting + down) * trainer_gpus + unused * generator_gpus,
    };
    Measure::Value(idle * stats.ran_s / 3600.0)
}

fn put_loop(stats: &LoopStats, put: &mut impl FnMut(&str, Measure)) {
    let value = |v: Option<f64>, why: &str| v.map_or_else(|| Measure::None(why.to_owned()), Measure::Value);
    put("on_time.fraction", value(stats.on_time, "no trajectory could be judged"));
    put("censored.fraction", value(stats.censored, "no trajectory had its reward in the measured part"));
    put("dropped.fraction", value(stats.dropped, "no trajectory was consumed or dropped"));
    let idle = "no step was begun in the measured part";
    put("lag", value(stats.lag.mean(), idle));
    for (stat, p) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
        // Versions are whole; a quantile has three digits.
        put(&format!("lag.{stat}"), value(stats.lag.quantile(p).map(f64::round), idle));
    }
    put("lag.max", value(stats.lag.max(), idle));
    put("steps", Measure::Value(stats.steps as f64));
    put("step_time", value(stats.step_time, "no step was finished in the measured part"));
    for (name, pass) in ["logprob", "update"].into_iter().zip(stats.passes) {
        put(&format!("step_time.{name}"), value(pass, "no step was finished in the measured part"));
    }
    let unpublished = "nothing was published in the measured part";
    put("publish_time", value(stats.publish.mean(), unpublished));
    put("publish_time.p95", value(stats.publish.quantile(0.95), unpublished));
    put("publish_time.max", value(stats.publish.max(), unpublished));
    put("published_bytes", Measure::Value(stats.published_bytes));
    put("missed_publishes", Measure::Value(stats.missed_publishes as f64));
    let still = "the loop did not run in the measured part";
    put("trainer_idle", value(stats.trainer_idle, still));
    put("trainer_down", value(stats.trainer_down, still));
    put("generator_idle", value(stats.generator_idle.map(at_least_none), "no engine was live"));
    put("tokens_rate", value((stats.ran_s > 0.0).then(|| stats.tokens / stats.ran_s), still));
    put("checkpoint_time", value(stats.checkpoint_time, "no checkpoint was finished in the measured part"));
    put("checkpoints", Measure::Value(stats.checkpoints));
    put("interruptions", Measure::Value(stats.interruptions as f64));
}

/// A share that is left of a whole, which sums may bring below 0 by their rounding and by no more.
fn at_least_none(share: f64) -> f64 {
    const ROUNDING: f64 = 1e-9;
    if (-ROUNDING..=0.0).contains(&share) { 0.0 } else { share }
}

/// A share of a capacity, which sums of bytes may exceed by their rounding and by no more.
fn at_most_full(share: f64) -> f64 {
    const ROUNDING: f64 = 1e-9;
    if (1.0..=1.0 + ROUNDING).contains(&share) { 1.0 } else { share }
}
