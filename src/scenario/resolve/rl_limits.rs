//! Loops that cannot close in their target, timeouts that no publish can meet, bounds that most of what is generated exceeds.
//!
//! Everything here is a bound at the best: the network idle, nothing broken, all bytes at once. What a plan cannot do so it cannot do.

use super::Resolver;
use super::rl_checks::{batch_time, trajectory_tokens};
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Admission, FanOut, Plan, RlWork, SiteIx, Update, WorkKind};
use crate::scenario::text::source::Place;
use crate::units::{Dimension, Dist, SimDuration, display};

/// A target that nobody stated is passed by far before there is a word of it.
const UNSTATED: f64 = 10.0;
/// Steps that must come back for their times to say something.
const FEWEST_STEPS: f64 = 5.0;
/// Publishes that are followed, at least and at most, to find how old weights are.
const SPANS: u32 = 64;
const MOST_SPANS: u32 = 10_000;
/// Halvings after which a cap of 10^9 tokens is known to a millionth of one.
const HALVINGS: u32 = 50;
/// A longest trajectory that is short by no more than this share changes no result that a planner would see.
const SEEN_SHORT: f64 = 0.01;

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
            self.check_slowest(rl, place(self, "engine"));
            self.check_judged(plan, (work.starts, work.ends), rl, place(self, "reward"));
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
        if rl.admission == Admission::Trained && rl.colocation.is_none() && rl.users.is_none() {
            self.check_trained(plan, rl, &place);
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

    /// Engines that begin what the trainer allows, with weights that are a publish behind: one publish at a time, so a trajectory begins
    /// with weights that the trainer made one to two publishes ago.
    fn check_trained(&mut self, plan: &Plan, rl: &RlWork, place: &Place) {
        let bound = f64::from(rl.max_lag);
        let decided = rl.controller.as_ref().map_or(0.0, |controller| controller.delay.mean());
        let version = step_time(plan, rl).max(batch_time(rl));
        let (behind, publish) = publishes_in_turn(plan, rl, (version, decided));
        let age = (behind + generation_time(rl)) / version;
        if !age.is_finite() || age <= bound + 1.0 {
            return;
        }
        let [behind, publish, version] = [behind, publish, version].map(|time| display(time, Dimension::Duration));
        let message = format!(
            "publishes take {publish} in the mean with nothing else on the way, one after another, and a trajectory begins with weights that are {behind} old in the \
             mean; a version is made every {version}: it trains about {age:.0} versions after them, the bound is {bound:.0}, and what is older is dropped"
        );
        let help = "admission = \"served\", which holds engines back instead; a faster publish; or a larger 'max_lag'";
        self.report(Diagnostic::new("W0630", message).at(place).help(help));
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

    /// A loop that waits for its slowest where not every engine is simulated, and lengths that show it.
    fn check_slowest(&mut self, rl: &RlWork, place: Place) {
        let of = |gpus: u64| (gpus / rl.engine.gpus).max(1);
        let engines: u64 = rl.generators.iter().map(|(_, gpus)| of(*gpus)).sum();
        let cohorts: u64 = rl.generators.iter().map(|(_, gpus)| rl.cohorts(of(*gpus))).sum();
        if !rl.waits_for_slowest() || cohorts == engines {
            return;
        }
        // A drain waits for what is on the engines, a round for a batch.
        let on_engines = engines * u64::from(rl.engine.slots);
        let drains = rl.weights.update == Update::Drain;
        let all = (if drains { on_engines } else { on_engines.min(rl.batch) }) as f64;
        let seen = (all * cohorts as f64 / engines as f64).max(1.0);
        let generation = generation_time(rl);
        let turns = rl.environment.as_ref().map_or(1.0, |environment| environment.turns.mean().max(1.0));
        let word = if turns > 1.0 { "turn" } else { "trajectory" };
        let cap = rl.length_cap;
        let mut waits = vec![(word, &rl.length, cap, Dimension::Tokens, turns, 0.0)];
        if let Some(environment) = &rl.environment {
            let whole = environment.turns.mean() * environment.time.mean();
            waits.push(("number of turns", &environment.turns, f64::INFINITY, Dimension::Count, 1.0, 0.0));
            waits.push((
                "time in the environment",
                &environment.time,
                f64::INFINITY,
                Dimension::Duration,
                turns,
                whole,
            ));
        }
        if rl.users.is_none() && !drains {
            let whole = generation + rl.reward.mean();
            waits.push(("reward", &rl.reward, f64::INFINITY, Dimension::Duration, 1.0, whole));
        }
        for (what, dist, cap, dimension, each, beside) in waits {
            let (real, simulated) = (longest(dist, cap, all * each), longest(dist, cap, seen * each));
            if real - simulated <= SEEN_SHORT * real.max(beside) {
                continue;
            }
            let unit = if dimension == Dimension::Tokens { " tokens" } else { "" };
            let [real, simulated] = [real, simulated].map(|longest| display(longest, dimension));
            let message = format!(
                "this loop waits for its slowest trajectory: of the {all:.0} that it waits for the longest {what} has {real}{unit}, of the {seen:.0} that are \
                 simulated {simulated}, so waits come out too short"
            );
            let found = Diagnostic::new("W0634", message).at(&place);
            self.report(
                found.help("engine.cohort = 1 simulates every engine; or a 'length_cap' that the slowest reach"),
            );
        }
    }

    /// A run in which rewards come so late that too few steps come back for a word about the loop. What takes longer than the run by itself is said elsewhere.
    fn check_judged(&mut self, plan: &Plan, (starts, ends): (SimDuration, SimDuration), rl: &RlWork, place: Place) {
        let starts = starts.as_secs_f64();
        let (runs, warmup) = (ends.min(plan.horizon).as_secs_f64() - starts, plan.warmup.as_secs_f64() - starts);
        let users = rl.users.as_ref().filter(|users| !users.rollouts);
        let reward = users.map_or(&rl.reward, |users| &users.reward).mean();
        let (step, publish, batch) = (step_time(plan, rl), publish_time(plan, rl), batch_time(rl));
        let first = batch + reward + step + publish;
        // No more versions are on their way at a time than the rules of the loop allow.
        let at_once = match rl.admission {
            _ if rl.users.is_some() => f64::INFINITY,
            Admission::Rounds { off, .. } => f64::from(off) + 1.0,
            Admission::Synced { staleness } => (1.0 + staleness) * f64::from(rl.weights.sync_every),
            Admission::Served | Admission::Trained => f64::from(rl.max_lag) + 1.0,
        };
        let every = step.max(batch).max(first / at_once);
        // Where generation is what takes long, a step is seen as soon as there is a batch, and the plan says how long that takes.
        if 2.0 * reward < first || !first.is_finite() || [reward, step, batch].iter().any(|time| *time > runs) {
            return;
        }
        let from = first.max(warmup);
        let steps = ((runs - first) / every).floor() - ((from - first) / every).ceil() + 1.0;
        if steps >= FEWEST_STEPS {
            return;
        }
        let enough = first + (((from - first) / every).ceil() + FEWEST_STEPS - 1.0) * every;
        let seen = match steps.floor() {
            steps if steps < 1.0 => "no step comes back".to_owned(),
            1.0 => "one step comes back".to_owned(),
            steps => format!("{steps:.0} steps come back"),
        };
        let [first, every, runs, enough] = [first, every, runs, enough].map(|time| display(time, Dimension::Duration));
        let after = if warmup > 0.0 { " after the warm-up" } else { "" };
        let message = format!(
            "{seen}{after} at the best: the first is served {first} after the start, then one every {every}, and the loop runs for {runs}"
        );
        let found = Diagnostic::new("W0633", message).at(&place);
        self.report(found.help(format!(
            "a run of {enough} or more shows {FEWEST_STEPS} of them; or a smaller batch, or an earlier reward"
        )));
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

/// Seconds in which an engine with all its slots taken generates a trajectory of mean length.
fn generation_time(rl: &RlWork) -> f64 {
    trajectory_tokens(rl) * (1.0 + f64::from(rl.engine.slots) / rl.engine.half_batch) / rl.engine.single_rate
}

/// The median of the longest of `of` lengths under a cap, which may be infinite: all of them are no longer with a probability of a half.
fn longest(length: &Dist, cap: f64, of: f64) -> f64 {
    let share = libm::exp2(-1.0 / of);
    let mut above = cap.min(length.mean().max(f64::MIN_POSITIVE));
    while above < cap && above.is_finite() && length.at_most(above) < share {
        above *= 2.0;
    }
    let (mut below, mut above) = (0.0, above.min(cap));
    for _ in 0..HALVINGS {
        let middle = below + (above - below) / 2.0;
        if length.at_most(middle) < share {
            below = middle;
        } else {
            above = middle;
        }
    }
    above
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
    publish_of(plan, rl, usual_bytes(rl))
}

/// Publishes that follow one another while a version is made every `version` seconds: the age of the weights that serve, in the mean over
/// time, and the time of a publish. A delta that spans n versions has n times the bytes, up to those of the full weights; every
/// `full_every`-th publish is full. Weights are as old as their own publish when they begin to serve, and serve until the next is done.
fn publishes_in_turn(plan: &Plan, rl: &RlWork, (version, decided): (f64, f64)) -> (f64, f64) {
    let (one, full) = (usual_bytes(rl), rl.parameters * rl.bytes_per_parameter);
    let every = rl.weights.full_every.max(1);
    let time = |bytes: f64| decided + publish_of(plan, rl, bytes);
    let (mut before, mut age, mut served, mut spent) = (time(one), 0.0, 0.0, 0.0);
    // The first half settles.
    let all = every.saturating_mul(2).clamp(SPANS, MOST_SPANS);
    for number in 0..all {
        let spans = (before / version / f64::from(rl.weights.sync_every)).max(1.0);
        let own = time(if rl.weights.delta && number % every != 0 { (one * spans).min(full) } else { full });
        let until = own.max(version * f64::from(rl.weights.sync_every));
        if number >= all / 2 {
            age += until * (before + until / 2.0);
            served += until;
            spent += own;
        }
        before = own;
    }
    (age / served, spent / f64::from(all - all / 2))
}

/// The same of a payload.
fn publish_of(plan: &Plan, rl: &RlWork, bytes: f64) -> f64 {
    if let Some(c) = rl.colocation {
        return c.reshard + c.engine_switch;
    }
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

    /// Of 693 exponential lengths with mean 1,000 the longest is in the middle 1000 × −ln(1 − 2^(−1/693)) = 6,907.9 tokens long.
    #[test]
    fn the_longest_of_many_is_longer_than_that_of_one_up_to_the_cap() {
        let law = Dist::Exponential { mean: 1000.0 };
        assert!((longest(&law, 1e9, 693.0) - 6907.9).abs() < 0.5, "{}", longest(&law, 1e9, 693.0));
        assert!((longest(&law, 1e9, 1.0) - 1000.0 * std::f64::consts::LN_2).abs() < 1e-3);
        assert!((longest(&law, 2000.0, 693.0) - 2000.0).abs() < 1e-6);
    }

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
