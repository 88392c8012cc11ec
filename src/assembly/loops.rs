//! Parts of RL loops as those of the world.

use crate::engine::rng::Streams;
use crate::model::rhythm::Cycle;
use crate::model::rl::control::ControlParams;
use crate::model::rl::generators::UserParams;
use crate::model::rl::modes::Admission;
use crate::model::rl::publisher::{CopyFor, PublishParams};
use crate::scenario::plan::{self, Distribution, FanOut, Plan};
use crate::units::SimDuration;

/// What holds admission back.
pub(super) fn admission(admission: plan::Admission) -> Admission {
    match admission {
        plan::Admission::Served => Admission::Served,
        plan::Admission::Trained => Admission::Trained,
        plan::Admission::Synced { staleness } => Admission::Synced { staleness },
        plan::Admission::Rounds { off, surplus, keep } => Admission::Rounds { off, surplus, keep },
    }
}

/// Users whom the engines serve first.
pub(super) fn user_params(users: &plan::Users) -> UserParams {
    let day = Cycle { every: SimDuration::from_secs(86_400), offset: SimDuration::ZERO, parts: users.day.clone() };
    UserParams {
        rate: users.rate,
        day: (!users.day.is_empty()).then_some(day),
        length: users.length.clone(),
        reward: users.reward.clone(),
        rewarded: users.rewarded,
        rollouts: users.rollouts,
        promised: [users.wait, 1.0 / users.token_rate],
    }
}

/// Rate that the way inside a site holds a copy to. Down a tree all bytes pass the first engine; of E peers each takes 1/E itself and
/// the rest, (E − 1)/E, from the others.
pub(super) fn inner_rate(rl: &plan::RlWork, gpus: u64) -> f64 {
    let (rate, engines) = (rl.weights.inner_rate.get(), (gpus / rl.engine.gpus) as f64);
    match rl.weights.fan_out {
        FanOut::Tree => rate,
        FanOut::Peer => rate * engines / (engines - 1.0).max(0.0),
        FanOut::PerNode | FanOut::PerEngine => f64::INFINITY,
    }
}

/// How new weights reach the pools.
pub(super) fn publish(plan: &Plan, rl: &plan::RlWork) -> PublishParams {
    let w = &rl.weights;
    let nodes = |&(fleet, _): &(usize, u64)| rl.engine.gpus as f64 / plan.fleets[fleet].gpus_per_node as f64;
    PublishParams {
        full_bytes: rl.parameters * rl.bytes_per_parameter,
        delta_bytes: w.delta.then_some(rl.parameters * w.changed * w.bytes_per_changed),
        full_every: w.full_every,
        copy_for: match w.fan_out {
            FanOut::Tree | FanOut::Peer => CopyFor::Site,
            FanOut::PerNode => CopyFor::Node,
            FanOut::PerEngine => CopyFor::Engine,
        },
        nodes_per_engine: rl.generators.iter().map(nodes).collect(),
        stored: w.store.is_some(),
        relayed: w.across != Distribution::Unicast,
        peers: w.fan_out == FanOut::Peer,
        overlap: w.overlap,
        timeout: w.timeout,
        scan_rate: w.senders as f64 * w.scan_rate.get(),
        inner_rate: w.inner_rate.get(),
        inner_bucket: w.inner_bucket.get(),
    }
}

/// What dispatches and publishes.
pub(super) fn control(controller: &plan::Controller, streams: &Streams) -> ControlParams {
    let streams = streams.child("controller");
    ControlParams {
        delay: controller.delay.clone(),
        outage: controller.outage.as_ref().map(|o| [o.time_to_failure.clone(), o.time_to_repair.clone()]),
        delays: streams.stream("delays"),
        failures: streams.stream("time-to-failure"),
        repairs: streams.stream("repair"),
    }
}
