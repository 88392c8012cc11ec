//! The real thing and its slow twin live through the same random instance and must agree; and laws hold on the way.

use super::audit::audit;
use super::instances::{Features, Ids, Instance, OWNERS, Step, burst_instance, instance, large_instance};
use crate::fluid::oracle::Twin;
use crate::fluid::{Cause, Finished, FlowKey, Sharing};
use proptest::prelude::*;

/// Both, and how to name the same flow in each.
struct Pair {
    sharing: Sharing,
    twin: Twin,
    ids: Ids,
    keys: Vec<FlowKey>,
    finished: Vec<Finished>,
    now: i64,
}

fn close(a: f64, b: f64, scale: f64) -> bool {
    (a - b).abs() <= 1e-9 * scale.abs().max(a.abs()).max(b.abs()) || a == b
}

macro_rules! agree {
    ($what:expr, $mine:expr, $twins:expr, $scale:expr) => {
        prop_assert!(close($mine, $twins, $scale), "{}: {} but the twin has {}", $what, $mine, $twins)
    };
}

impl Pair {
    fn new(instance: &Instance) -> Self {
        let (mut sharing, mut twin, mut ids) = (Sharing::new(), Twin::default(), Ids::default());
        sharing.record_causes(true);
        for &capacity in &instance.capacities {
            ids.resources.push(sharing.add_resource(capacity));
            twin.add_resource(capacity);
        }
        for saturating in &instance.meters {
            let saturating: Vec<_> = saturating.iter().map(|&resource| ids.resources[resource]).collect();
            ids.meters.push(sharing.add_meter(&saturating));
            twin.add_meter(&saturating);
        }
        ids.owners = (0..OWNERS).map(|_| sharing.add_owner()).collect();
        Self { sharing, twin, ids, keys: Vec::new(), finished: Vec::new(), now: 0 }
    }

    fn step(&mut self, wait: i64, step: &Step) {
        self.now += wait;
        self.step_twin(step);
        self.step_sharing(step);
    }

    fn pick(&self, flow: usize) -> Option<usize> {
        (!self.keys.is_empty()).then(|| flow % self.keys.len())
    }

    fn step_sharing(&mut self, step: &Step) {
        let key = |flow: &usize| self.pick(*flow).map(|flow| self.keys[flow]);
        let picked = match step {
            Step::Start(_) | Step::Capacity(..) => None,
            Step::Cancel(flow)
            | Step::Path(flow, ..)
            | Step::Cap(flow, ..)
            | Step::Terms(flow, ..)
            | Step::Stall(flow, _) => key(flow),
        };
        let Self { sharing, ids, keys, now, .. } = self;
        match (step, picked) {
            (Step::Start(spec), _) => {
                // Every other one by its kind, which must make no difference.
                let by_kind = keys.len() % 2 == 1;
                keys.push(ids.with(spec, keys.len() as u64, |spec| {
                    if by_kind {
                        let kind = sharing.prepare(spec);
                        sharing.start_kind(*now, kind, spec.bytes, spec.tag)
                    } else {
                        sharing.start(*now, spec)
                    }
                }));
            }
            (Step::Capacity(resource, capacity), _) => sharing.set_capacity(*now, ids.resources[*resource], *capacity),
            (Step::Cancel(_), Some(key)) => drop(sharing.cancel(*now, key)),
            (Step::Path(_, path, meters), Some(key)) => {
                sharing.set_uses(*now, key, &ids.uses(path), &ids.meters(meters));
            }
            (Step::Cap(_, cap, cause), Some(key)) => sharing.set_cap(*now, key, *cap, *cause),
            (Step::Terms(_, weight, reserve), Some(key)) => sharing.set_terms(*now, key, *weight, *reserve),
            (Step::Stall(_, cause), Some(key)) => sharing.stall(*now, key, *cause),
            (_, None) => {}
        }
    }

    fn step_twin(&mut self, step: &Step) {
        let picked = |flow: &usize| self.pick(*flow);
        let flow = match step {
            Step::Start(_) | Step::Capacity(..) => None,
            Step::Cancel(flow)
            | Step::Path(flow, ..)
            | Step::Cap(flow, ..)
            | Step::Terms(flow, ..)
            | Step::Stall(flow, _) => picked(flow),
        };
        let Self { twin, ids, now, .. } = self;
        match (step, flow) {
            (Step::Start(spec), _) => ids.with(spec, 0, |spec| twin.start(*now, spec)),
            (Step::Capacity(resource, capacity), _) => twin.set_capacity(*now, *resource, *capacity),
            (Step::Cancel(_), Some(flow)) => twin.change(*now, flow, |flow| flow.leave()),
            (Step::Path(_, path, meters), Some(flow)) => {
                twin.change(*now, flow, |flow| flow.set_uses(&ids.uses(path), &ids.meters(meters)));
            }
            (Step::Cap(_, cap, cause), Some(flow)) => twin.change(*now, flow, |flow| flow.set_cap(*cap, *cause)),
            (Step::Terms(_, weight, reserve), Some(flow)) => {
                twin.change(*now, flow, |flow| flow.set_terms(*weight, *reserve));
            }
            (Step::Stall(_, cause), Some(flow)) => twin.change(*now, flow, |flow| flow.stall(*cause)),
            (_, None) => {}
        }
    }

