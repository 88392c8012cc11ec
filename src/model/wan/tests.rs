//! Tests of the component.

use super::*;
use crate::engine::Context;
use crate::fluid::Sharing;
use crate::model::event::{CLASS_FAULT, Event};
use crate::model::ids::{LinkId, SiteId};
use crate::model::paths::{Course, RoutePolicy};
use crate::network::Apart;
use crate::units::{SimDuration, SimTime};

const RULES: RouteRules = RouteRules {
    policy: RoutePolicy::Shortest,
    ways: 2,
    apart: Apart::Edges,
    by_capacity: true,
    engineered_ways: 8,
    engineered_every: SimDuration::from_secs(300),
};

fn course(from: u16, to: u16) -> Course {
    Course { from: SiteId(from), to: SiteId(to), policy: RoutePolicy::Shortest }
}

fn triangle() -> Wan {
    let mut sharing = Sharing::new();
    let mut resource = || sharing.add_resource(1.0);
    let edges = (0..3).map(|_| (Some(resource()), Some(resource()))).collect();
    let link = |name: &str, a: u16, b: u16, ms: i64, resources| LinkParams {
        name: name.into(),
        ends: (SiteId(a), SiteId(b)),
        installed: Installed::always([100.0; 2], 4),
        rtt: SimDuration::from_nanos(ms * 1_000_000),
        metric: u64::try_from(ms * 1_000_000).unwrap(),
        framing: 0.5,
        loss: 0.0,
        resources,
        wave_outages: Vec::new(),
        degraded: None,
        restoration: None,
        failed: false,
        cuts: None,
    };
    let links = vec![
        link("phx-dal", 0, 1, 20, [resource(), resource()]),
        link("dal-ric", 1, 2, 27, [resource(), resource()]),
        link("phx-ric", 0, 2, 48, [resource(), resource()]),
    ];
    Wan::new(links, Vec::new(), edges, SimDuration::from_secs(1), RULES)
}

#[test]
fn the_shorter_of_two_ways_is_taken_in_both_directions() {
    let mut wan = triangle();
    let there = wan.route(course(0, 2)).unwrap();
    assert_eq!(there.rtt, SimDuration::from_nanos(47_000_000), "20 + 27 beats the direct 48");
    let resources: Vec<_> = wan.links().map(|l| l.resources).collect();
    assert_eq!(there.uses[1], (resources[0][0], 2.0), "wire bytes per payload byte are 1/framing");
    assert_eq!(there.back[2], (resources[0][1], 2.0), "the same links in the other order");
    let back = wan.route(course(2, 0)).unwrap();
    assert_eq!(back.uses[1].0, resources[1][1]);
    assert_eq!(back.uses[2].0, resources[0][1]);
}

#[test]
fn a_dead_link_blocks_until_routes_change_and_then_is_avoided() {
    let mut wan = triangle();
    assert!(wan.route(course(0, 1)).is_some());
    wan.links[0].cuts_open = 1;
    wan.disturbed.insert(LinkId(0));
    assert_eq!(wan.route(course(0, 1)), None, "black hole until reconvergence");
    let mut out = Vec::new();
    wan.reconverge(SimTime::ZERO, &mut out);
    assert_eq!(out, vec![WanEffect::Rerouted]);
    assert_eq!(wan.route(course(0, 1)).unwrap().rtt, SimDuration::from_nanos(75_000_000));
    wan.links[2].cuts_open = 1;
    wan.disturbed.insert(LinkId(2));
    wan.reconverge(SimTime::ZERO, &mut out);
    assert_eq!(wan.route(course(0, 2)), None, "an island has no route");
}

/// 0 to 2 goes over 1. A cut of the link between 0 and 1 moves what ran over it, and so does its return; the link between 1 and 2 does not notice, nor
/// when the other fails and is mended before routes have changed, which leaves all ways as they are.
#[test]
fn a_change_moves_only_what_it_concerns() {
    let mut wan = triangle();
    let courses = [course(0, 1), course(1, 0), course(0, 2), course(1, 2)];
    let mut change = |cuts: u16| {
        courses.iter().for_each(|&course| drop(wan.route(course)));
        wan.followed();
        wan.links[0].cuts_open = cuts;
        wan.disturbed.insert(LinkId(0));
        wan.reconverge(SimTime::ZERO, &mut Vec::new());
        courses.map(|course| wan.has_moved(course))
    };
    let over_it = [true, true, true, false];
    assert_eq!(change(1), over_it, "cut");
    assert_eq!(change(0), over_it, "mended");
    assert_eq!(change(0), over_it, "in doubt");
    // While it is cut nothing runs over it.
    change(1);
    assert_eq!(change(1), [false; 4], "as before");
}

struct OnlyWan {
    wan: Wan,
    rerouted: Vec<SimTime>,
}

