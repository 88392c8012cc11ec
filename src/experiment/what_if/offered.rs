//! What standing demand puts on the links, with and without a failure: no simulation, since nothing moves. Every demand
//! follows its routes in full, so a direction can be offered more than it carries.
//!
//! Every distinct state of the measured time is looked at for every failure (see [`super::states`]), and each figure taken where it is worst.
//! Loads are linear in what demands offer where each follows its own rule, so a state more costs a sum; where a direction is
//! offered too much, fair sharing is solved for the state. Of the states of one failure those are left out that cannot be the worst: a pair that
//! gets less than it offers crosses a full direction, so what is not delivered is at most the sum of what directions are offered too much.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::super::RunError;
use super::failures::Failure;
use super::layer::Layer;
use super::states::{Epoch, State};
use crate::assembly;
use crate::experiment::results::what_if::Latency;
use crate::network::{Apart, Rule, Want};
use crate::scenario::plan::{Plan, Routing, SiteIx, WorkKind};
use crate::units::SimTime;

/// Flows times solutions of fair sharing up to which every state is solved: about a minute of processor time.
const SHARED: usize = 20_000_000;
/// Solutions of traffic engineering up to which every state is solved.
const SOLVED: usize = 5_000;

/// The demands of a plan on its network, in all states of its measured time.
pub(super) struct Study<'a> {
    plan: &'a Plan,
    epochs: Vec<Epoch>,
    /// Round-trip time of each arc's link, ns.
    length: Vec<u64>,
    groups: Vec<Group>,
}

/// What the links are offered at worst, and what comes of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Offered {
    /// Offered rate over capacity of each arc: 2l and 2l + 1 are the directions of link l. May exceed 1.
    pub(super) utilisation: Vec<Peak>,
    /// What has no way, and what fair sharing cannot deliver of the rest, wire bytes per second.
    pub(super) unserved: Peak,
    /// The pair whose round trip grows most, and by how many nanoseconds.
    pub(super) latency: Option<(u64, Latency)>,
}

/// The highest value of all states, and the first instant that has it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Peak {
    pub(super) value: f64,
    pub(super) at: SimTime,
}

impl Peak {
    fn take(&mut self, value: f64, at: SimTime) {
        if value > self.value || (value >= self.value && at < self.at) {
            *self = Peak { value, at };
        }
    }
}

/// Demands that are laid over the network together.
struct Group {
    chosen: Chosen,
    /// Under a rule for each by itself: the demand whose course over time they all have; none where they never change.
    factor: Option<usize>,
    pairs: Vec<Pair>,
}

/// A pair of sites with its stated rate; rate 0 for a pair that only works use.
#[derive(Clone, Copy, Debug)]
struct Pair {
    want: Want,
    priority: u8,
    weight: f64,
    /// The demand whose course over time it has.
    factor: Option<usize>,
}

/// Lengths of the ways of the pairs of each group, by state; a single entry where they are the same in all.
type Lengths = Vec<Vec<Vec<Option<u64>>>>;

/// A state in which some direction is offered too much: epoch, state, and what is not delivered there at most.
type Overload = (usize, usize, f64);

impl<'a> Study<'a> {
    /// Over the measured time of a plan.
    pub(super) fn new(plan: &'a Plan) -> Self {
        let mut length = Vec::new();
        for link in &plan.links {
            length.extend([u64::try_from(link.rtt.as_nanos()).unwrap_or(0); 2]);
        }
        Study { plan, epochs: Epoch::all(plan), length, groups: groups(plan) }
    }

    /// Number of distinct states.
    pub(super) fn states(&self) -> usize {
        self.epochs.iter().map(|epoch| epoch.states.len()).sum()
    }

