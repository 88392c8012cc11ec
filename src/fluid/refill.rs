//! Filling a connected part from nothing: where reserves do not fit, and where a pass took too many steps.

use super::class::Step;
use super::exact::Sum;
use super::fill::{Item, Problem, Share, Stop};
use super::node::{NONE, SAME};
use super::sharing::Sharing;
use super::types::{Cause, ResourceId};

/// Classes and resources that are connected, each ascending, and each class's service.
#[derive(Debug, Default)]
struct Part {
    classes: Vec<u32>,
    services: Vec<Sum>,
    resources: Vec<u32>,
}

impl Sharing {
    /// Fills every part that a node to be filled is in. Where reserves do not fit, all its classes get clocks of their
    /// own; otherwise each hangs on what stopped it.
    pub(super) fn refill(&mut self) {
        let mut part = self.part_to_fill();
        let shares = self.problem(&part).solve();
        part.services = part.classes.iter().map(|&class| self.service(class)).collect();
        self.take_apart(&part);
        let level = |at: usize| shares[at].rate / self.classes[part.classes[at]].spec.terms.weight;
        let levels: Vec<f64> = (0..shares.len()).map(level).collect();
        let floor = |at: usize| self.classes[part.classes[at]].floor_level;
        let own_clocks = self.overpromised > 0 && (0..shares.len()).any(|at| floor(at) > 0.0);
        let is_held = |&at: &usize| floor(at) > 0.0 && levels[at] <= floor(at) * (1.0 + SAME);
        // Those that their reserve holds up come last, when the levels of the nodes are set by the others.
        let (held, rising): (Vec<usize>, Vec<usize>) = (0..shares.len()).partition(is_held);
        for (at, is_held) in rising.into_iter().map(|at| (at, false)).chain(held.into_iter().map(|at| (at, true))) {
            let class = part.classes[at];
            let (to, step) = match shares[at].stop {
                Stop::Resource(local) if !own_clocks => self.node_on_path(class, part.resources[local as usize]),
                _ => (NONE, NONE),
            };
            self.attach(class, to, step, levels[at], part.services[at]);
            if to != NONE {
                self.set_held(class, is_held);
            }
        }
        for at in 0..self.nodes.len() {
            if self.nodes[at].hanging > 0 && self.nodes[at].hanging == self.nodes[at].held {
                self.nodes[at].level = 0.0;
            }
        }
        for (&class, share) in part.classes.iter().zip(&shares) {
            self.note_stop(class, share, &part);
        }
        for &resource in &part.resources {
            self.refresh_lefts(resource);
        }
        while let Some((number, _)) = self.front.work.first() {
            self.front.release(number, &mut self.nodes[number as usize]);
        }
        self.front.to_fill.clear();
        self.front.to_lower.clear();
    }

    /// Lets every class hang where it seems to belong; the next pass puts levels right.
    pub(super) fn hang_afresh(&mut self) {
        let part = self.part_to_fill();
        let services: Vec<Sum> = part.classes.iter().map(|&class| self.service(class)).collect();
        self.take_apart(&part);
        for &resource in &part.resources {
            self.refresh_lefts(resource);
        }
        for (&class, &service) in part.classes.iter().zip(&services) {
            self.set_short(class, false);
            let (hang, step, level) = self.likely_bottleneck(class);
            self.attach(class, hang, step, level, service);
        }
        self.front.to_fill.clear();
    }

    /// Everything reachable from the nodes to be filled through shared resources.
    fn part_to_fill(&self) -> Part {
        let mut part = Part::default();
        let mut seen_class = vec![false; self.classes.numbers().end as usize];
        let mut seen_resource = vec![false; self.resources.len()];
        let mut to_visit = Vec::new();
        for &node in &self.front.to_fill {
            let resource = self.nodes[node as usize].resource;
            if !std::mem::replace(&mut seen_resource[resource as usize], true) {
                to_visit.push(resource);
            }
        }
        while let Some(resource) = to_visit.pop() {
            part.resources.push(resource);
            let nodes = self.resources[resource as usize].nodes.iter();
            for member in nodes.flat_map(|&node| &self.nodes[node as usize].members) {
                if std::mem::replace(&mut seen_class[member.class as usize], true) {
                    continue;
                }
                part.classes.push(member.class);
                for step in &self.classes[member.class].path {
                    let next = self.nodes[step.node as usize].resource;
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
            let local = |step: &Step| (local[self.nodes[step.node as usize].resource as usize], step.factor);
            problem.uses.extend(class.path.iter().map(local));
            problem.items.push(Item {
                count: f64::from(class.count),
                weight: class.spec.terms.weight,
                cap: class.spec.terms.limit().0,
                floor: class.spec.terms.floor(),
                priority: class.spec.terms.priority,
                first_use,
                end_use: problem.uses.len() as u32,
            });
        }
        problem
    }

    /// Takes every class of the part off the nodes and leaves these empty.
    fn take_apart(&mut self, part: &Part) {
        for &class in &part.classes {
            self.detach(class);
        }
        let nodes = part.resources.iter().flat_map(|&resource| &self.resources[resource as usize].nodes);
        for number in nodes.copied().collect::<Vec<_>>() {
            let node = &mut self.nodes[number as usize];
            // What is left in the sums is rounding error.
            (node.foreign, node.ceiling, node.age) = (0.0, 0.0, 0);
            self.empty_node(number);
        }
    }

    /// The node of a resource on a class's path, and where it is there.
    fn node_on_path(&self, class: u32, resource: u32) -> (u32, u32) {
        let mut path = (0..).zip(&self.classes[class].path);
        let step = path.find(|(_, step)| self.nodes[step.node as usize].resource == resource);
        step.map_or((NONE, NONE), |(at, step)| (step.node, at))
    }

    fn note_stop(&mut self, class: u32, share: &Share, part: &Part) {
        let cause = match share.stop {
            Stop::Resource(local) => Cause::Resource(ResourceId(part.resources[local as usize])),
            Stop::Cap => Cause::Named(self.classes[class].spec.terms.limit().1),
        };
        self.set_cause(class, cause);
        let short = share.granted < self.classes[class].spec.terms.floor() * (1.0 - SAME);
        self.set_short(class, short);
    }

    fn set_short(&mut self, class: u32, short: bool) {
        if short != self.classes[class].short {
            self.pay_owner(class);
            self.classes[class].short = short;
        }
    }

    /// Works out, from the highest priority down, what each leaves to the next.
    fn refresh_lefts(&mut self, resource: u32) {
        for at in 0..self.resources[resource as usize].nodes.len() {
            let node = self.resources[resource as usize].nodes[at];
            self.refresh_left(node);
        }
    }
}
