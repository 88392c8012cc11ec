//! Generators alone, without a trainer: everything finished is consumed at once.

use super::super::cohort::CLOCK_RESTART;
use super::*;
use crate::engine::rng::Streams;
use crate::engine::{Engine, Limits, Model};
use crate::model::event::RlEvent;

/// Generators alone: everything finished is consumed at once, so that the bound moves on.
pub(super) struct Alone {
    pub generators: Generators,
    /// Trajectories that may be under way.
    room: f64,
    pub finished: Vec<Sample>,
    consumed: f64,
    pub served: Vec<SimTime>,
}

impl Model for Alone {
    type Event = Event;
    fn handle(&mut self, event: Event, ctx: &mut Context<'_, Event>) {
        let bound = self.room + self.consumed;
        match event {
            Event::Rl(_, RlEvent::CohortDue { pool, cohort }) => {
                self.generators.cohort_due(ctx, pool.into(), cohort as usize, bound);
            }
            Event::Rl(_, RlEvent::Ship { pool }) => {
                if let Some((number, _)) = self.generators.ship(ctx, pool.into()) {
                    let arrived = self.generators.take_shipment(number);
                    self.consumed += arrived.iter().map(|s| s.weight).sum::<f64>();
                    self.finished.extend(arrived);
                }
                let bound = self.room + self.consumed;
                self.generators.refill(ctx, bound);
            }
            Event::Rl(_, RlEvent::TurnBegins { pool, cohort }) => {
                self.generators.environment_answers(ctx, pool.into(), cohort as usize);
            }
            Event::Rl(_, RlEvent::CohortResume { pool, cohort }) => {
                if self.generators.resume(ctx, pool.into(), cohort as usize) == Resumed::Served {
                    self.served.push(ctx.now());
                }
                self.generators.refill(ctx, bound);
            }
            Event::Rl(_, RlEvent::WaveOver { pool }) => {
                if self.generators.wave_over(ctx, pool.into()) == Resumed::Served {
                    self.served.push(ctx.now());
                }
            }
            _ => unreachable!("generators have no other events"),
        }
    }
}

fn alone(cohorts: usize, engines: u64, slots: usize, length: Dist, room: f64) -> Engine<Alone> {
    alone_in_groups(1, cohorts, engines, slots, length, room)
}

fn alone_in_groups(group: usize, cohorts: usize, engines: u64, slots: usize, length: Dist, room: f64) -> Engine<Alone> {
    alone_with(engines, room, GeneratorParams { group, slots, length, ..params(cohorts) })
}

/// 100 tokens per second alone, half of it beside nine others.
pub(in crate::model::rl) fn params(cohorts: usize) -> GeneratorParams {
    let streams = Streams::root(5);
    GeneratorParams {
        pools: vec![PoolParams {
            cohorts,
            lengths: streams.stream("lengths"),
            rewards: streams.stream("rewards"),
            swaps: streams.stream("swaps"),
            drains: streams.stream("drains"),
            users: UserStreams {
                arrivals: streams.stream("user-arrivals"),
                lengths: streams.stream("user-lengths"),
                rewards: streams.stream("user-rewards"),
            },
            turns: TurnStreams { turns: streams.stream("turns"), environment: streams.stream("environment") },
        }],
        group: 1,
        slots: 1,
        single_rate: 100.0,
        half_batch: 10.0,
        length: Dist::Constant(1000.0),
        length_cap: 1e9,
        prompt: 0.0,
        prefill_rate: 1e3,
        environment: None,
        reward: Dist::Constant(0.5),
        bytes_per_token: 12.0,
        ship_every: SimDuration::from_secs(1),
        users: None,
        swap: Dist::Constant(2.0),
        swap_waves: 1,
        update: Update::InFlight,
    }
}

pub(super) fn alone_with(engines: u64, room: f64, params: GeneratorParams) -> Engine<Alone> {
    let generators = Generators::new(WorkId(0), &params);
    let mut engine = Engine::new(
        Alone { generators, room, finished: Vec::new(), consumed: 0.0, served: Vec::new() },
        Limits::default(),
    );
    engine.with_context(|model, ctx| {
        model.generators.set_live(ctx, 0, engines, false);
        model.generators.refill(ctx, room);
    });
    engine
}

