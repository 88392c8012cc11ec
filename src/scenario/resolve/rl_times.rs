//! How long the parts of a loop take at the best: the network idle, nothing broken, all bytes at once.

use super::rl_checks::{batch_time, trajectory_tokens};
use crate::scenario::plan::{FanOut, Plan, RlWork, SiteIx, Update};

/// Publishes that are followed, at least and at most, to find how old weights are.
const SPANS: u32 = 64;
const MOST_SPANS: u32 = 10_000;
/// A publish that takes more than this share of the time between versions at the best is late now and then: steps vary, and others are on the
/// way. From then on each delta spans two versions and takes the longer for it. An assumption.
const NEARLY: f64 = 0.9;

/// Seconds in which an engine with all its slots taken generates a trajectory of mean length.
pub(super) fn generation_time(rl: &RlWork) -> f64 {
    trajectory_tokens(rl) * (1.0 + f64::from(rl.engine.slots) / rl.engine.half_batch) / rl.engine.single_rate
}

/// Seconds of a step over a batch of mean length: the formula of the trainer.
pub(super) fn step_time(plan: &Plan, rl: &RlWork) -> f64 {
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
pub(super) fn usual_bytes(rl: &RlWork) -> f64 {
    let full = rl.parameters * rl.bytes_per_parameter;
    let delta = rl.parameters * rl.weights.changed * rl.weights.bytes_per_changed * f64::from(rl.weights.sync_every);
    if rl.weights.delta { delta.min(full) } else { full }
}

/// Seconds that the senders take to build a delta.
pub(super) fn build_time(rl: &RlWork) -> f64 {
    let scan = rl.weights.senders as f64 * rl.weights.scan_rate.get();
    if rl.weights.delta { rl.parameters * rl.bytes_per_parameter / scan } else { 0.0 }
}

/// Seconds of a publish at the best: building, the slowest site's bytes, and the mean pause.
pub(super) fn publish_time(plan: &Plan, rl: &RlWork) -> f64 {
    publish_of(plan, rl, usual_bytes(rl))
}

/// Publishes that follow one another while a version is made every `version` seconds: the age of the weights that serve, in the mean over
/// time, and the time of a publish. A delta that spans n versions has n times the bytes, up to those of the full weights; every
/// `full_every`-th publish is full. Weights are as old as their own publish when they begin to serve, and serve until the next is done.
pub(super) fn publishes_in_turn(plan: &Plan, rl: &RlWork, (version, decided): (f64, f64)) -> (f64, f64) {
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

/// Bytes of the deltas from one full publish to the next, at most. A delta spans the versions that were made since the publish before began.
/// Deltas as large as the full weights take their place.
pub(super) fn deltas_until_full(plan: &Plan, rl: &RlWork) -> f64 {
    let deltas = if rl.weights.delta { rl.weights.full_every.max(1) - 1 } else { 0 };
    let (one, full) = (usual_bytes(rl), rl.parameters * rl.bytes_per_parameter);
    let decided = rl.controller.as_ref().map_or(0.0, |controller| controller.delay.mean());
    let apart = step_time(plan, rl).max(batch_time(rl)) * f64::from(rl.weights.sync_every);
    // In times of what a publish spans when none is late; colocated engines wait for each.
    let lasts = |bytes: f64| match (decided + publish_of(plan, rl, bytes)) / apart {
        _ if rl.colocation.is_some() => 1.0,
        late if late > 1.0 => late,
        late if late > NEARLY => 2.0,
        _ => 1.0,
    };
    let (mut begun, mut before, mut beside, mut most) = (0.0_f64, lasts(full), 0.0_f64, 0.0_f64);
    let followed = deltas.min(MOST_SPANS);
    for _ in 0..followed {
        let spans = (begun + before).ceil() - begun.ceil();
        begun += before;
        let bytes = (one * spans.max(1.0)).min(full);
        beside = if bytes < full { beside + bytes } else { 0.0 };
        most = most.max(beside);
        before = lasts(bytes);
    }
    // Nothing was replaced: the others are like those that were followed.
    let others = if beside < most { 0.0 } else { f64::from(deltas - followed) / f64::from(followed.max(1)) };
    most * (1.0 + others)
}

/// The same of a payload.
fn publish_of(plan: &Plan, rl: &RlWork, bytes: f64) -> f64 {
    if let Some(c) = rl.colocation {
        return c.reshard + c.engine_switch;
    }
    let sent = rl.generators.iter().map(|&pool| sent_time(plan, rl, pool, bytes)).fold(0.0, f64::max);
    let built = build_time(rl);
    let stored = stored_time(plan, rl, bytes);
    let out = match (rl.weights.overlap, rl.weights.store) {
        (false, _) => built + stored + sent,
        (true, None) => built.max(sent),
        (true, Some(_)) => built.max(stored) + sent,
    };
    let waves = if rl.weights.update == Update::InFlight { rl.weights.swap_waves as f64 } else { 1.0 };
    out + waves * rl.weights.swap.mean()
}

/// Seconds in which bytes get to a pool at the best: the capacity of all that must be crossed, whatever the way, and half the shortest round
/// trip at its end.
pub(super) fn sent_time(plan: &Plan, rl: &RlWork, (fleet, gpus): (usize, u64), bytes: f64) -> f64 {
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

/// Seconds in which the payload gets to its store at the best; none without one.
fn stored_time(plan: &Plan, rl: &RlWork, bytes: f64) -> f64 {
    let Some(store) = rl.weights.store else { return 0.0 };
    let trainer = &plan.fleets[rl.trainer_fleet];
    let site = plan.storages[store].site;
    let senders = rl.weights.senders as f64 * trainer.frontend_per_gpu.get();
    let over = if site == trainer.site {
        plan.sites[site].fabric.get()
    } else {
        crossing(plan, trainer.site, true).min(crossing(plan, site, false))
    };
    bytes / senders.min(over)
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
    use crate::scenario::plan::WorkKind;

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
