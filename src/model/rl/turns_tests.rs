//! Turns and environments, by hand: engines at 100 tokens per second whatever runs beside, turns of 500 tokens (5 s), an environment that
//! takes 3 s.

use super::tests::{Alone, alone_with, params, secs};
use super::*;
use crate::engine::Engine;

fn in_turns(turns: f64, hold: bool) -> GeneratorParams {
    let environment =
        EnvironmentParams { turns: Dist::Constant(turns), time: Dist::Constant(3.0), observation: 0.0, hold };
    GeneratorParams {
        half_batch: 1e15,
        length: Dist::Constant(500.0),
        prefill_rate: f64::INFINITY,
        environment: Some(environment),
        ..params(1)
    }
}

fn with_contexts(hold: bool) -> GeneratorParams {
    let mut params = GeneratorParams { prompt: 1000.0, prefill_rate: 1000.0, ..in_turns(4.0, hold) };
    if let Some(environment) = &mut params.environment {
        environment.observation = 500.0;
    }
    params
}

/// Seconds of generation, environment and waiting for a slot, and tokens, of everything finished until `until`.
fn after(until: i64, engine: &mut Engine<Alone>) -> Vec<[f64; 4]> {
    engine.run_until(secs(until)).unwrap();
    let parts = |s: &Sample| {
        let generation = (s.generated - s.started).as_secs_f64();
        [generation, s.environment.as_secs_f64(), s.slot_wait.as_secs_f64(), s.tokens]
    };
    engine.model().finished.iter().map(parts).collect()
}

fn near(seen: &[[f64; 4]], by_hand: &[[f64; 4]]) {
    let close = |(a, b): (&[f64; 4], &[f64; 4])| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
    assert!(seen.len() == by_hand.len() && seen.iter().zip(by_hand).all(close), "{seen:?}, by hand {by_hand:?}");
}

/// 4 turns of 5 s with 3 times 3 s between: 29 s.
#[test]
fn n_turns_take_n_generations_and_the_environment_between_them() {
    for hold in [true, false] {
        let mut engine = alone_with(1, 1.0, in_turns(4.0, hold));
        near(&after(31, &mut engine), &[[29.0, 9.0, 0.0, 2000.0]]);
        assert!((engine.model().generators.in_flight() - 1.0).abs() < 1e-12, "the next one");
    }
    near(&after(7, &mut alone_with(1, 1.0, in_turns(1.0, true))), &[[5.0, 0.0, 0.0, 500.0]]);
}

/// One slot, two trajectories. Held: one after the other. Given up: one generates while the other is away for 3 of 5 s and waits 2 s for
/// the slot, so a turn of both takes 10 s: the first ends at 3 × 10 + 5 = 35 s, the second at 40 s.
#[test]
fn a_slot_is_kept_or_given_up() {
    near(&after(62, &mut alone_with(1, 2.0, in_turns(4.0, true))), &[[29.0, 9.0, 0.0, 2000.0]; 2]);
    near(&after(42, &mut alone_with(1, 2.0, in_turns(4.0, false))), &[[35.0, 9.0, 6.0, 2000.0]; 2]);
}

/// A prompt of 1,000 tokens and 500 said by the environment each time, at 1,000 tokens per second. Kept: 1 + 3 × 0.5 s are read. Given
/// up: 1 + 2 + 3 + 4 s, the whole context every time. 1,000 + 4 × 500 + 3 × 500 tokens travel.
#[test]
fn contexts_are_read_before_a_turn() {
    near(&after(33, &mut alone_with(1, 1.0, with_contexts(true))), &[[31.5, 9.0, 0.0, 4500.0]]);
    near(&after(41, &mut alone_with(1, 1.0, with_contexts(false))), &[[39.0, 9.0, 0.0, 4500.0]]);
}

/// Two prompts of 1 s on one engine: both begin to generate after 2 s. The share of engine time is 2 s of 7 s then, and none of it is idle
/// but for what one of the two slots would give more: nothing, as both are busy.
#[test]
fn an_engine_that_reads_generates_nothing() {
    let mut params = GeneratorParams { slots: 2, environment: None, ..with_contexts(true) };
    params.reward = Dist::Constant(0.0);
    let mut engine = alone_with(1, 2.0, params);
    engine.run_until(secs(7)).unwrap();
    let mut stats = crate::model::rl::ledger::Ledger::new(SimDuration::from_secs(1)).stats(SimTime::ZERO, &[]);
    engine.model_mut().generators.fill_stats(secs(7), &mut stats);
    assert!((stats.tokens - 1000.0).abs() < 1e-6, "{}", stats.tokens);
    assert!((stats.prefill.unwrap() - 2.0 / 7.0).abs() < 1e-9, "{:?}", stats.prefill);
    assert!(stats.generator_idle.unwrap().abs() < 1e-9, "{:?}", stats.generator_idle);
    near(&after(9, &mut engine), &[[7.0, 0.0, 0.0, 1500.0]; 2]);
}