    fn compare_present(&mut self) -> Result<(), TestCaseError> {
        self.sharing.advance(self.now);
        self.twin.advance(self.now);
        audit(&mut self.sharing).map_err(TestCaseError::fail)?;
        for (index, &key) in self.keys.iter().enumerate() {
            let flow = &self.twin.flows[index];
            let mine = self.sharing.cause(key);
            prop_assert_eq!(mine, flow.present.then_some(flow.cause), "cause of flow {}", index);
            if flow.present {
                agree!(format!("rate of flow {index}"), self.sharing.rate(key), flow.rate, 1e-3);
                let left = self.sharing.remaining(self.now, key);
                agree!(format!("remaining of flow {index}"), left, flow.left, 300.0);
            }
        }
        for (index, &resource) in self.ids.resources.iter().enumerate() {
            agree!(format!("load of {index}"), self.sharing.load(resource), self.twin.load(index), 1.0);
        }
        Ok(())
    }

    fn compare_totals(&mut self) -> Result<(), TestCaseError> {
        let now = self.now;
        for (index, &resource) in self.ids.resources.iter().enumerate() {
            let peeked = self.sharing.peek_carried(now, resource);
            let mine = self.sharing.carried(now, resource);
            prop_assert_eq!(peeked, mine, "a look at what {} has carried", index);
            agree!(format!("carried by {index}"), mine, self.twin.carried[index], 1.0);
        }
        for (index, &meter) in self.ids.meters.iter().enumerate() {
            let (mine, twins) = (self.sharing.meter(now, meter), self.twin.meter(index));
            agree!(format!("rate of meter {index}"), mine.rate, twins.rate, 1e-3);
            agree!(format!("total of meter {index}"), mine.total, twins.total, 1.0);
            agree!(format!("active time of meter {index}"), mine.active_s, twins.active_s, 1.0);
            agree!(format!("bound total of meter {index}"), mine.bound_total, twins.bound_total, 1.0);
            agree!(format!("bound time of meter {index}"), mine.bound_s, twins.bound_s, 1.0);
        }
        for &owner in &self.ids.owners {
            let seconds = self.sharing.cause_seconds(now, owner);
            for &(cause, mine) in &seconds {
                let twins = self.twin.cause_seconds.get(&(owner, cause)).copied().unwrap_or(0.0);
                agree!(format!("{owner:?} {cause:?}"), mine, twins, 1.0);
            }
            let twins: f64 = self.twin.cause_seconds.iter().filter(|(at, _)| at.0 == owner).map(|(_, s)| s).sum();
            agree!("flow-seconds", seconds.iter().map(|(_, s)| s).sum::<f64>(), twins, 1.0);
        }
        Ok(())
    }

    fn compare_finished(&mut self) -> Result<(), TestCaseError> {
        self.sharing.take_finished(&mut self.finished);
        prop_assert_eq!(self.finished.len(), self.twin.finished.len());
        prop_assert!(self.finished.is_sorted_by(|a, b| a.exact <= b.exact));
        for finished in &self.finished {
            let index = finished.tag as usize;
            let twins = self.twin.finished.iter().find(|(flow, _)| *flow == index);
            let (_, twins) = twins.ok_or_else(|| TestCaseError::fail(format!("flow {index} did not finish")))?;
            let mine = finished.exact.0 as f64 + finished.exact.1;
            prop_assert!((mine - twins).abs() <= 1e-10 * twins + 1e-2, "flow {index} ends at {mine}, not {twins}");
            let tick = finished.exact.0 + i64::from(finished.exact.1 > 0.0);
            prop_assert_eq!(finished.at_ns, tick);
            let held = &self.twin.flows[index].held;
            let (top, longest) = (finished.top_cause, held.values().copied().fold(0.0, f64::max));
            let mine = top.and_then(|cause| held.get(&cause)).copied().unwrap_or(0.0);
            agree!(format!("longest cause of flow {index}"), mine, longest, 1.0);
        }
        Ok(())
    }

    /// Σ load ≤ capacity; a flow stopped by a resource has the highest level there, but for reserves and higher
    /// priorities; a flow stopped by its cap or stall has just that rate.
    fn check_laws(&mut self) -> Result<(), TestCaseError> {
        for (index, &resource) in self.ids.resources.iter().enumerate() {
            let (load, capacity) = (self.sharing.load(resource), self.sharing.capacity(resource));
            prop_assert!(load <= capacity * (1.0 + 1e-11), "resource {index} carries {load} of {capacity}");
        }
        for (index, &key) in self.keys.iter().enumerate() {
            let Some(Cause::Resource(resource)) = self.sharing.cause(key) else { continue };
            let (load, capacity) = (self.sharing.load(resource), self.sharing.capacity(resource));
            prop_assert!(
                load >= capacity * (1.0 - 1e-9),
                "flow {index} is stopped by a resource with {load}/{capacity}"
            );
            let level = self.sharing.rate(key) / self.twin.flows[index].weight();
            for (other, &other_key) in self.keys.iter().enumerate() {
                let flow = &self.twin.flows[other];
                let here = flow.present && flow.path().iter().any(|(r, _)| *r == resource);
                if !here || !flow.is_plain_beside(&self.twin.flows[index]) {
                    continue;
                }
                let others = self.sharing.rate(other_key) / flow.weight();
                prop_assert!(others <= level * (1.0 + 1e-9) + 1e-9, "flow {other} is above {index} at its bottleneck");
            }
        }
        Ok(())
    }
}

