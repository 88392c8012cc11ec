//! KPIs of storage systems.

use super::measures::{Measure, Measured};
use super::{Task, World};
use crate::fluid::MeterReading;
use crate::model::ids::{StorageId, WorkId};
use crate::model::storage::StorageParams;
use crate::model::storage::layout::theoretical;
use crate::model::storage::protection::ProtectionStats;
use crate::model::storage::space::{MARKS, WHOLE};
use crate::units::SimTime;

/// Why a service has no KPIs of media.
const HIDES_MEDIA: &str = "this service hides its media";

/// Why a service has no efficiency of line rate.
const NO_LINE_RATE: &str = "this service installs no line rate of ours";

/// KPIs of protection.
const OF_PROTECTION: [&str; 12] = [
    "device_losses",
    "node_losses",
    "data_losses",
    "exposed.fraction",
    "exposure_window",
    "exposure_window.max",
    "rebuild_rate",
    "scrub_rate",
    "device_rebuild_time",
    "node_rebuild_time",
    "mean_time_to_data_loss",
    "data_loss_probability",
];

/// A yearly probability of data loss above this is worth a word to the planner.
const NOTABLE_LOSS: f64 = 0.01;

/// The year of `data_loss_probability`.
const YEAR_S: f64 = 365.25 * 86_400.0;

/// KPIs of one system under way: `storage.NAME.` goes before each measure.
pub(super) struct Puts<'a> {
    name: &'a str,
    out: &'a mut Measured,
}

impl Puts<'_> {
    fn put(&mut self, measure: &str, value: Measure) {
        self.out.kpis.push((format!("storage.{}.{measure}", self.name), value));
    }

    pub(super) fn value(&mut self, measure: &str, value: f64) {
        self.put(measure, Measure::Value(value));
    }

    pub(super) fn or(&mut self, measure: &str, value: Option<f64>, why: &str) {
        self.put(measure, value.map_or_else(|| Measure::None(why.to_owned()), Measure::Value));
    }
}

impl Puts<'_> {
    /// A word to the planner about this system.
    pub(super) fn note(&mut self, text: String) {
        self.out.notes.push(format!("storage.{}: {text}", self.name));
    }
}

impl World {
    pub(super) fn measure_storage(&mut self, now: SimTime, id: StorageId, out: &mut Measured) {
        let params = self.storages[id.index()].params.clone();
        let puts = &mut Puts { name: &params.name, out };
        self.put_rates(now, &params, puts);
        self.put_efficiencies(now, &params, puts);
        self.put_space(now, id, puts);
        self.put_amplification(now, &params, puts);
        self.put_protection(now, id, puts);
        self.put_accounts(now, id, &params, puts);
        self.put_economics(now, &params, puts);
        self.put_latency(now, id, puts);
    }

    fn put_rates(&mut self, now: SimTime, params: &StorageParams, puts: &mut Puts<'_>) {
        let span = (now - self.baseline.at).as_secs_f64();
        let m = params.meters;
        let mut rates = vec![("read_rate", m.read), ("write_rate", m.write), ("ops_rate", m.operations)];
        let has_files = |work: &super::Work| match &work.task {
            Task::Io(io) => {
                io.params.files.count > 0.0 && self.storages[io.params.storage.index()].params.name == params.name
            }
            Task::Load(task) => {
                let p = task.params;
                p.files.metadata > 0.0
                    && p.namespace.is_none()
                    && self.storages[p.storage.index()].params.name == params.name
            }
            _ => false,
        };
        if self.works.iter().any(has_files) {
            rates.extend([("metadata_rate", m.metadata), ("files_rate", m.files)]);
        }
        for (measure, meter) in rates {
            let total = self.since_cut(now, meter).total;
            puts.value(measure, total / span);
        }
    }

