//! Random instances: a small world and a list of things that happen to it.

use crate::fluid::{FlowSpec, MeterId, OwnerId, ResourceId};
use proptest::prelude::*;
use std::ops::Range;

/// One thing that happens, after a wait in ns. Numbers of flows, resources and meters count round.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Start(Box<Spec>),
    Cancel(usize),
    Capacity(usize, f64),
    Path(usize, Vec<(usize, f64)>, Vec<(usize, f64)>),
    Cap(usize, f64, u8),
    Terms(usize, f64, f64),
    Stall(usize, u8),
}

#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub owner: usize,
    pub uses: Vec<(usize, f64)>,
    pub meters: Vec<(usize, f64)>,
    pub weight: f64,
    pub cap: f64,
    pub cap_cause: u8,
    pub priority: u8,
    pub reserve: f64,
    pub bytes: f64,
}

#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub capacities: Vec<f64>,
    /// Saturating resources of each meter.
    pub meters: Vec<Vec<usize>>,
    pub steps: Vec<(i64, Step)>,
}

/// Which features an instance has.
#[derive(Copy, Clone, Debug)]
pub(super) struct Features {
    pub weights: bool,
    pub caps: bool,
    pub priorities: bool,
    pub reserves: bool,
}

impl Features {
    pub const ALL: Self = Self { weights: true, caps: true, priorities: true, reserves: true };
}

pub(super) const OWNERS: usize = 2;

/// Few round values, so that exact ties are common, or anything in a range.
fn number(round: &'static [f64], low: f64, high: f64) -> BoxedStrategy<f64> {
    prop_oneof![prop::sample::select(round), low..high].boxed()
}

fn path(resources: usize, weights: bool) -> impl Strategy<Value = Vec<(usize, f64)>> {
    let coefficient = if weights { number(&[1.0, 2.0, 0.5], 0.1, 4.0) } else { Just(1.0).boxed() };
    prop::collection::btree_map(0..resources, coefficient, 0..=resources.min(4))
        .prop_map(|map| map.into_iter().collect())
}

fn meters(meters: usize) -> impl Strategy<Value = Vec<(usize, f64)>> {
    prop::collection::btree_map(0..meters, 0.1..3.0, 0..=meters).prop_map(|map| map.into_iter().collect())
}

fn spec(resources: usize, meter_count: usize, features: Features) -> impl Strategy<Value = Spec> {
    let Features { weights, caps, priorities, reserves } = features;
    let weight = if weights { number(&[1.0, 2.0, 3.0], 0.1, 10.0) } else { Just(1.0).boxed() };
    let no_cap = Just(f64::INFINITY).boxed();
    let cap = if caps { prop_oneof![3 => no_cap, 2 => number(&[50.0, 100.0], 0.0, 200.0)].boxed() } else { no_cap };
    let priority = if priorities { (0u8..3).boxed() } else { Just(0).boxed() };
    let reserve = if reserves {
        prop_oneof![6 => Just(0.0), 3 => number(&[1.0, 5.0, 50.0], 0.0, 20.0), 1 => 0.0..150.0].boxed()
    } else {
        Just(0.0).boxed()
    };
    let bytes =
        prop_oneof![6 => 1.0..300.0, 2 => prop::sample::select(&[50.0, 100.0, 200.0]), 1 => Just(f64::INFINITY)];
    let about = (0..OWNERS, path(resources, weights), meters(meter_count), 0u8..3);
    (about, weight, cap, priority, reserve, bytes).prop_map(|(about, weight, cap, priority, reserve, bytes)| {
        let (owner, uses, meters, cap_cause) = about;
        // A flow on no resource needs a cap.
        let cap = if uses.is_empty() && cap.is_infinite() { 70.0 } else { cap };
        Spec { owner, uses, meters, weight, cap, cap_cause, priority, reserve, bytes }
    })
}