    /// What the links are offered at worst with nothing failed, then under each failure; `deliver` solves what is not delivered. Beside them, how
    /// many times a state was left out because another one has at least as much of every demand.
    ///
    /// # Errors
    /// [`RunError::Interrupted`].
    pub(super) fn under(
        &self,
        failures: &[Failure],
        deliver: bool,
        interrupt: &AtomicBool,
    ) -> Result<(Vec<Offered>, usize), RunError> {
        let cases: Vec<&[usize]> =
            std::iter::once(&[][..]).chain(failures.iter().map(|f| f.links.as_slice())).collect();
        let team = self.groups.iter().any(|group| matches!(group.chosen, Chosen::Engineered { .. }));
        let every = !team || self.states() * cases.len() <= SOLVED;
        let nothing = Offered {
            utilisation: vec![Peak { value: 0.0, at: SimTime::MAX }; self.length.len()],
            unserved: Peak { value: 0.0, at: SimTime::MAX },
            latency: None,
        };
        let mut all: Vec<(Offered, Vec<Overload>)> = vec![(nothing, Vec::new()); cases.len()];
        let mut left_out = 0;
        for e in 0..self.epochs.len() {
            let states: Vec<usize> =
                (0..self.epochs[e].states.len()).filter(|&s| every || !self.epochs[e].states[s].covered).collect();
            left_out += (self.epochs[e].states.len() - states.len()) * cases.len();
            let layers = self.layers(e);
            let before = self.loads(e, (&layers, &states), (&[], None), &mut all[0]);
            all.par_iter_mut().zip(&cases).skip(1).try_for_each(|(known, dead)| {
                stop(interrupt)?;
                self.loads(e, (&layers, &states), (dead, Some(&before)), known);
                Ok::<(), RunError>(())
            })?;
        }
        if deliver {
            left_out += self.drop_covered(&mut all);
            all.par_iter_mut()
                .zip(&cases)
                .try_for_each(|((worst, overloads), dead)| self.deliver(worst, overloads, dead, interrupt))?;
        }
        Ok((all.into_iter().map(|(offered, _)| offered).collect(), left_out))
    }