pub(in crate::model::rl) fn secs(s: i64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(s)
}

fn finished(model: &Alone) -> f64 {
    model.finished.iter().map(|s| s.weight).sum()
}

/// One engine, 10 slots, half rate at 10: 50 tokens per second each, 500 in all.
#[test]
fn a_full_engine_gives_the_rate_of_the_curve() {
    let mut engine = alone(1, 1, 10, Dist::Constant(1000.0), 1e9);
    engine.run_until(secs(200)).unwrap();
    let model = engine.model();
    // Finished after 20 s, 40 s …; the last batch of ten is on its way to the reward.
    assert!((finished(model) - 90.0).abs() < 1e-9, "{}", finished(model));
    assert_eq!(model.finished[0].generated, secs(20));
    assert_eq!(model.finished[0].rewarded, secs(20) + SimDuration::from_nanos(500_000_000));
}

#[test]
fn a_bound_below_one_cohort_is_filled_exactly() {
    let mut engine = alone(32, 1000, 8, Dist::Constant(100.0), 64.0);
    assert!((engine.model().generators.in_flight() - 64.0).abs() < 1e-9, "two cohorts of 31.25 and a rest of 1.5");
    engine.run_until(secs(100)).unwrap();
    let model = engine.model();
    let open: f64 = model.generators.open_samples().map(|s| s.weight).sum();
    let all = model.generators.in_flight() + open + finished(model);
    assert!((model.generators.admitted() - all).abs() < 1e-9);
    assert!((all - finished(model) - 64.0).abs() < 1e-6, "the bound is used up all the time");
}

#[test]
fn a_lost_engine_takes_its_share_of_the_trajectories_at_once() {
    let mut engine = alone(4, 100, 8, Dist::Constant(1e6), 1e9);
    assert!((engine.model().generators.in_flight() - 800.0).abs() < 1e-9);
    engine.with_context(|model, ctx| model.generators.set_live(ctx, 0, 75, true));
    let generators = &engine.model().generators;
    assert!((generators.in_flight() - 600.0).abs() < 1e-9);
    assert!((generators.admitted() - 600.0).abs() < 1e-9 && (generators.lost - 200.0).abs() < 1e-9);
    engine.with_context(|model, ctx| model.generators.set_live(ctx, 0, 0, true));
    let generators = &engine.model().generators;
    assert_eq!(generators.in_flight().to_bits(), 0);
    assert!(generators.admitted().abs() < 1e-9 && (generators.lost - 800.0).abs() < 1e-9);
}

#[test]
fn the_clock_of_a_cohort_never_grows_until_tokens_are_lost_in_its_rounding() {
    let mut engine = alone(1, 1, 10, Dist::Uniform { from: 1e4, to: 1e5 }, 1e9);
    for hour in 1..200 {
        engine.run_until(secs(3600 * hour)).unwrap();
        let cohort = &engine.model().generators.pools[0].cohorts[0];
        assert!(cohort.clock < CLOCK_RESTART + 1e5);
    }
    let mut stats = crate::model::rl::ledger::Ledger::new(SimDuration::from_secs(1)).stats(SimTime::ZERO, &[]);
    let now = engine.now();
    engine.model_mut().generators.fill_stats(now, &mut stats);
    let expected = 500.0 * now.as_secs_f64();
    assert!((stats.tokens / expected - 1.0).abs() < 1e-9, "always full: {} of {expected}", stats.tokens);
    assert!(stats.generator_idle.unwrap().abs() < 1e-9);
}

#[test]
fn nothing_is_generated_during_a_swap() {
    let mut engine = alone(4, 4, 10, Dist::Constant(1000.0), 1e9);
    engine.run_until(secs(10)).unwrap();
    let served = engine.with_context(|model, ctx| model.generators.swap(ctx, 0, 1));
    assert_eq!(served, Some(SimDuration::from_secs(2)));
    engine.run_until(secs(25)).unwrap();
    assert_eq!(engine.model().finished[0].generated, secs(22), "20 s of work and 2 s of pause");
}

