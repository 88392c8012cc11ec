//! Drains against closed forms, whatever the number of engines that are simulated.

use super::tests::{Alone, alone_with, params, secs};
use super::*;
use crate::engine::Engine;

/// Engines with one slot at 100 ÷ (1 + 1/10) tok/s, exponential lengths of 1,000 tokens in the mean: what is left of a trajectory
/// has the same law at any age, with a mean of 11 s.
const LEFT_S: f64 = 11.0;

fn harmonic(n: u32) -> f64 {
    (1..=n).map(|i| 1.0 / f64::from(i)).sum()
}

fn draining(cohorts: usize, engines: u64, waves: usize) -> Engine<Alone> {
    let law = Dist::Exponential { mean: 1000.0 };
    alone_with(
        engines,
        1e9,
        GeneratorParams { length: law, update: Update::Drain, swap_waves: waves, ..params(cohorts) },
    )
}

/// Mean of the seconds from new weights to their service, one update every 400 s, by which time everything is done.
fn mean_time(engine: &mut Engine<Alone>, updates: u32) -> f64 {
    let mut sum = 0.0;
    for update in 1..=updates {
        let begins = secs(400 * i64::from(update));
        engine.run_until(begins).unwrap();
        engine.with_context(|model, ctx| assert_eq!(model.generators.swap(ctx, 0, update), None));
        engine.run_until(secs(400 * i64::from(update) + 399)).unwrap();
        let served = &engine.model().served;
        assert_eq!(served.len(), update as usize, "every update is served, once");
        sum += (served[update as usize - 1] - begins).as_secs_f64();
    }
    sum / f64::from(updates)
}

/// Of 200 engines the 198th is waited for: of exponential times of mean 11 s it is the largest but two, 11 × (H₂₀₀ − H₂) s in the
/// mean, and the pause of 2 s. In two waves the first waits for the largest of 100, 11 × H₁₀₀ s, the second for the largest but two
/// of 100; four of 50 each: 3 × 11 × H₅₀ and 11 × (H₅₀ − H₂). The largest has a standard deviation of 11 × π/√6 = 14 s, so the mean of 500
/// updates is within 2.5 s of that in all but one in 10,000 cases, and of four waves within 5 s.
#[test]
fn a_drain_waits_for_the_slowest_of_all_engines_and_not_of_those_simulated() {
    let rest = harmonic(2);
    for (waves, by_hand) in [
        (1, LEFT_S * (harmonic(200) - rest) + 2.0),
        (2, LEFT_S * (2.0 * harmonic(100) - rest) + 4.0),
        (4, LEFT_S * (4.0 * harmonic(50) - rest) + 8.0),
    ] {
        for cohorts in [4, 40, 200] {
            let seen = mean_time(&mut draining(cohorts, 200, waves), 500);
            let near = (seen - by_hand).abs() < if waves == 4 { 5.0 } else { 2.5 };
            assert!(near, "{cohorts} cohorts, {waves} waves: {seen} s, by hand {by_hand} s");
        }
    }
}

/// 8 engines of which 2 are simulated, all with 1,000 tokens at 50 tok/s: they end at 20 s, and 6 more with them. Half of them fail at 12 s, and one is
/// brought back by others at 15 s: what is left is done at 22 s. At 30 s, in the next trajectories, the pool loses all but one engine.
#[test]
fn engines_that_are_lost_are_not_waited_for() {
    let own = GeneratorParams { slots: 10, update: Update::Drain, ..params(2) };
    let mut engine = alone_with(9, 1e9, own);
    engine.run_until(secs(10)).unwrap();
    // A loss before the first update is none of its.
    engine.with_context(|model, ctx| model.generators.set_live(ctx, 0, 8, true));
    engine.run_until(secs(10)).unwrap();
    engine.with_context(|model, ctx| model.generators.swap(ctx, 0, 1));
    assert_eq!(engine.model().generators.pools[0].rolling.beside.len(), 6);
    engine.run_until(secs(12)).unwrap();
    engine.with_context(|model, ctx| model.generators.set_live(ctx, 0, 4, true));
    assert_eq!(engine.model().generators.pools[0].rolling.beside.len(), 3);
    engine.run_until(secs(15)).unwrap();
    engine.with_context(|model, ctx| model.generators.set_live(ctx, 0, 5, false));
    engine.run_until(secs(30)).unwrap();
    assert_eq!(engine.model().served, [secs(22)]);
    engine.with_context(|model, ctx| model.generators.swap(ctx, 0, 2));
    engine.run_until(secs(31)).unwrap();
    engine.with_context(|model, ctx| model.generators.set_live(ctx, 0, 1, true));
    engine.run_until(secs(60)).unwrap();
    assert_eq!(engine.model().served, [secs(22), secs(44)]);
}

/// Two turns with 5 s of environment between them and the slot kept: 10 s, 5 s, 10 s of generation alone on an engine of 100 tok/s; from 4 s on it is
/// 21 s more, and the pause. Contexts cost nothing at this prefill rate. The engines beside the one that is simulated are no earlier.
#[test]
fn engines_beside_end_all_turns_of_what_keeps_its_slot() {
    let environment =
        EnvironmentParams { turns: Dist::Constant(2.0), time: Dist::Constant(5.0), observation: 0.0, hold: true };
    let own = GeneratorParams {
        environment: Some(environment),
        half_batch: 1e12,
        prefill_rate: 1e12,
        update: Update::Drain,
        ..params(1)
    };
    let mut engine = alone_with(5, 1e9, own);
    engine.run_until(secs(4)).unwrap();
    engine.with_context(|model, ctx| model.generators.swap(ctx, 0, 1));
    let beside: Vec<f64> =
        engine.model().generators.pools[0].rolling.beside.iter().map(|b| (b.0 - SimTime::ZERO).as_secs_f64()).collect();
    assert!(beside.len() == 4 && beside.iter().all(|at| (at - 27.0).abs() < 1e-3), "{beside:?}");
    engine.run_until(secs(26)).unwrap();
    assert!(engine.model().served.is_empty());
    engine.run_until(secs(28)).unwrap();
    assert_eq!(engine.model().served.len(), 1);
}