    fn put_efficiencies(&mut self, now: SimTime, params: &StorageParams, puts: &mut Puts<'_>) {
        let m = params.meters;
        let [pure, burst, steady, mixed, mixed_read] =
            [m.pure_read, m.burst, m.steady, m.mixed, m.mixed_read].map(|meter| self.since_cut(now, meter));
        let ideal = [theoretical(&params.stages, 1.0), theoretical(&params.stages, 0.0)];
        let hidden = "this service shows no installed rate, so there is no theoretical rate";
        for (word, rate) in ["read", "write"].into_iter().zip(ideal) {
            puts.or(&format!("theoretical_{word}_rate"), rate, hidden);
        }
        // Without a buffer every write is a steady one.
        let buffered = !params.migration.is_empty();
        let full = if buffered { "written to with its buffer full" } else { "written to" };
        puts.put("read_efficiency", efficiency(&pure, ideal[0], "read", hidden));
        puts.put("write_efficiency", efficiency(&steady, ideal[1], full, hidden));
        puts.put("write_efficiency_burst", efficiency(&burst, ideal[1], "written to with room in its buffer", hidden));
        let under = if buffered { "under a mixed load with its buffer full" } else { "under a mixed load" };
        let share = (mixed.total > 0.0).then(|| mixed_read.total / mixed.total);
        let of_mix = share.and_then(|share| theoretical(&params.stages, share));
        let no_mix = if params.stages.is_empty() { hidden.to_owned() } else { format!("never {under}") };
        puts.or("theoretical_mixed_rate", of_mix, &no_mix);
        puts.put("mixed_efficiency", efficiency(&mixed, of_mix, under, &no_mix));
        for (name, pair, missing) in denominators(params) {
            for (word, meter, verb, rate) in
                [("read", &pure, "read", pair.map(|p| p.0)), ("write", &steady, full, pair.map(|p| p.1))]
            {
                puts.put(&format!("{word}_efficiency_of_{name}"), efficiency(meter, rate, verb, missing));
                if name != "line_rate" {
                    puts.or(&format!("{name}_{word}_rate"), rate, missing);
                }
            }
        }
        puts.or("line_rate", params.line_rate, NO_LINE_RATE);
    }

    fn put_space(&mut self, now: SimTime, id: StorageId, puts: &mut Puts<'_>) {
        self.settle_space(now, id);
        // A copy takes its room when it begins; what has not come yet is not used.
        let used = (self.storages[id.index()].space.used(WHOLE) - self.still_to_come(now, id, WHOLE)).max(0.0);
        let storage = &self.storages[id.index()];
        let (params, space) = (&storage.params, &storage.space);
        puts.value("used", used);
        puts.value("usable", params.capacity);
        puts.value("fill", used / params.capacity);
        puts.or("raw", params.raw, HIDES_MEDIA);
        puts.value("refused", space.refused(WHOLE));
        puts.or("growth", space.growth(WHOLE), "no time has passed");
        let still = match space.has_marks() {
            true => "not reached, and the level goes up and down between the marks of its tier",
            false => "it does not grow in the second half of the measured part",
        };
        for (mark, measure) in ["full_date_80", "full_date_90", "full_date"].into_iter().enumerate() {
            puts.or(measure, space.reaches(WHOLE, mark), still);
        }
        let no_quota = if space.params.whole.soft.is_some() { still } else { "it has no soft quota" };
        puts.or("soft_quota_date", space.reaches_soft(WHOLE), no_quota);
        let full = space.reaches(WHOLE, MARKS.len() - 1);
        let no_lead = if params.lead_time.is_some() { still } else { "the plan states no lead time" };
        let order_by = full.zip(params.lead_time).map(|(full, lead)| full - lead);
        puts.or("order_by", order_by, no_lead);
        if let Some(late) = order_by.filter(|at| *at < 0.0) {
            let days = -late / 86_400.0;
            puts.out.notes.push(format!(
                "storage.{}: more capacity should have been ordered {days:.1} days before the plan starts, see order_by",
                params.name
            ));
        }
        let no_span = if params.order_for.is_some() { still } else { "the plan does not state order_for" };
        puts.or("order_amount", full.zip(params.order_for).and_then(|(full, span)| space.wanted(full, span)), no_span);
        if space.soft_passed(WHOLE) {
            puts.out.notes.push(format!("storage.{}: the soft quota was passed, see soft_quota_date", params.name));
        }
    }

    fn put_amplification(&mut self, now: SimTime, params: &StorageParams, puts: &mut Puts<'_>) {
        if params.written.is_empty() {
            return;
        }
        let ns = now.as_nanos();
        let written: f64 = params.written.iter().map(|&r| self.carriage.sharing.carried(ns, r)).sum();
        // A rebuild writes on nobody's behalf.
        let rebuilt = self.carriage.sharing.meter(ns, params.meters.rebuild).total;
        let client = self.carriage.sharing.meter(ns, params.meters.write).total;
        puts.or("write_amplification", (client > 0.0).then(|| (written - rebuilt) / client), "nothing was written");
    }