/// A pool whose update begins after 10 s, in `waves`, and what its engines lost by it until 60 s.
fn updated(update: Update, engines: usize, waves: usize) -> (Engine<Alone>, f64) {
    let mut engine = alone(engines, engines as u64, 10, Dist::Constant(1000.0), 1e9);
    let params = &mut engine.model_mut().generators.params;
    (params.update, params.swap_waves, params.prefill_rate) = (update, waves, 2500.0);
    engine.run_until(secs(10)).unwrap();
    let known = engine.with_context(|model, ctx| model.generators.swap(ctx, 0, 1));
    assert_eq!(known.is_some(), update == Update::InFlight);
    engine.run_until(secs(60)).unwrap();
    let now = engine.now();
    let mut stats = super::super::ledger::Ledger::new(SimDuration::from_secs(1)).stats(now, &[]);
    engine.model_mut().generators.fill_stats(now, &mut stats);
    let (lost, idle) = (stats.update_idle.unwrap(), stats.generator_idle.unwrap());
    assert!((lost - idle).abs() < 1e-9, "nothing else held the engines up: {lost} of {idle}");
    (engine, lost * 60.0)
}

/// 10 trajectories of 1,000 tokens at 50 tok/s each end at 20 s. An update that begins at 10 s, a pause of 2 s, a prefill of
/// 10 × 500 tokens at 2,500 tok/s = 2 s:
/// in flight: they end at 22 s, 2 s are lost; drained: they end at 20 s, the next begin at 22 s, 2 s are lost, because all end
/// together; aborted: they end at 24 s, 4 s are lost.
#[test]
fn an_update_costs_its_pause_and_what_engines_do_with_their_trajectories() {
    for (update, ends, again, lost) in
        [(Update::InFlight, 22, 42, 2.0), (Update::Drain, 20, 42, 2.0), (Update::Abort, 24, 44, 4.0)]
    {
        let (engine, seen) = updated(update, 4, 1);
        let model = engine.model();
        assert_eq!(model.finished[0].generated, secs(ends), "{update:?}");
        let second = model.finished.iter().find(|s| s.generated > secs(ends)).unwrap();
        assert_eq!(second.generated, secs(again), "{update:?}");
        assert!((seen - lost).abs() < 1e-9, "{update:?}: {seen} s lost");
        // Those that an update found on the engine hold tokens of two versions, unless they were drained; the next do not.
        assert_eq!((model.finished[0].mixed, second.mixed), (update != Update::Drain, false), "{update:?}");
        let served: &[SimTime] =
            if update == Update::InFlight { &[] } else { &[secs(if ends == 20 { 22 } else { 14 })] };
        assert_eq!(model.served, served, "{update:?}");
    }
}

/// In two waves of two engines each the second begins when the first has the weights. Drained: 22 s, then the second wave, which has begun
/// trajectories at 20 s that end at 40 s, at 42 s. Aborted: 14 s; the second has done 700 tokens by then: 2 + 2.8 s, 18.8 s.
#[test]
fn a_wave_begins_when_the_one_before_has_the_weights() {
    for (update, served) in [(Update::Drain, 42.0), (Update::Abort, 18.8)] {
        let (engine, _) = updated(update, 4, 2);
        let seen: Vec<f64> = engine.model().served.iter().map(|at| (*at - SimTime::ZERO).as_secs_f64()).collect();
        assert!(seen.len() == 1 && (seen[0] - served).abs() < 1e-6, "{update:?}: {seen:?}");
    }
}

/// A pool that loses all its engines while they drain has nothing left to wait for: it serves after the pause.
#[test]
fn a_pool_that_is_lost_while_it_drains_serves_after_the_pause() {
    let mut engine = alone(3, 3, 10, Dist::Constant(1000.0), 1e9);
    engine.model_mut().generators.params.update = Update::Drain;
    engine.run_until(secs(10)).unwrap();
    engine.with_context(|model, ctx| model.generators.swap(ctx, 0, 1));
    engine.run_until(secs(12)).unwrap();
    engine.with_context(|model, ctx| model.generators.set_live(ctx, 0, 0, true));
    engine.run_until(secs(30)).unwrap();
    assert_eq!(engine.model().served, [secs(14)]);
}

