//! Loops that cannot close in their target, timeouts that no publish can meet, bounds that most of what is generated exceeds.
//!
//! Everything here is a bound at the best: the network idle, nothing broken, all bytes at once. What a plan cannot do so it cannot do.

use super::Resolver;
use super::rl_checks::{batch_time, trajectory_tokens};
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Admission, FanOut, Plan, RlWork, SiteIx, Update, WorkKind};
use crate::scenario::text::source::Place;
use crate::units::{Dimension, SimDuration, display};

/// A target that nobody stated is passed by far before there is a word of it.
const UNSTATED: f64 = 10.0;

impl Resolver<'_> {
    /// What the loops of a plan can never do.
    pub(super) fn check_limits(&mut self, plan: &Plan) {
        for work in &plan.works {
            let WorkKind::Rl(rl) = &work.kind else { continue };
            let place = |resolver: &Self, key: &str| resolver.key_place("work", &work.name, key);
            let stated = self.record_of("work", &work.name).is_some_and(|record| record.wrote("feedback_target"));
            let by = if stated { 1.0 } else { UNSTATED };
            self.check_target(plan, rl, by, place(self, "feedback_target"));
            self.check_age(plan, rl, place(self, "max_lag"));
            self.check_cap(rl, place(self, "length_cap"));
            self.check_timeout(plan, rl, place(self, "weights"));
            self.check_steps(plan, (work.starts, work.ends), rl, place(self, "step"));
        }
    }

    /// A loop whose step and publish alone take longer than `by` times its target, or whose batch does.
    fn check_target(&mut self, plan: &Plan, rl: &RlWork, by: f64, place: Place) {
        let target = rl.feedback_target.as_secs_f64();
        let decided = rl.controller.as_ref().map_or(0.0, |controller| controller.delay.mean());
        let (step, publish) = (step_time(plan, rl), decided + publish_time(plan, rl));
        let batch = batch_time(rl);
        let [shown, step_shown, publish_shown, batch_shown] =
            [target, step, publish, batch].map(|time| display(time, Dimension::Duration));
        let (message, help) = if step + publish > by * target {
            (
                format!(
                    "nothing comes back within {shown}: a step takes {step_shown} and a publish, from its decision on, {publish_shown} at the best"
                ),
                "more trainer GPUs, a smaller batch or payload, a faster way to the generators, or a longer target",
            )
        } else if batch.is_finite() && batch > by * target && !fits(rl) {
            (
                format!(
                    "all engines take {batch_shown} to generate a batch, longer than {shown}: what is ready first waits for the last of it"
                ),
                "a smaller batch, more engines, or a longer target",
            )
        } else {
            return;
        };
        self.report(Diagnostic::new("W0629", message).at(&place).help(help));
    }

    /// Trajectories that are older than the bound by the rules of the loop itself.
    fn check_age(&mut self, plan: &Plan, rl: &RlWork, place: Place) {
        let bound = f64::from(rl.max_lag);
        if let Admission::Synced { staleness } = rl.admission {
            let batches = (1.0 + staleness) * f64::from(rl.weights.sync_every);
            let oldest = batches.ceil() - 1.0;
            if oldest > bound {
                let message = format!(
                    "{batches:.1} batches may be generated between two publishes, and the last of them trains {oldest:.0} versions after it began: \
                     the bound is {bound:.0}, and what is older is dropped"
                );
                let found = Diagnostic::new("W0630", message).at(&place);
                self.report(found.help(format!("a lag of {oldest:.0} or more, or a smaller 'staleness'")));
            }
        }
        let Some(users) = &rl.users else { return };
        let version = step_time(plan, rl).max(batch_time(rl));
        let versions = (users.reward.mean() / version).floor();
        // Engines that users share make their batches more slowly than all engines could.
        let by = if users.rollouts { 2.0 } else { 1.0 };
        if version.is_finite() && versions > by * (bound + 1.0) {
            let [reward, version] = [users.reward.mean(), version].map(|time| display(time, Dimension::Duration));
            let message = format!(
                "a reward comes {reward} after its answer in the mean, and a version is made every {version}: most answers are {versions:.0} versions \
                 old when they could train, the bound is {bound:.0}, and what is older is dropped"
            );
            let help = "a larger 'max_lag', an earlier reward, or a larger batch";
            self.report(Diagnostic::new("W0630", message).at(&place).help(help));
        }
    }

    /// A cap below what hardly any trajectory stays under.
    fn check_cap(&mut self, rl: &RlWork, place: Place) {
        let turns = rl.environment.as_ref().map_or(1.0, |environment| environment.turns.lowest().max(1.0));
        let least = turns * rl.length.lowest();
        if rl.length_cap >= least {
            return;
        }
        let [cap, least] = [rl.length_cap, least].map(|tokens| display(tokens, Dimension::Tokens));
        let message = format!("every trajectory is cut: the shortest would have {least}, and the cap is {cap}");
        let found = Diagnostic::new("W0631", message).at(&place);
        self.report(found.help("a higher cap; 'length' is what a trajectory has before it"));
    }

    /// A timeout that ends before the bytes can be there.
    fn check_timeout(&mut self, plan: &Plan, rl: &RlWork, place: Place) {
        let Some(timeout) = rl.weights.timeout.filter(|_| rl.colocation.is_none()) else { return };
        let bytes = usual_bytes(rl);
        let built = if rl.weights.overlap { build_time(rl) } else { 0.0 };
        let slowest = rl.generators.iter().map(|&pool| (sent_time(plan, rl, pool, bytes).max(built), pool.0));
        let Some((least, fleet)) = slowest.max_by(|a, b| a.0.total_cmp(&b.0)) else { return };
        if least <= timeout.as_secs_f64() {
            return;
        }
        let [least, timeout] = [least, timeout.as_secs_f64()].map(|time| display(time, Dimension::Duration));
        let site = &plan.sites[plan.fleets[fleet].site].name;
        let message = format!(
            "every publish misses '{site}': its bytes take {least} at the best, and 'timeout' is {timeout}; the site is sent full weights each time"
        );
        let found = Diagnostic::new("W0632", message).at(&place);
        self.report(found.help(format!("a timeout well above {least}, smaller deltas, or a faster way")));
    }

    /// A step, or the turns of a trajectory, that outlast the run.
    fn check_steps(&mut self, plan: &Plan, (starts, ends): (SimDuration, SimDuration), rl: &RlWork, place: Place) {
        let runs = ends.min(plan.horizon).as_secs_f64() - starts.as_secs_f64();
        let turns = rl.environment.as_ref().map_or(0.0, |e| (e.turns.mean() - 1.0).max(0.0) * e.time.mean());
        let decided = rl.controller.as_ref().map_or(0.0, |controller| controller.delay.mean());
        let outage = rl.controller.as_ref().and_then(|controller| controller.outage.as_ref());
        let down =
            outage.filter(|outage| outage.time_to_failure.mean() < runs).map_or(0.0, |o| o.time_to_repair.mean());
        for (time, what) in [
            (step_time(plan, rl), "a step takes"),
            (turns, "a trajectory is in its environment for"),
            (decided, "what the controller decides is heard after"),
            (down, "an outage of the controller lasts"),
        ] {
            if time > runs {
                let [time, runs] = [time, runs].map(|time| display(time, Dimension::Duration));
                let message = format!("{what} {time}, and the loop runs for {runs}: next to nothing trains");
                let found = Diagnostic::new("W0626", message).at(&place);
                self.report(
                    found.help(
                        "a longer run; for a step a smaller batch, or fewer GPUs where 'micro_batch' is the floor",
                    ),
                );
            }
        }
    }
}