    fn put_protection(&mut self, now: SimTime, id: StorageId, puts: &mut Puts<'_>) {
        let pace = self.planned_rebuild_pace(id);
        let m = self.storages[id.index()].params.meters;
        let (rebuild, scrub) = (self.since_cut(now, m.rebuild), self.since_cut(now, m.scrub));
        let span = (now - self.baseline.at).as_secs_f64();
        let storage = &self.storages[id.index()];
        let Some(protection) = storage.protection.as_ref() else {
            for measure in OF_PROTECTION {
                puts.put(measure, Measure::None(HIDES_MEDIA.into()));
            }
            return;
        };
        let stats = protection.stats(now);
        let planned = protection.planned_windows(storage.params.capacity, pace);
        put_losses(&stats, puts);
        let idle = "nothing was rebuilt in the measured part";
        puts.or("rebuild_rate", (rebuild.active_s > 0.0).then(|| rebuild.total / rebuild.active_s), idle);
        puts.or("scrub_rate", protection.params.scrub_s.map(|_| scrub.total / span), "the plan asks for no scrubbing");
        puts.value("device_rebuild_time", planned[0]);
        let node = (protection.params.node_blocks > 0).then_some(planned[1]);
        puts.or("node_rebuild_time", node, "another server takes the targets of a lost one over: nothing is rebuilt");
        let chain = protection.chain(windows(&stats, planned));
        let mean = chain.mean_time_to_loss();
        puts.or("mean_time_to_data_loss", mean.is_finite().then_some(mean), "nothing that holds data is ever lost");
        let yearly = chain.loss_within(YEAR_S);
        puts.value("data_loss_probability", yearly);
        if mean < (now - SimTime::ZERO).as_secs_f64() || yearly > NOTABLE_LOSS {
            let days = mean / 86_400.0;
            puts.note(format!(
                "data is lost with probability {:.1} % a year, mean time to it {days:.3} days: its stripes have too little parity, or rebuilds \
                 take too long, see mean_time_to_data_loss",
                100.0 * yearly
            ));
        }
    }

    /// Bytes that copies under way have still to send to an account of a system.
    pub(super) fn still_to_come(&mut self, now: SimTime, id: StorageId, account: usize) -> f64 {
        let counts = |work: usize| account == WHOLE || self.accounts(WorkId::new(work), id).contains(&account);
        let copies: Vec<WorkId> = (0..self.works.len()).filter(|&work| counts(work)).map(WorkId::new).collect();
        copies.into_iter().map(|work| self.copy_to_come(now, work, id)).sum()
    }
}

/// Name, (read, write) rates where they exist, and why not where they do not.
type Denominator = (&'static str, Option<(f64, f64)>, &'static str);

/// The denominators of efficiency beside the theoretical rates.
fn denominators(params: &StorageParams) -> [Denominator; 3] {
    [
        ("line_rate", params.line_rate.map(|rate| (rate, rate)), NO_LINE_RATE),
        ("nameplate", params.nameplate, "no data sheet states a rate of this system"),
        ("provisioned", params.provisioned, "this system is not sold by rate"),
    ]
}

fn put_losses(stats: &ProtectionStats, puts: &mut Puts<'_>) {
    puts.value("device_losses", stats.losses[0] as f64);
    puts.value("node_losses", stats.losses[1] as f64);
    puts.value("data_losses", stats.data_losses as f64);
    puts.value("exposed.fraction", stats.exposed);
    let mut all = stats.windows[0];
    all.merge(&stats.windows[1]);
    let none = "no rebuild ended in the measured part";
    puts.or("exposure_window", all.mean(), none);
    puts.or("exposure_window.max", all.max(), none);
}

/// Exposure windows of a device and a node for the chain: as measured where a rebuild of the kind ended, with the time
/// of those still open (all the time exposed over the rebuilds that ended); else as planned, or the time already waited.
fn windows(stats: &ProtectionStats, planned: [f64; 2]) -> [f64; 2] {
    [0, 1].map(|kind| {
        let (seen, open) = (&stats.windows[kind], stats.open[kind]);
        if seen.weight() > 0.0 { (seen.sum() + open) / seen.weight() } else { planned[kind].max(open) }
    })
}

/// Rate while saturated over a denominator.
fn efficiency(meter: &MeterReading, denominator: Option<f64>, verb: &str, no_denominator: &str) -> Measure {
    match denominator {
        None => Measure::None(no_denominator.to_owned()),
        // Shorter than a millisecond is the rounding of instants, not a measurement.
        Some(_) if meter.bound_s < 1e-3 => Measure::None(format!("never saturated while {verb}")),
        Some(rate) => Measure::Value(meter.bound_total / meter.bound_s / rate),
    }
}