#[test]
fn years_of_losses_do_not_wear_out_the_weights() {
    let mut engine = alone(2, 2, 8, Dist::Constant(1e8), 1e9);
    for _ in 0..3000 {
        engine.with_context(|model, ctx| {
            model.generators.set_live(ctx, 0, 1, true);
            model.generators.set_live(ctx, 0, 2, false);
        });
    }
    let generators = &engine.model().generators;
    let expected = 16.0 * 0.5_f64.powi(3000);
    assert!((generators.in_flight() - expected).abs() < 1e-12);
    assert!((generators.lost - 16.0).abs() < 1e-9);
    engine.run_until(secs(100)).unwrap();
    assert!(engine.model().generators.admitted().is_finite());
}

/// From the first start of a group to the end of its slowest member, on average over all finished groups.
fn slowest(group: usize, cohorts: usize, length: Dist) -> f64 {
    // A thousand engines in any number of cohorts; room for one slot of each.
    let mut engine = alone_in_groups(group, cohorts, 1000, 1000, length, 1000.0 * group as f64);
    engine.model_mut().generators.params.half_batch = 1e12; // one rate at any concurrency
    engine.run_until(secs(40_000)).unwrap();
    let mut ends: BTreeMap<u32, (f64, usize)> = BTreeMap::new();
    for sample in &engine.model().finished {
        let (longest, members) = ends.entry(sample.group).or_default();
        *longest = longest.max((sample.generated - sample.started).as_secs_f64());
        *members += 1;
    }
    ends.retain(|_, (_, members)| *members == group);
    assert!(ends.len() > 3000, "{} groups", ends.len());
    ends.values().map(|(longest, _)| longest).sum::<f64>() / ends.len() as f64
}

/// The largest of n uniform draws from 0 to L is L n ÷ (n + 1) on average; of n exponential ones with mean m it is
/// m (1 + 1/2 + … + 1/n). 100 tokens per second; a draw below one token counts as one.
#[test]
fn a_group_takes_as_long_as_the_largest_of_its_draws() {
    for (group, cohorts) in [(1, 8), (4, 8), (16, 8), (16, 2)] {
        let n = group as f64;
        let uniform = slowest(group, cohorts, Dist::Uniform { from: 0.0, to: 3000.0 });
        assert!((uniform / (30.0 * n / (n + 1.0)) - 1.0).abs() < 0.02, "{group}: {uniform} s");
        let exponential = slowest(group, cohorts, Dist::Exponential { mean: 1000.0 });
        let harmonic: f64 = (1..=group).map(|k| 1.0 / k as f64).sum();
        assert!((exponential / (10.0 * harmonic) - 1.0).abs() < 0.03, "{group}: {exponential} s");
    }
}

/// A group whose last members die with their engines does not keep the others waiting for ever.
#[test]
fn a_group_is_closed_when_its_last_missing_members_are_lost() {
    let mut engine = alone_in_groups(4, 1, 1, 3, Dist::Uniform { from: 100.0, to: 9000.0 }, 4.0);
    assert!((engine.model().generators.in_flight() - 4.0).abs() < 1e-12, "three on the engine, one waits");
    let mut second = 0;
    while engine.model().finished.is_empty() {
        second += 1;
        engine.run_until(secs(second)).unwrap();
    }
    let arrived: Vec<u32> = engine.model().finished.iter().map(|s| s.group).collect();
    assert!(arrived.len() < 4);
    engine.with_context(|model, ctx| {
        assert!(arrived.iter().all(|group| !model.generators.member_arrived(*group)));
        model.generators.set_live(ctx, 0, 0, true);
        assert_eq!(model.generators.take_closed(), arrived[..1]);
        assert!(model.generators.missing.is_empty());
    });
}