/// A cap of 1,200: turns of 500, 500 and 200, and no fourth. A cap of 1,000 leaves no room after two; 2,000 is just enough.
#[test]
fn the_cap_ends_a_trajectory_and_counts_it() {
    for (cap, by_hand, share) in [
        (1200.0, [18.0, 6.0, 0.0, 1200.0], 1.0),
        (1000.0, [13.0, 3.0, 0.0, 1000.0], 1.0),
        (2000.0, [29.0, 9.0, 0.0, 2000.0], 0.0),
    ] {
        let mut engine = alone_with(1, 1.0, GeneratorParams { length_cap: cap, ..in_turns(4.0, true) });
        near(&after(by_hand[0] as i64 + 2, &mut engine), &[by_hand]);
        let generators = &engine.model().generators;
        assert!((generators.finished[1] - share).abs() < 1e-12 && (generators.finished[0] - 1.0).abs() < 1e-12);
    }
}

/// At 6 s all 40 are in their environment. Who keeps a slot is lost with its engine, who has none is not; with the last engine of a pool
/// everything is.
#[test]
fn who_has_no_slot_is_not_lost_with_an_engine() {
    for (hold, left) in [(true, 30.0), (false, 40.0)] {
        let mut engine = alone_with(4, 40.0, GeneratorParams { slots: 10, ..in_turns(4.0, hold) });
        engine.run_until(secs(6)).unwrap();
        engine.with_context(|model, ctx| model.generators.set_live(ctx, 0, 3, true));
        let seen = engine.model().generators.in_flight();
        assert!((seen - left).abs() < 1e-9, "{seen}");
        assert!((engine.model().generators.admitted() - left).abs() < 1e-9);
        engine.run_until(secs(10)).unwrap();
        assert!((engine.model().generators.in_flight() - left).abs() < 1e-9, "the second turn");
        engine.with_context(|model, ctx| model.generators.set_live(ctx, 0, 0, true));
        assert!(engine.model().generators.in_flight().abs() < 1e-9);
        engine.run_until(secs(20)).unwrap();
        assert!(engine.model().finished.is_empty());
    }
}

/// Turns drawn from a distribution: the mean is that of the rounded draws, and the mean time follows.
#[test]
fn turns_and_times_may_be_random() {
    let mut params = in_turns(1.0, true);
    if let Some(environment) = &mut params.environment {
        environment.turns = Dist::Uniform { from: 0.5, to: 4.5 };
        environment.time = Dist::Exponential { mean: 3.0 };
    }
    let mut engine = alone_with(8, 8.0, GeneratorParams { pools: super::tests::params(8).pools, ..params });
    let seen = after(50_000, &mut engine);
    let mean = |part: usize| seen.iter().map(|one| one[part]).sum::<f64>() / seen.len() as f64;
    // 1, 2, 3 or 4 turns: 2.5 × 500 tokens, 1.5 × 3 s.
    assert!((mean(3) / 1250.0 - 1.0).abs() < 0.01 && (mean(1) / 4.5 - 1.0).abs() < 0.02, "{} {}", mean(3), mean(1));
    assert!((mean(0) - (mean(3) / 100.0 + mean(1))).abs() < 1e-6);
}

/// New weights at 7 s, while the trajectory is in its environment (5 to 8 s), a pause of 2 s. Drained with its slot kept: it ends at 29 s
/// first, then the pause. Drained without a slot: the pause is over at 9 s, it waits 1 s. Aborted, 1,000 tokens of prompt and 500 each of
/// turn and environment read at 1,000 tok/s: the first turn ends at 6 s, the environment at 9 s; weights at 7 s, a pause of 2 s, then the
/// 1,500 tokens that the engine keeps are read again until 10.5 s, and what the environment said until 11 s, 1.5 s later than without.
#[test]
fn new_weights_meet_trajectories_in_their_environment() {
    for (update, params, served, by_hand) in [
        (Update::Drain, in_turns(4.0, true), 31.0, [29.0, 9.0, 0.0, 2000.0]),
        (Update::Drain, in_turns(4.0, false), 9.0, [30.0, 9.0, 1.0, 2000.0]),
        (Update::Abort, with_contexts(true), 10.5, [33.0, 9.0, 0.0, 4500.0]),
    ] {
        let mut engine = alone_with(1, 1.0, GeneratorParams { update, ..params });
        engine.run_until(secs(7)).unwrap();
        engine.with_context(|model, ctx| model.generators.swap(ctx, 0, 1));
        near(&after(by_hand[0] as i64 + 3, &mut engine), &[by_hand]);
        let seen: Vec<f64> = engine.model().served.iter().map(|at| (*at - SimTime::ZERO).as_secs_f64()).collect();
        assert!(seen.len() == 1 && (seen[0] - served).abs() < 1e-6, "{update:?}: {seen:?}");
    }
}

/// Abandoned at 6 s, all in their environment: everything is handed back, once, with the tokens it has.
#[test]
fn what_is_between_turns_is_abandoned_too() {
    for hold in [true, false] {
        let mut engine = alone_with(4, 40.0, GeneratorParams { slots: 10, ..in_turns(4.0, hold) });
        engine.run_until(secs(6)).unwrap();
        let left = engine.with_context(|model, ctx| model.generators.abandon(ctx));
        let weight: f64 = left.iter().map(|s| s.weight).sum();
        assert!((weight - 40.0).abs() < 1e-9 && left.iter().all(|s| (s.tokens - 500.0).abs() < 1e-9));
        assert!(engine.model().generators.in_flight().abs() < 1e-9);
    }
}
