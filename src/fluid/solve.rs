//! From what was touched to new rates: finds the connected part, fills it, and tells everyone concerned.

use super::fill::{Item, Problem, Share, Stop};
use super::sharing::Sharing;
use super::types::{Cause, ResourceId};

/// Rates closer than this, relatively, count as the same for those who are told of changes.
const UNCHANGED: f64 = 1e-12;

/// Classes and resources that are connected, each ascending.
#[derive(Debug, Default)]
struct Part {
    classes: Vec<u32>,
    resources: Vec<u32>,
}

impl Sharing {
    /// Brings all rates up to date with the changes since the last solve.
    pub(super) fn solve(&mut self) {
        if self.dirty.is_empty() {
            return;
        }
        let part = self.touched_part();
        let shares = self.problem(&part).solve();
        for (&class, share) in part.classes.iter().zip(&shares) {
            self.apply(class, share, &part);
        }
        for &resource in &part.resources {
            self.set_load(resource);
        }
        for class in std::mem::take(&mut self.dirty.classes) {
            self.requeue(class);
        }
        self.dirty.resources.clear();
        for meter in std::mem::take(&mut self.dirty.meters) {
            self.set_meter(meter);
        }
    }

    /// Everything reachable from the touched resources and classes through shared resources.
    fn touched_part(&self) -> Part {
        let mut part = Part::default();
        let mut seen_class = vec![false; self.classes.numbers().end as usize];
        let mut seen_resource = vec![false; self.resources.len()];
        let mut to_visit = Vec::new();
        for &resource in &self.dirty.resources {
            if !std::mem::replace(&mut seen_resource[resource as usize], true) {
                to_visit.push(resource);
            }
        }
        // A touched class without a path is connected to nothing; the others are met through their resources.
        for &class in self.dirty.classes.iter().filter(|&&class| self.classes[class].count > 0) {
            if !std::mem::replace(&mut seen_class[class as usize], true) {
                part.classes.push(class);
            }
        }
        while let Some(resource) = to_visit.pop() {
            part.resources.push(resource);
            for member in &self.resources[resource as usize].members {
                if std::mem::replace(&mut seen_class[member.class as usize], true) {
                    continue;
                }
                part.classes.push(member.class);
                for &(next, _) in self.classes[member.class].spec.path() {
                    if !std::mem::replace(&mut seen_resource[next as usize], true) {
                        to_visit.push(next);
                    }
                }
            }
        }
        part.classes.sort_unstable();
        part.resources.sort_unstable();
        part
    }

    fn problem(&self, part: &Part) -> Problem {
        let mut problem = Problem::default();
        let mut local = vec![0; self.resources.len()];
        for (index, &resource) in part.resources.iter().enumerate() {
            local[resource as usize] = index as u32;
            problem.capacity.push(self.resources[resource as usize].capacity);
        }
        for &class in &part.classes {
            let class = &self.classes[class];
            let first_use = problem.uses.len() as u32;
            problem.uses.extend(class.spec.path().iter().map(|&(resource, a)| (local[resource as usize], a)));
            problem.items.push(Item {
                count: f64::from(class.count),
                weight: class.spec.weight,
                cap: class.spec.limit().0,
                floor: class.spec.floor(),
                priority: class.spec.priority,
                first_use,
                end_use: problem.uses.len() as u32,
            });
        }
        problem
    }

    fn apply(&mut self, class: u32, share: &Share, part: &Part) {
        let state = &self.classes[class];
        let cause = match share.stop {
            Stop::Resource(local) => Cause::Resource(ResourceId(part.resources[local as usize])),
            Stop::Cap => Cause::Named(state.spec.limit().1),
        };
        let short = share.granted < state.spec.floor() * (1.0 - UNCHANGED);
        let (new_rate, new_cause) = (share.rate.to_bits() != state.rate.to_bits(), cause != state.cause);
        if new_cause || short != state.short {
            self.charge_class(class);
            let state = &mut self.classes[class];
            (state.cause, state.short) = (cause, short);
        }
        if new_rate {
            self.settle_service(class);
            self.classes[class].rate = share.rate;
            self.requeue(class);
        }
        if new_rate || new_cause {
            let meters = self.classes[class].spec.meters.iter().map(|&(meter, _)| meter);
            self.dirty.meters.extend(meters);
        }
    }

    fn set_load(&mut self, resource: u32) {
        let resource = &mut self.resources[resource as usize];
        resource.settle(self.now);
        let use_of = |class: u32| f64::from(self.classes[class].count) * self.classes[class].rate;
        resource.load = resource.members.iter().map(|member| member.factor * use_of(member.class)).sum();
    }

    fn set_meter(&mut self, number: u32) {
        let meter = &mut self.meters[number as usize];
        meter.settle(self.now);
        let rate_of = |class: u32| f64::from(self.classes[class].count) * self.classes[class].rate;
        meter.rate = meter.members.iter().map(|member| member.factor * rate_of(member.class)).sum();
        meter.bound = meter.members.iter().any(|member| match self.classes[member.class].cause {
            Cause::Resource(resource) => meter.saturating.binary_search(&resource.0).is_ok(),
            Cause::Named(_) => false,
        });
        if (meter.rate - meter.told).abs() > UNCHANGED * meter.rate.abs().max(meter.told.abs()) {
            meter.told = meter.rate;
            if !std::mem::replace(&mut meter.is_changed, true) {
                self.changed_meters.push(number);
            }
        }
    }
}
