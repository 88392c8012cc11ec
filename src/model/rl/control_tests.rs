//! When what was lost is begun again.

use super::*;
use crate::engine::rng::Streams;
use crate::engine::{Engine, Limits, Model};
use crate::model::rl::generators::GeneratorParams;
use crate::model::rl::generators::tests::{params, secs};
use crate::model::rl::modes::Admission;
use crate::model::rl::publisher::{CopyFor, PublishParams};
use crate::model::rl::step::{StepParams, tests::LINEAR};
use crate::model::rl::trainer::TrainerParams;
use crate::model::rl::{RlEffect, RlParams};

/// A loop whose trajectories are taken the moment they leave, and never train.
struct Watched {
    rl: Rl,
    /// When trajectories were complete, and how many.
    complete: Vec<(f64, f64)>,
}

impl Model for Watched {
    type Event = Event;
    fn handle(&mut self, event: Event, ctx: &mut Context<'_, Event>) {
        let Event::Rl(_, event) = event else { unreachable!("a loop has no other events") };
        let mut out = Vec::new();
        self.rl.handle(event, ctx, &mut out);
        for effect in out {
            let RlEffect::Ship { number, .. } = effect else { continue };
            let samples = self.rl.generators.take_shipment(number);
            self.complete.extend(samples.iter().map(|s| ((s.generated - SimTime::ZERO).as_secs_f64(), s.weight)));
        }
    }
}

/// A synchronous loop with batches of 40 on 4 engines of 20 slots, each of its own: 10 trajectories on each, of 2,000 tokens at 100 tok/s whatever there is beside.
fn round(delay: f64, outage: Option<[Dist; 2]>) -> Watched {
    let streams = Streams::root(3);
    let [delays, failures, repairs] = ["delays", "failures", "repairs"].map(|name| streams.stream(name));
    let step = StepParams { overhead: 1.0, ..LINEAR };
    let publish = PublishParams {
        full_bytes: 1.0,
        delta_bytes: None,
        full_every: 1,
        copy_for: CopyFor::Site,
        nodes_per_engine: vec![1.0],
        stored: false,
        relayed: false,
        scan_rate: 1.0,
        overlap: false,
        peers: false,
        inner_rate: 1.0,
        inner_bucket: 1.0,
        timeout: None,
    };
    let law = Dist::Constant(2000.0);
    let rl = Rl::new(RlParams {
        work: WorkId(0),
        generators: GeneratorParams { slots: 20, half_batch: 1e12, length: law, ..params(4) },
        trainer: TrainerParams { batch: 40.0, step, checkpoint: None },
        publish,
        engine_start: SimDuration::ZERO,
        colocation: None,
        feedback_target: SimDuration::from_secs(60),
        max_lag: 0,
        admission: Admission::Rounds { off: 0, surplus: 0.0, keep: false },
        sync_every: 1,
        control: Some(ControlParams { delay: Dist::Constant(delay), outage, delays, failures, repairs }),
    });
    Watched { rl, complete: Vec::new() }
}

/// One of the engines is lost at 10 s: 30 trajectories are complete at the same time as without, d + 20 s. The other 10 begin when the controller has heard
/// of the loss, d after it, at 10 + d on the engines that are left, and take 20 s. With a controller that goes down at 8 s for 15 s nobody hears of it before 23 s.
#[test]
fn what_is_lost_begins_again_when_the_controller_has_heard_of_it() {
    let down = [Dist::Constant(8.0), Dist::Constant(15.0)];
    for (delay, outage, first, again) in [
        (0.0, None, 20.0, 30.0),
        (3.0, None, 23.0, 33.0),
        (7.0, None, 27.0, 37.0),
        (0.0, Some(down.clone()), 20.0, 43.0),
        (2.0, Some(down), 22.0, 45.0),
    ] {
        let mut engine = Engine::new(round(delay, outage), Limits::default());
        engine.with_context(|model, ctx| model.rl.start(ctx, &[4], 1));
        engine.run_until(secs(10)).unwrap();
        engine.with_context(|model, ctx| model.rl.generators_changed(ctx, 0, 3));
        engine.run_until(secs(60)).unwrap();
        let complete = |at: f64| -> f64 {
            let then = engine.model().complete.iter().filter(|(time, _)| (time - at).abs() < 1e-6);
            then.map(|(_, weight)| weight).sum()
        };
        let seen = &engine.model().complete;
        assert!((complete(first) - 30.0).abs() < 1e-9, "{delay} s: {seen:?}");
        assert!((complete(again) - 10.0).abs() < 1e-9, "{delay} s: {seen:?}");
        assert!((seen.iter().map(|(_, weight)| weight).sum::<f64>() - 40.0).abs() < 1e-9, "{delay} s: {seen:?}");
    }
}