impl crate::engine::Model for OnlyWan {
    type Event = Event;
    fn handle(&mut self, event: Event, ctx: &mut Context<'_, Event>) {
        let mut out = Vec::new();
        self.wan.handle(event, ctx, &mut out);
        self.rerouted.extend(out.iter().filter(|e| **e == WanEffect::Rerouted).map(|_| ctx.now()));
    }
}

/// Traffic stalls when the link dies; somebody has to tell it to go on, even though no route is another one.
#[test]
fn a_link_mended_before_routes_have_changed_gets_its_traffic_back() {
    let at = |ms: i64| SimTime::from_nanos(ms * 1_000_000);
    let model = OnlyWan { wan: triangle(), rerouted: Vec::new() };
    let mut engine = crate::engine::Engine::new(model, crate::engine::Limits::default());
    engine.with_context(|_, ctx| {
        ctx.schedule(at(100), CLASS_FAULT, Event::LinkCut(LinkId(0)));
        ctx.schedule(at(500), CLASS_FAULT, Event::LinkMended(LinkId(0)));
    });
    engine.run_until(at(10_000)).unwrap();
    assert_eq!(engine.model().rerouted, [at(1100)], "the second reconvergence has nothing new to say");
}

#[test]
fn waves_degrade_a_link_and_the_last_one_kills_it() {
    let mut wan = triangle();
    wan.links[0].waves_down = 3;
    assert_eq!(wan.links[0].capacity().map(f64::to_bits), [25.0_f64.to_bits(); 2]);
    assert!(wan.links[0].alive());
    wan.links[0].waves_down = 4;
    assert!(!wan.links[0].alive());
}

/// A ring that goes round one way only: the way back is the rest of the ring.
#[test]
fn a_link_that_goes_one_way_is_used_that_way_only() {
    let mut wan = triangle();
    for link in &mut wan.links {
        link.params.installed = Installed::always([100.0, 0.0], 4);
    }
    wan.links[2].params.ends = (SiteId(2), SiteId(0));
    wan.routing_forgets();
    let resources: Vec<_> = wan.links().map(|l| l.resources).collect();
    let there = wan.route(course(0, 1)).unwrap();
    assert_eq!((there.uses.len(), there.uses[1].0), (3, resources[0][0]));
    let back: Vec<_> = there.back[1..3].iter().map(|(r, _)| *r).collect();
    assert_eq!(back, [resources[1][0], resources[2][0]], "round the ring");
    assert_eq!(wan.route(course(1, 0)).unwrap().rtt, SimDuration::from_nanos(75_000_000));
    wan.links[1].params.ends = (SiteId(2), SiteId(1));
    wan.routing_forgets();
    assert_eq!(wan.route(course(1, 0)), None);
    assert_eq!(wan.route(course(0, 1)).unwrap().back, [], "there is no way back");
}

/// The pair goes the short way, the way round, and for a while no way at all.
#[test]
fn a_pair_is_without_a_way_from_the_death_of_its_route_until_routes_have_changed() {
    let at = |ms: i64| SimTime::from_nanos(ms * 1_000_000);
    let mut wan = triangle();
    let ecmp = Course { policy: RoutePolicy::Ecmp, ..course(0, 1) };
    wan.watch(vec![course(1, 2), ecmp, course(0, 1), ecmp]);
    let mut engine =
        crate::engine::Engine::new(OnlyWan { wan, rerouted: Vec::new() }, crate::engine::Limits::default());
    let seen = |model: &OnlyWan, ms: i64| model.wan.reached(at(ms)).map(|pair| pair.downtime).collect::<Vec<_>>();
    engine.with_context(|_, ctx| {
        // Dead from 1 s, rerouted at 2 s; mended at 2.5 s, which changes nothing.
        ctx.schedule(at(1_000), CLASS_FAULT, Event::LinkCut(LinkId(0)));
        ctx.schedule(at(2_500), CLASS_FAULT, Event::LinkMended(LinkId(0)));
        // A blink: without a way until routes are confirmed at 11 s, though another link dies meanwhile.
        ctx.schedule(at(10_000), CLASS_FAULT, Event::LinkCut(LinkId(0)));
        ctx.schedule(at(10_100), CLASS_FAULT, Event::LinkMended(LinkId(0)));
        ctx.schedule(at(10_200), CLASS_FAULT, Event::LinkCut(LinkId(2)));
        // Site 0 is an island from 20 s to 31 s: 30 s and the reconvergence.
        ctx.schedule(at(20_000), CLASS_FAULT, Event::LinkCut(LinkId(0)));
        ctx.schedule(at(30_000), CLASS_FAULT, Event::LinkMended(LinkId(0)));
    });
    engine.run_until(at(40_000)).unwrap();
    assert_eq!(seen(engine.model(), 40_000), [1.0 + 1.0 + 11.0, 0.0]);
    let ends: Vec<_> = engine.model().wan.reached(at(40_000)).map(|pair| (pair.ends, pair.availability)).collect();
    assert_eq!(ends, [((SiteId(0), SiteId(1)), 1.0 - 13.0 / 40.0), ((SiteId(1), SiteId(2)), 1.0)]);
}