/// As [`live_with`], but with no look between changes at one instant.
fn live_in_bursts(instance: &Instance) -> Result<(), TestCaseError> {
    let mut pair = Pair::new(instance);
    pair.sharing.far = 200.0;
    for (wait, step) in &instance.steps {
        if *wait > 0 {
            pair.compare_present()?;
        }
        pair.step(*wait, step);
    }
    pair.compare_present()?;
    pair.check_laws()?;
    pair.now += 1_000_000_000_000;
    pair.compare_present()?;
    pair.compare_totals()?;
    prop_assert_eq!(pair.sharing.fallbacks(), 0);
    pair.compare_finished()
}

fn live_through(instance: &Instance) -> Result<(), TestCaseError> {
    live_with(instance, None)
}

/// The same with another bound for the steps of a pass.
fn live_with(instance: &Instance, most_steps: Option<usize>) -> Result<(), TestCaseError> {
    live_far(instance, most_steps, f64::INFINITY)
}

/// The same with services counted anew beyond some bytes per weight.
fn live_far(instance: &Instance, most_steps: Option<usize>, far: f64) -> Result<(), TestCaseError> {
    let mut pair = Pair::new(instance);
    (pair.sharing.most_steps, pair.sharing.far) = (most_steps, far);
    for (wait, step) in &instance.steps {
        // Halfway too, for what ends in between changes the causes of others.
        pair.now += wait / 2;
        pair.compare_present()?;
        pair.step(wait - wait / 2, step);
        pair.compare_present()?;
        pair.check_laws()?;
    }
    pair.now += 1_000_000_000_000;
    pair.compare_present()?;
    pair.compare_totals()?;
    prop_assert!(pair.sharing.fallbacks() == 0 || most_steps.is_some());
    pair.compare_finished()
}

/// Many flows over many resources: too slow for the twin, but the audit knows the conditions of fairness.
fn keep_books(instance: &Instance, haste: i64) -> Result<(), TestCaseError> {
    let mut pair = Pair::new(instance);
    for (wait, step) in &instance.steps {
        pair.now += wait / haste;
        pair.step_sharing(step);
        audit(&mut pair.sharing).map_err(TestCaseError::fail)?;
    }
    prop_assert_eq!(pair.sharing.fallbacks(), 0);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, rng_seed: prop::test_runner::RngSeed::Fixed(8), ..ProptestConfig::default() })]

    #[test]
    fn many_flows_keep_the_books(
        instance in large_instance(Features::ALL, 40, 400)
    ) {
        keep_books(&instance, 20)?;
    }

    #[test]
    fn many_plain_flows_keep_the_books(
        instance in large_instance(Features { weights: false, caps: false, priorities: false, reserves: false }, 30, 400)
    ) {
        keep_books(&instance, 20)?;
    }

    #[test]
    fn few_plain_flows_keep_the_books(
        instance in large_instance(Features { weights: false, caps: false, priorities: false, reserves: false }, 60, 800)
    ) {
        keep_books(&instance, 8)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, rng_seed: prop::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_twin_in_everything(instance in instance(Features::ALL, 40)) {
        live_through(&instance)?;
    }

    #[test]
    fn agrees_with_the_twin_where_passes_are_given_up(instance in instance(Features::ALL, 40), most_steps in 0..5_usize) {
        live_with(&instance, Some(most_steps))?;
    }

    #[test]
    fn agrees_with_the_twin_in_bursts(instance in burst_instance(Features::ALL, 60)) {
        live_in_bursts(&instance)?;
    }

    #[test]
    fn agrees_with_the_twin_in_bursts_of_plain_flows(
        instance in burst_instance(Features { weights: false, caps: false, priorities: false, reserves: false }, 60)
    ) {
        live_in_bursts(&instance)?;
    }

    #[test]
    fn agrees_with_the_twin_where_services_are_counted_anew(instance in instance(Features::ALL, 40), far in 1.0..300.0f64) {
        live_far(&instance, None, far)?;
    }

    #[test]
    fn agrees_with_the_twin_on_plain_flows(
        instance in instance(Features { weights: false, caps: false, priorities: false, reserves: false }, 40)
    ) {
        live_through(&instance)?;
    }

    #[test]
    fn agrees_with_the_twin_on_weights_and_caps(
        instance in instance(Features { weights: true, caps: true, priorities: false, reserves: false }, 40)
    ) {
        live_through(&instance)?;
    }

    #[test]
    fn agrees_with_the_twin_on_priorities(
        instance in instance(Features { weights: true, caps: true, priorities: true, reserves: false }, 40)
    ) {
        live_through(&instance)?;
    }
}