fn step(resources: usize, meter_count: usize, features: Features) -> impl Strategy<Value = Step> {
    let any = 0..1000_usize;
    let capacity = prop_oneof![1 => Just(0.0), 4 => number(&[100.0, 200.0], 10.0, 500.0)];
    let path = path(resources, features.weights).prop_filter("a path", |path| !path.is_empty());
    let caps = if features.caps { 1 } else { 0 };
    // Where neither matters, there is nothing to change.
    let terms = if features.weights || features.reserves { 1 } else { 0 };
    let weight = if features.weights { number(&[1.0, 2.0, 3.0], 0.1, 10.0) } else { Just(1.0).boxed() };
    let reserve =
        if features.reserves { prop_oneof![1 => Just(0.0), 1 => 0.0..50.0].boxed() } else { Just(0.0).boxed() };
    prop_oneof![
        12 => spec(resources, meter_count, features).prop_map(|spec| Step::Start(Box::new(spec))),
        1 => any.clone().prop_map(Step::Cancel),
        1 => (0..resources, capacity).prop_map(|(resource, capacity)| Step::Capacity(resource, capacity)),
        1 => (any.clone(), path, meters(meter_count)).prop_map(|(flow, path, meters)| Step::Path(flow, path, meters)),
        caps => (any.clone(), 0.0..300.0, 0u8..3).prop_map(|(flow, cap, cause)| Step::Cap(flow, cap, cause)),
        terms => (any.clone(), weight, reserve).prop_map(|(flow, weight, reserve)| Step::Terms(flow, weight, reserve)),
        1 => (any, 0u8..3).prop_map(|(flow, cause)| Step::Stall(flow, cause)),
    ]
}

pub(super) fn instance(features: Features, steps: usize) -> impl Strategy<Value = Instance> {
    sized_instance(1..7, 1..steps, features)
}

pub(super) fn large_instance(features: Features, resources: usize, steps: usize) -> impl Strategy<Value = Instance> {
    sized_instance(resources / 2..resources, steps / 2..steps, features)
}

/// Few kinds of flow, many of each, and many changes at one instant.
pub(super) fn burst_instance(features: Features, steps: usize) -> impl Strategy<Value = Instance> {
    (1..5_usize, 1..4_usize).prop_flat_map(move |(resources, kinds)| {
        let kinds = prop::collection::vec(spec(resources, 1, features), kinds);
        let choices = prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), steps);
        (sized_instance(resources..resources + 1, 1..steps, features), kinds, choices).prop_map(few_kinds)
    })
}

fn few_kinds((mut instance, kinds, choices): (Instance, Vec<Spec>, Vec<(bool, prop::sample::Index)>)) -> Instance {
    for ((wait, step), (at_once, kind)) in instance.steps.iter_mut().zip(choices) {
        *wait = if at_once { 0 } else { *wait };
        if let Step::Start(spec) = step {
            // Not round, or much ends exactly when the twin is asked, and rounding decides who has still been there.
            let bytes = 1.000_61 * spec.bytes;
            let kind = kind.get(&kinds);
            // Meters of the instance are at least one.
            **spec = Spec { bytes, ..kind.clone() };
        }
    }
    instance
}

fn sized_instance(resources: Range<usize>, steps: Range<usize>, features: Features) -> impl Strategy<Value = Instance> {
    (resources, 1..3_usize).prop_flat_map(move |(resources, meter_count)| {
        let wait = prop_oneof![1 => Just(0), 3 => 0..1_500_000_000_i64];
        let saturating = prop::collection::vec(0..resources, 0..3);
        // Plain instances have round capacities only, so that many levels are exactly equal.
        let round = prop::sample::select(&[100.0, 200.0, 400.0][..]).boxed();
        let capacity = if features.weights { prop_oneof![round, 10.0..500.0].boxed() } else { round };
        let capacities = prop::collection::vec(capacity, resources);
        let meters = prop::collection::vec(saturating, meter_count);
        let steps = prop::collection::vec((wait, step(resources, meter_count, features)), steps.clone());
        (capacities, meters, steps).prop_map(|(capacities, meters, steps)| Instance { capacities, meters, steps })
    })
}

/// Ids of the `n`-th things created.
#[derive(Debug, Default)]
pub(super) struct Ids {
    pub resources: Vec<ResourceId>,
    pub meters: Vec<MeterId>,
    pub owners: Vec<OwnerId>,
}

impl Ids {
    pub fn uses(&self, uses: &[(usize, f64)]) -> Vec<(ResourceId, f64)> {
        uses.iter().map(|&(resource, coefficient)| (self.resources[resource], coefficient)).collect()
    }

    pub fn meters(&self, meters: &[(usize, f64)]) -> Vec<(MeterId, f64)> {
        meters.iter().map(|&(meter, factor)| (self.meters[meter], factor)).collect()
    }

    /// Calls `start` with the flow described.
    pub fn with<T>(&self, spec: &Spec, tag: u64, start: impl FnOnce(&FlowSpec) -> T) -> T {
        start(&FlowSpec {
            owner: self.owners[spec.owner],
            uses: &self.uses(&spec.uses),
            weight: spec.weight,
            cap: spec.cap,
            cap_cause: spec.cap_cause,
            priority: spec.priority,
            reserve: spec.reserve,
            meters: &self.meters(&spec.meters),
            bytes: spec.bytes,
            tag,
        })
    }
}