/// Whether a batch has room on the engines at once: then it is ready when its longest trajectory is, however long all engines take for as many tokens.
fn fits(rl: &RlWork) -> bool {
    let engines: u64 = rl.generators.iter().map(|(_, gpus)| gpus / rl.engine.gpus).sum();
    rl.users.is_none() && rl.batch <= engines * u64::from(rl.engine.slots)
}

/// Seconds of a step over a batch of mean length: the formula of the trainer.
fn step_time(plan: &Plan, rl: &RlWork) -> f64 {
    let (step, gpus) = (&rl.step, rl.trainer_gpus as f64);
    let context = rl.environment.as_ref().map_or(0.0, |e| (e.turns.mean() - 1.0).max(0.0) * e.observation);
    let tokens = rl.batch as f64 * (trajectory_tokens(rl) + rl.prompt + context);
    let scale = libm::pow(gpus / step.mfu_gpus, step.scaling - 1.0);
    let each = |flops: f64, mfu: f64| {
        tokens.max(step.micro_batch * gpus) * flops * rl.active_parameters
            / (gpus * plan.fleets[rl.trainer_fleet].peak_flops * mfu * scale)
    };
    let passes = each(step.update_flops, step.mfu) + each(step.logprob_flops, step.logprob_mfu);
    let turn = rl.colocation.map_or(0.0, |c| c.offload);
    step.overhead + turn + passes * rl.colocation.map_or(1.0, |c| c.slowdown)
}

/// Bytes of most publishes.
fn usual_bytes(rl: &RlWork) -> f64 {
    let full = rl.parameters * rl.bytes_per_parameter;
    let delta = rl.parameters * rl.weights.changed * rl.weights.bytes_per_changed * f64::from(rl.weights.sync_every);
    if rl.weights.delta { delta.min(full) } else { full }
}

/// Seconds that the senders take to build a delta.
fn build_time(rl: &RlWork) -> f64 {
    let scan = rl.weights.senders as f64 * rl.weights.scan_rate.get();
    if rl.weights.delta { rl.parameters * rl.bytes_per_parameter / scan } else { 0.0 }
}

