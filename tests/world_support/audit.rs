//! Runs that are audited: the laws of conservation hold at every look.

use apollo_sim::assembly;
use apollo_sim::engine::Probe;
use apollo_sim::model::world::{Measured, World};
use apollo_sim::scenario::plan::Plan;
use apollo_sim::units::{SimDuration, SimTime};

/// A probe that stops the test at the first instant at which a law of conservation is broken.
struct Auditor;

impl Probe<World> for Auditor {
    fn sample(&mut self, at: SimTime, world: &mut World) {
        let violations = world.audit(at);
        assert!(violations.is_empty(), "{violations:#?}");
    }
}

/// One replication, audited at `looks` equal steps and at the horizon; with the events it took.
pub fn audited(plan: &Plan, replication: u32, looks: i64) -> (Measured, u64) {
    let mut engine = assembly::engine(plan, plan.seed, replication, false, false);
    let every = SimDuration::from_nanos((plan.horizon.as_nanos() / looks).max(1));
    engine.add_probe(SimTime::ZERO + every, every, Box::new(Auditor));
    engine.run_until(SimTime::ZERO + plan.horizon).unwrap_or_else(|error| panic!("{error}"));
    let (now, events) = (engine.now(), engine.events());
    let mut world = engine.into_model();
    assert_eq!(world.audit(now), Vec::<String>::new());
    (world.measure(now), events)
}
