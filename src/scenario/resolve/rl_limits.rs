//! Loops that cannot close in their target, timeouts that no publish can meet, bounds that most of what is generated exceeds.
//!
//! Everything here is a bound at the best: the network idle, nothing broken, all bytes at once. What a plan cannot do so it cannot do.

use super::Resolver;
use super::rl_checks::batch_time;
use super::rl_times::{
    build_time, generation_time, publish_time, publishes_in_turn, sent_time, step_time, usual_bytes,
};
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::plan::{Admission, Plan, RlWork, Update, WorkKind};
use crate::scenario::text::source::Place;
use crate::units::{Dimension, Dist, SimDuration, display};

/// A target that nobody stated is passed by this factor before there is a word of it. An assumption.
const UNSTATED: f64 = 10.0;
/// Steps that must come back for their times to say something.
const FEWEST_STEPS: f64 = 5.0;
/// Halvings after which a cap of 10^9 tokens is known to a millionth of one.
const HALVINGS: u32 = 50;
/// Of what is simulated as one so much is not needed, in the mean, when a batch is there.
const HALF: f64 = 0.5;
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
            self.check_resolution(rl, place(self, "engine"));
            self.check_judged(plan, (work.starts, work.ends), rl, place(self, "reward"));
        }
    }

    /// A loop whose step and publish alone take longer than `by` times its target, or whose batch does.
    fn check_target(&mut self, plan: &Plan, rl: &RlWork, by: f64, place: Place) {
        let target = rl.feedback_target.as_secs_f64();
        let decided = rl.controller.as_ref().map_or(0.0, |controller| controller.delay.mean());
        let (step, publish) = (step_time(plan, rl), decided + publish_time(plan, rl));
        let batch = batch_time(rl);
        let [own, all, step_shown, publish_shown, batch_shown] =
            [target, by * target, step, publish, batch].map(|time| display(time, Dimension::Duration));
        // What nobody stated is a default, and a word about it needs more.
        let shown = if by > 1.0 { format!("{all}, {by:.0} times the default target of {own}") } else { own };
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
        // A drain waits for what is on the engines, a round for a batch. Of engines that are full the others are drawn.
        let on_engines = engines * u64::from(rl.engine.slots);
        let drains = rl.weights.update == Update::Drain;
        if drains && keeps_full(rl, on_engines) {
            return;
        }
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
            let each = "engine.cohort = 1 simulates every engine";
            let capped = what == word;
            self.report(found.help(if capped {
                format!("{each}; or a 'length_cap' that the slowest reach")
            } else {
                each.to_owned()
            }));
        }
    }

    /// A loop that may leave little unfinished, next to what is simulated as one. What waits for its slowest is told by that.
    fn check_resolution(&mut self, rl: &RlWork, place: Place) {
        let of = |gpus: u64| (gpus / rl.engine.gpus).max(1);
        let pools = rl.generators.iter().map(|(_, gpus)| (of(*gpus), rl.cohorts(of(*gpus))));
        let coarse = pools.filter(|&(engines, cohorts)| rl.is_coarse(engines, cohorts));
        let times = |&(engines, cohorts): &(u64, u64)| rl.resolution(engines, cohorts).unwrap_or(f64::INFINITY);
        let Some((engines, cohorts)) = coarse.min_by(|a, b| times(a).total_cmp(&times(b))) else { return };
        let (spare, seen) = (rl.spare().unwrap_or(f64::INFINITY), times(&(engines, cohorts)));
        // Half of what is simulated as one is not needed when a batch is there.
        let off = (HALF / seen).min(1.0);
        if spare <= 0.0 || off < SEEN_SHORT {
            return;
        }
        let each = engines.div_ceil(cohorts);
        let what = if rl.group > 1 { format!("a group of {each} × {}", rl.group) } else { format!("one of {each}") };
        let off = 100.0 * off;
        let message = format!(
            "when a batch is there this loop may leave {spare:.0} trajectories unfinished, and those simulated stand for {what}: feedback times come out off \
             by the order of {off:.1} %"
        );
        self.report(Diagnostic::new("W0635", message).at(&place).help("engine.cohort = 1 simulates every engine"));
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

/// Whether the bound of a loop leaves no engine without work when a drain begins. A drain lasts as long as the longest of many trajectories, in which engines that
/// have swapped do several more. What was measured with long tails (p99 four times the mean): medians were 10 to 23 % short at 3 to 4.1 times all slots with one or two waves, and no
/// shift was seen from 5 times on with one wave; two more for each further wave is an assumption.
fn keeps_full(rl: &RlWork, slots: u64) -> bool {
    let bound = match rl.admission {
        Admission::Served | Admission::Trained => (f64::from(rl.max_lag) + 1.0) * rl.batch as f64,
        Admission::Synced { .. } | Admission::Rounds { .. } => 0.0,
    };
    rl.users.is_none() && bound >= (2 * rl.weights.swap_waves.max(1) + 3) as f64 * slots as f64
}

/// Whether a batch has room on the engines at once: then it is ready when its longest trajectory is, however long all engines take for as many tokens.
fn fits(rl: &RlWork) -> bool {
    let engines: u64 = rl.generators.iter().map(|(_, gpus)| gpus / rl.engine.gpus).sum();
    rl.users.is_none() && rl.batch <= engines * u64::from(rl.engine.slots)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 693 exponential lengths with mean 1,000 the longest is in the middle 1000 × −ln(1 − 2^(−1/693)) = 6,907.9 tokens long.
    #[test]
    fn the_longest_of_many_is_longer_than_that_of_one_up_to_the_cap() {
        let law = Dist::Exponential { mean: 1000.0 };
        assert!((longest(&law, 1e9, 693.0) - 6907.9).abs() < 0.5, "{}", longest(&law, 1e9, 693.0));
        assert!((longest(&law, 1e9, 1.0) - 1000.0 * std::f64::consts::LN_2).abs() < 1e-3);
        assert!((longest(&law, 2000.0, 693.0) - 2000.0).abs() < 1e-6);
    }
}