/// Seconds of a publish at the best: building, the slowest site's bytes, and the mean pause.
fn publish_time(plan: &Plan, rl: &RlWork) -> f64 {
    if let Some(c) = rl.colocation {
        return c.reshard + c.engine_switch;
    }
    let bytes = usual_bytes(rl);
    let sent = rl.generators.iter().map(|&pool| sent_time(plan, rl, pool, bytes)).fold(0.0, f64::max);
    let built = build_time(rl);
    let out = if rl.weights.overlap { sent.max(built) } else { sent + built };
    let waves = if rl.weights.update == Update::InFlight { rl.weights.swap_waves as f64 } else { 1.0 };
    out + waves * rl.weights.swap.mean()
}

/// Seconds in which bytes get to a pool at the best: the capacity of all that must be crossed, whatever the way, and half the shortest round
/// trip at its end.
fn sent_time(plan: &Plan, rl: &RlWork, (fleet, gpus): (usize, u64), bytes: f64) -> f64 {
    let w = &rl.weights;
    let (trainer, part) = (&plan.fleets[rl.trainer_fleet], &plan.fleets[fleet]);
    let source = w.store.map_or(trainer.site, |store| plan.storages[store].site);
    let (copies, each) = match w.fan_out {
        FanOut::Tree => (1.0, w.inner_rate.get()),
        FanOut::Peer => (1.0, f64::INFINITY),
        FanOut::PerNode => {
            let nodes = (gpus as f64 / part.gpus_per_node as f64).ceil();
            (nodes, part.gpus_per_node as f64 * part.frontend_per_gpu.get())
        }
        FanOut::PerEngine => {
            ((gpus / rl.engine.gpus).max(1) as f64, rl.engine.gpus as f64 * part.frontend_per_gpu.get())
        }
    };
    let senders = if w.store.is_some() { f64::INFINITY } else { w.senders as f64 * trainer.frontend_per_gpu.get() };
    let fabric = plan.sites[part.site].fabric.get();
    let mut all = senders.min(fabric);
    let (mut window, mut latency) = (f64::INFINITY, 0.0);
    if source != part.site {
        all = all.min(crossing(plan, source, true)).min(crossing(plan, part.site, false));
        let rtts = plan.links.iter().filter(|l| l.ends.0 == part.site || l.ends.1 == part.site);
        let rtt = rtts.map(|l| l.rtt.as_secs_f64()).fold(f64::INFINITY, f64::min);
        latency = if rtt.is_finite() { rtt / 2.0 } else { 0.0 };
        window = w.flows as f64 * f64::from(rl.transport.streams) * rl.transport.window.get() / rtt;
    }
    bytes / each.min(window).min(all / copies) + latency
}

/// Payload bytes per second that all links of a site ever carry together, out of it or into it.
fn crossing(plan: &Plan, site: SiteIx, out: bool) -> f64 {
    let of = |link: &crate::scenario::plan::Link| {
        let forward = if out { link.ends.0 == site } else { link.ends.1 == site };
        let backward = if out { link.ends.1 == site } else { link.ends.0 == site };
        let first = if forward { link.capacity.get() } else { link.back.get() };
        let later = link.dated.iter().map(|dated| dated.capacity).fold(first, f64::max);
        if forward || backward { later * link.framing } else { 0.0 }
    };
    plan.links.iter().map(of).sum::<f64>().min(plan.sites[site].wan_edge.get())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load_text;

    /// 8 Tb/s of links and 1,000 GB: a second, and half of 40 ms; with one copy to each of 4 nodes four seconds.
    #[test]
    fn bytes_take_what_the_narrowest_of_all_that_must_be_crossed_allows() {
        let text = include_str!("../../../tests/world_support/two_sites.toml");
        let (mut plan, _) = load_text("two.toml", text, &[]).unwrap_or_else(|found| panic!("{found:?}"));
        let WorkKind::Rl(rl) = &plan.works[0].kind else { panic!("a loop") };
        let mut rl = rl.clone();
        let wide = crate::units::ByteRate(1e15);
        rl.weights.inner_rate = wide;
        (plan.fleets[0].frontend_per_gpu, plan.fleets[1].frontend_per_gpu) = (wide, wide);
        (rl.weights.store, rl.weights.fan_out, rl.weights.senders) = (None, FanOut::Tree, 64);
        rl.transport.window = crate::units::Bytes(f64::INFINITY);
        let pool = (rl.generators[0].0, 32);
        assert!((sent_time(&plan, &rl, pool, 1e12) - 1.02).abs() < 1e-9);
        rl.weights.fan_out = FanOut::PerNode;
        assert!((sent_time(&plan, &rl, pool, 1e12) - 4.02).abs() < 1e-9);
    }
}
