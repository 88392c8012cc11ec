//! Time series: named once, then one value a bin from running totals. Reading settles nothing.

use super::{Task, World};
use crate::model::storage::layout::theoretical;
use crate::units::{SimDuration, SimTime};

/// A bin in which a system was saturated for less than this share of the time gives no efficiency.
const SATURATED_SHARE: f64 = 0.05;

impl World {
    /// Names the series; `close_bin` fills them in the same order.
    pub(super) fn start_recorder(&mut self) {
        let recorder = &mut self.recorder;
        for link in self.wan.links() {
            for (_, from, to) in link.directions() {
                let (a, b) = (&self.sites[from.index()].name, &self.sites[to.index()].name);
                recorder.track(format!("link.{}.{a}-to-{b}.utilisation", link.name), "1");
            }
        }
        for storage in &self.storages {
            let name = &storage.params.name;
            recorder.track(format!("storage.{name}.read_rate"), "B/s");
            recorder.track(format!("storage.{name}.write_rate"), "B/s");
            recorder.track(format!("storage.{name}.read_efficiency"), "1");
            recorder.track(format!("storage.{name}.write_efficiency"), "1");
            recorder.track(format!("storage.{name}.write_efficiency_burst"), "1");
            recorder.track(format!("storage.{name}.mixed_efficiency"), "1");
            recorder.track(format!("storage.{name}.buffer_fill"), "1");
            recorder.track(format!("storage.{name}.fill"), "1");
        }
        for fleet in &self.fleets {
            recorder.track(format!("fleet.{}.available", fleet.name()), "GPU");
            recorder.track(format!("fleet.{}.usable", fleet.name()), "GPU");
        }
        for work in &self.works {
            if matches!(work.task, Task::Rl(_)) {
                recorder.track(format!("rl.{}.feedback_time.p95", work.name), "s");
            }
        }
    }

    /// Closes a bin: means since the end of the last one. Settles nothing, so a run is the same without it.
    pub fn close_bin(&mut self, at: SimTime) {
        let span = self.recorder.bin.as_secs_f64();
        let mut totals = Vec::with_capacity(self.recorder.last.len());
        let mut values = Vec::with_capacity(self.recorder.tracks.len());
        self.bin_links(at, &mut totals, &mut values);
        self.bin_storages(at, span, &mut totals, &mut values);
        for fleet in &self.fleets {
            let (available, usable) = fleet.present();
            values.extend([available, usable]);
        }
        for work in &mut self.works {
            if let Task::Rl(task) = &mut work.task {
                values.push(task.rl.take_recent_p95().unwrap_or(f64::NAN));
            }
        }
        for (track, value) in self.recorder.tracks.iter_mut().zip(values) {
            track.values.push(value);
        }
        self.recorder.ends.push(at);
        self.recorder.last = totals;
    }

    /// Shares of what is installed in the bin; none while nothing is.
    fn bin_links(&self, at: SimTime, totals: &mut Vec<f64>, values: &mut Vec<f64>) {
        let begin = SimTime::from_nanos(at.as_nanos() - self.recorder.bin.as_nanos());
        for link in self.wan.links() {
            for (direction, ..) in link.directions() {
                let now = self.carriage.sharing.peek_carried(at.as_nanos(), link.resources[direction]);
                let could = link.installed.integral(direction, begin, at);
                let carried = now - self.last_total(totals.len());
                values.push(if could > 0.0 { carried / could } else { f64::NAN });
                totals.push(now);
            }
        }
    }

    fn bin_storages(&self, at: SimTime, span: f64, totals: &mut Vec<f64>, values: &mut Vec<f64>) {
        for storage in &self.storages {
            let p = &storage.params;
            let peek = |m| self.carriage.sharing.peek_meter(at.as_nanos(), m);
            for meter in [p.meters.read, p.meters.write] {
                let now = peek(meter).total;
                values.push((now - self.last_total(totals.len())) / span);
                totals.push(now);
            }
            let m = p.meters;
            let [mixed, of_reads] = [m.mixed, m.mixed_read].map(|meter| {
                let now = peek(meter).total;
                totals.push(now);
                now - self.last_total(totals.len() - 1)
            });
            let mix = if mixed > 0.0 { of_reads / mixed } else { 0.0 };
            for (meter, share) in [(m.pure_read, 1.0), (m.steady, 0.0), (m.burst, 0.0), (m.mixed, mix)] {
                let now = peek(meter);
                let bytes = now.bound_total - self.last_total(totals.len());
                let seconds = now.bound_s - self.last_total(totals.len() + 1);
                totals.extend([now.bound_total, now.bound_s]);
                let ideal = theoretical(&p.stages, share);
                let saturated = seconds >= SATURATED_SHARE * span;
                values.push(ideal.filter(|_| saturated).map_or(f64::NAN, |ideal| bytes / seconds / ideal));
            }
            let (ingest, migration) = (peek(p.meters.ingest).total, peek(p.meters.migration).total);
            values.push(storage.buffer.as_ref().map_or(f64::NAN, |b| b.fill_at(ingest, migration)));
            values.push(storage.space.used_at(at, |meter| peek(meter).total) / p.capacity);
        }
    }

    fn last_total(&self, index: usize) -> f64 {
        self.recorder.last.get(index).copied().unwrap_or(0.0)
    }
}

/// The bin width that gives about 360 bins over `horizon`.
pub fn bin_width(horizon: SimDuration) -> SimDuration {
    SimDuration::from_nanos((horizon.as_nanos() / 360).max(1))
}