    /// The demands of each group on the network of an epoch.
    fn layers(&self, epoch: usize) -> Vec<Layer<'_>> {
        let epoch = &self.epochs[epoch];
        let layer = |group: &Group| {
            let wants: Vec<Want> = group.pairs.iter().map(|pair| pair.want).collect();
            let classes = group.pairs.iter().map(|pair| pair.priority).collect();
            let graph = match group.chosen {
                Chosen::Rule(_) => &epoch.installed,
                Chosen::Engineered { .. } => &epoch.in_service,
            };
            Layer::new(graph, &self.length, wants, classes, group.chosen)
        };
        self.groups.iter().map(layer).collect()
    }

    /// Takes what is offered in these states of an epoch with these links dead, and returns the lengths of all ways.
    fn loads(
        &self,
        e: usize,
        (layers, states): (&[Layer<'_>], &[usize]),
        (dead, before): (&[usize], Option<&Lengths>),
        (worst, overloads): &mut (Offered, Vec<Overload>),
    ) -> Lengths {
        let epoch = &self.epochs[e];
        let arcs = epoch.in_service.arcs();
        // What follows a rule of its own is laid once, and counted as often as each state says.
        let once: Vec<_> = layers.iter().map(|layer| layer.ruled(dead)).collect();
        let mut lengths: Lengths =
            once.iter().map(|loads| loads.iter().map(|loads| loads.lengths.clone()).collect()).collect();
        for &s in states {
            let state = &epoch.states[s];
            let (mut offered, mut unrouted) = (vec![0.0; arcs.len()], 0.0);
            for (g, (group, layer)) in self.groups.iter().zip(layers).enumerate() {
                let now = layer.team(dead, &|pair| factor(group.pairs[pair].factor, state));
                let (loads, times) = match (&once[g], &now) {
                    (Some(loads), _) => (loads, factor(group.factor, state)),
                    (None, Some(loads)) => (loads, 1.0),
                    (None, None) => continue,
                };
                offered.iter_mut().zip(&loads.arcs).for_each(|(sum, load)| *sum += times * load);
                unrouted += times * loads.unrouted;
                lengths[g].extend(now.map(|loads| loads.lengths));
            }
            let mut excess = 0.0;
            for ((peak, &offered), arc) in worst.utilisation.iter_mut().zip(&offered).zip(arcs) {
                peak.take(if offered > 0.0 { offered / arc.capacity } else { 0.0 }, state.at);
                excess += if offered > arc.capacity { offered - arc.capacity } else { 0.0 };
            }
            if excess > 0.0 {
                overloads.push((e, s, unrouted + self.bound(state, excess)));
            } else {
                worst.unserved.take(unrouted, state.at);
            }
        }
        if let Some(before) = before {
            let at: Vec<SimTime> = states.iter().map(|&s| epoch.states[s].at).collect();
            self.stretched((before, &lengths), &at, &mut worst.latency);
        }
        lengths
    }

    /// What is not delivered at most of that which has a way: the sum of the excess where every way carries all of its
    /// pair, and otherwise all that is offered.
    fn bound(&self, state: &State, excess: f64) -> f64 {
        if self.groups.iter().all(|group| matches!(group.chosen, Chosen::Rule(Rule::Cheapest))) {
            return excess;
        }
        let pairs = self.groups.iter().flat_map(|group| &group.pairs);
        pairs.map(|pair| pair.want.rate * factor(pair.factor, state)).sum()
    }

    /// Where solving all states takes too long, those go that another one covers; returns how many.
    fn drop_covered(&self, all: &mut [(Offered, Vec<Overload>)]) -> usize {
        let flows: usize = self.groups.iter().map(|group| group.pairs.len()).sum();
        let solutions = |all: &[(Offered, Vec<Overload>)]| all.iter().map(|(_, known)| known.len()).sum::<usize>();
        let before = solutions(all);
        if before.saturating_mul(flows) <= SHARED {
            return 0;
        }
        for (_, overloads) in all.iter_mut() {
            overloads.retain(|&(e, s, _)| !self.epochs[e].states[s].covered);
        }
        before - solutions(all)
    }

    /// What fair sharing cannot deliver with these links dead, in the states that may be the worst.
    fn deliver(
        &self,
        worst: &mut Offered,
        overloads: &mut [Overload],
        dead: &[usize],
        interrupt: &AtomicBool,
    ) -> Result<(), RunError> {
        overloads.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
        for &mut (e, s, most) in overloads {
            stop(interrupt)?;
            if most < worst.unserved.value {
                break;
            }
            worst.unserved.take(self.unserved(e, s, dead), self.epochs[e].states[s].at);
        }
        Ok(())
    }

    /// What fair sharing does not deliver of all demands in a state, bytes per second.
    fn unserved(&self, e: usize, s: usize, dead: &[usize]) -> f64 {
        let (epoch, layers) = (&self.epochs[e], self.layers(e));
        let state = &epoch.states[s];
        let capacity: Vec<f64> = epoch.in_service.arcs().iter().map(|arc| arc.capacity).collect();
        let mut flows = Vec::new();
        for (group, layer) in self.groups.iter().zip(&layers) {
            let ways = layer.ways_under(dead, &|pair| factor(group.pairs[pair].factor, state));
            for (pair, uses) in group.pairs.iter().zip(ways) {
                let rate = pair.want.rate * factor(pair.factor, state);
                if rate > 0.0 {
                    flows.push(assembly::Steady { uses, rate, priority: pair.priority, weight: pair.weight });
                }
            }
        }
        assembly::steady_unserved(&capacity, &flows)
    }

    /// The pair whose round trip grows most, of those that still have a way.
    fn stretched(&self, (before, after): (&Lengths, &Lengths), at: &[SimTime], worst: &mut Option<(u64, Latency)>) {
        let name = |site: SiteIx| &self.plan.sites[site].name;
        for (group, (before, after)) in self.groups.iter().zip(before.iter().zip(after)) {
            for (&at, (before, after)) in at.iter().zip(before.iter().zip(after)) {
                for (pair, lengths) in group.pairs.iter().zip(before.iter().zip(after)) {
                    let (Some(before), Some(after)) = lengths else { continue };
                    let grown = after.saturating_sub(*before);
                    if grown > worst.as_ref().map_or(0, |(known, _)| *known) {
                        let latency = Latency {
                            pair: format!("{}-to-{}", name(pair.want.from), name(pair.want.to)),
                            before: *before as f64 / 1e9,
                            after: *after as f64 / 1e9,
                            at_s: at.as_secs_f64(),
                        };
                        *worst = Some((grown, latency));
                    }
                }
            }
        }
    }
}

fn stop(interrupt: &AtomicBool) -> Result<(), RunError> {
    if interrupt.load(Ordering::Relaxed) { Err(RunError::Interrupted) } else { Ok(()) }
}

/// How many times its stated rate a pair offers in a state.
fn factor(of: Option<usize>, state: &State) -> f64 {
    of.map_or(1.0, |demand| state.factors[demand])
}

/// All pairs, by rule and course over time.
fn groups(plan: &Plan) -> Vec<Group> {
    let mut groups: BTreeMap<(usize, Option<usize>), Group> = BTreeMap::new();
    let mut add = |routing: Routing, pair: Pair| {
        let (order, chosen) = rule(plan, routing);
        let factor = pair.factor.filter(|_| matches!(chosen, Chosen::Rule(_)));
        let group = || Group { chosen, factor, pairs: Vec::new() };
        groups.entry((order, factor)).or_insert_with(group).pairs.push(pair);
    };
    let same = |demand: &crate::scenario::plan::Demand| {
        let changes = !demand.day.is_empty() || demand.growth.is_some();
        let like = |other: &crate::scenario::plan::Demand| other.day == demand.day && other.growth == demand.growth;
        plan.standing.iter().position(like).filter(|_| changes)
    };
    for demand in &plan.standing {
        let factor = same(demand);
        for &(from, to, rate) in &demand.pairs {
            let want = Want { from, to, rate };
            add(demand.routing, Pair { want, priority: demand.priority, weight: demand.weight, factor });
        }
    }
    for work in &plan.works {
        let (pairs, routing) = sends(plan, &work.kind);
        for (from, to) in pairs.into_iter().filter(|(from, to)| from != to) {
            let want = Want { from, to, rate: 0.0 };
            add(routing, Pair { want, priority: 0, weight: 1.0, factor: None });
        }
    }
    groups.into_values().collect()
}

impl Offered {
    /// The arc that is offered most of its capacity; the first of equals in this order.
    pub(super) fn fullest(&self, order: &[usize]) -> Option<(usize, Peak)> {
        let known = order.iter().map(|&arc| (arc, self.utilisation[arc]));
        known.reduce(|best, next| if next.1.value > best.1.value { next } else { best })
    }

    /// As what a replication would show, for directions that are these arcs.
    pub(super) fn as_observed(&self, order: &[usize]) -> super::Observed {
        let utilisation = order.iter().map(|&arc| self.utilisation[arc].value).collect();
        super::Observed { utilisation, unserved: self.unserved.value, costs: Vec::new() }
    }
}

/// Names of the directions of all links, by arc: `link.L.A-to-B`.
pub(super) fn directions(plan: &Plan) -> Vec<String> {
    let name = |site: SiteIx| &plan.sites[site].name;
    let both = |link: &crate::scenario::plan::Link| {
        let (a, b) = (name(link.ends.0), name(link.ends.1));
        [format!("link.{}.{a}-to-{b}", link.name), format!("link.{}.{b}-to-{a}", link.name)]
    };
    plan.links.iter().flat_map(both).collect()
}

/// How ways are chosen.
#[derive(Clone, Copy, Debug)]
pub(super) enum Chosen {
    /// For each demand by itself.
    Rule(Rule),
    /// For all of them together, at most so many ways of a pair.
    Engineered {
        /// Most ways.
        most: usize,
    },
}

/// How ways are chosen, with a number of its own.
pub(super) fn rule(plan: &Plan, routing: Routing) -> (usize, Chosen) {
    match routing {
        Routing::Shortest => (0, Chosen::Rule(Rule::Cheapest)),
        Routing::Ecmp => (1, Chosen::Rule(Rule::Spread)),
        Routing::Engineered => (3, Chosen::Engineered { most: plan.engineering.ways as usize }),
        Routing::Disjoint => {
            let d = plan.disjoint;
            let apart = if d.nodes { Apart::Nodes } else { Apart::Edges };
            let most = d.ways as usize;
            (2, Chosen::Rule(Rule::Disjoint { most, apart, by_capacity: d.by_capacity }))
        }
    }
}

/// Pairs of sites between which a work sends, and how its routes are chosen. Ends of a trace that are no sites are left out.
fn sends(plan: &Plan, kind: &WorkKind) -> (Vec<(SiteIx, SiteIx)>, Routing) {
    match kind {
        WorkKind::Copy(copy) => {
            let from = plan.storages[copy.from].site;
            (copy.to.iter().map(|&to| (from, plan.storages[to].site)).collect(), copy.transport.routing)
        }
        WorkKind::Io(io) => (vec![(plan.storages[io.storage].site, io.site)], io.transport.routing),
        WorkKind::Rl(rl) => {
            let trainer = plan.fleets[rl.trainer_fleet].site;
            let pools = rl.generators.iter().map(|&(fleet, _)| (trainer, plan.fleets[fleet].site)).collect();
            (pools, rl.transport.routing)
        }
        WorkKind::Trace(trace) => {
            let is_site = |end: usize| end < plan.sites.len();
            let pairs = trace.pairs.iter().copied().filter(|&(from, to)| is_site(from) && is_site(to));
            (pairs.collect(), trace.transport.routing)
        }
    }
}
