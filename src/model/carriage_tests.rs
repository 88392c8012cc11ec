//! What a movement does in every part of its life.

use super::*;
use crate::model::paths::Recovery;

const SECOND: i64 = 1_000_000_000;

fn at(s: f64) -> SimTime {
    SimTime::from_secs_f64(s)
}

/// 100 bytes at 10 per second over a path of 2 s round trip, with one round trip of set-up.
fn one() -> (Carriage, Route, MovementId) {
    let mut sharing = Sharing::new();
    let (owner, pipe, home) = (sharing.add_owner(), sharing.add_resource(10.0), sharing.add_resource(10.0));
    let mut carriage = Carriage::new(sharing, true);
    let route = Route {
        uses: vec![(pipe, 1.0)],
        back: vec![(home, 1.0)],
        rtt: SimDuration::from_secs(2),
        live: [1.0; 2],
        loss: 0.0,
        ways: Default::default(),
    };
    let order = Order {
        work: 3,
        purpose: Purpose::Copy { leg: 0 },
        owner,
        ends: (SiteId(0), SiteId(1)),
        base: Vec::new(),
        access: Vec::new(),
        outer: Vec::new(),
        copies: 1.0,
        reverse: 0.0,
        far: 1.0,
        own_meters: Vec::new(),
        meters: Vec::new(),
        bytes: 100.0,
        pace: (f64::INFINITY, 0),
        slots: None,
        priority: 1,
        transport: Transport { setup_rtts: 1.0, ..Transport::OPEN },
    };
    let (id, leaves) = carriage.order(SimTime::ZERO, order, Some(&route));
    assert_eq!(leaves, at(2.0));
    (carriage, route, id)
}

/// Lets the movement go on until `s`; it is sent at 12 s.
fn run(carriage: &mut Carriage, route: &Route, id: MovementId, s: f64) {
    if s >= 2.0 {
        carriage.begin(at(2.0), id, Some(route), true);
    }
    carriage.sharing.advance(at(s.min(12.0)).as_nanos());
    let mut finished = Vec::new();
    carriage.sharing.take_finished(&mut finished);
    for flow in finished {
        assert_eq!(flow.at_ns, 12 * SECOND);
        assert_eq!(carriage.sent(at(12.0), flow.tag, flow.top_cause), Some((id, at(13.0))));
    }
}

fn uses(order: &Order, route: &Route) -> Uses {
    let way = Way::over(order, Some(route));
    way.with(order, way.wan(order, Some(route)))
}

#[test]
fn what_has_been_carried_is_right_in_every_part_of_a_life() {
    for (s, carried) in [(1.0, 0.0), (7.0, 50.0), (12.5, 100.0)] {
        let (mut carriage, route, id) = one();
        run(&mut carriage, &route, id, s);
        let left = carriage.remaining(at(s), id).unwrap();
        assert!((left - (100.0 - carried)).abs() < 1e-6, "{left} left after {s} s");
        let cut = carriage.cancel(at(s), id).unwrap();
        assert!((cut - carried).abs() < 1e-6, "{cut} carried when cut after {s} s");
        assert_eq!(carriage.cancel(at(s), id), None);
        assert_eq!(carriage.take_records().unwrap()[0].finish, None);
    }
}

#[test]
fn a_load_that_reads_and_writes_uses_both_directions_by_their_shares() {
    let (carriage, route, id) = one();
    let mut order = carriage.slots[id.index as usize].1.as_ref().unwrap().order.clone();
    assert_eq!(uses(&order, &route), route.uses, "what only goes there takes nothing of the way back");
    order.reverse = 0.25;
    order.copies = 2.0;
    assert_eq!(uses(&order, &route), vec![(route.uses[0].0, 1.5), (route.back[0].0, 0.5)]);
}

#[test]
fn a_work_can_be_stopped_in_part() {
    let (mut carriage, _, id) = one();
    carriage.cancel_work(at(1.0), WorkId(3), |purpose| purpose == Purpose::Load);
    assert!(carriage.course(id).is_some());
    carriage.cancel_work(at(1.0), WorkId(3), |_| true);
    assert!(carriage.course(id).is_none());
}

mod resends {
    use super::*;
    use proptest::prelude::*;

    const SEGMENT: f64 = 4096.0;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Go-back-N beside other loads on two links: in the end each flow's links carry what its own sending rate says it
        /// must send, no link carries more than it can, and some link is full.
        #[test]
        fn what_is_sent_twice_agrees_with_the_rate(
            capacities in (1e8..1e11_f64, 1e8..1e11_f64),
            flows in prop::collection::vec((0..3_usize, 1e-8..1e-3_f64, 1..200_i64, 1..64_u32), 1..8),
        ) {
            let mut sharing = Sharing::new();
            let owner = sharing.add_owner();
            let links = [sharing.add_resource(capacities.0), sharing.add_resource(capacities.1)];
            let mut carriage = Carriage::new(sharing, false);
            let mut ids = Vec::new();
            for &(way, loss, ms, streams) in &flows {
                let over = match way { 0 => vec![0], 1 => vec![1], _ => vec![0, 1] };
                let uses: Uses = over.iter().map(|&l| (links[l], 1.0)).collect();
                let route = Route { uses, back: Vec::new(), rtt: SimDuration::from_nanos(ms * 1_000_000), live: [1.0; 2], loss, ways: Default::default() };
                let recovery = Recovery::GoBackN { segment: SEGMENT };
                let transport = Transport { streams: f64::from(streams), recovery, ..Transport::OPEN };
                let order = Order { owner, bytes: f64::INFINITY, transport, ..one().0.slots[0].1.as_ref().unwrap().order.clone() };
                let (id, _) = carriage.order(SimTime::ZERO, order, Some(&route));
                carriage.begin(SimTime::ZERO, id, Some(&route), true);
                ids.push(id);
            }
            carriage.resend(SimTime::ZERO);
            let mut sent = [0.0; 2];
            for (id, &(way, loss, ms, streams)) in ids.iter().zip(&flows) {
                let movement = carriage.slots[id.index as usize].1.as_ref().unwrap();
                let (key, transport) = (movement.flow.unwrap(), movement.order.transport);
                let rate = carriage.sharing.rate(key);
                // The goodput solved for the rate that is sent, by the formula alone.
                let (n, rtt) = (f64::from(streams), ms as f64 * 1e-3);
                let own = rate / ((1.0 - loss) - loss * rate / n * rtt / SEGMENT);
                prop_assert!((transport.arriving(own, rtt, loss) * own / rate - 1.0).abs() < 1e-9);
                for (l, sum) in sent.iter_mut().enumerate() {
                    if way == 2 || way == l { *sum += own; }
                }
            }
            let loads = [sent[0] / capacities.0, sent[1] / capacities.1];
            prop_assert!(loads.iter().all(|load| *load < 1.0 + 1e-6), "{loads:?}");
            prop_assert!(loads.iter().any(|load| *load > 1.0 - 1e-6), "{loads:?}");
        }
    }
}

/// 100 bytes at 10 per second over a round trip of 2 s, 2.5 bytes in the first: 1.25, 2.5 and 5 per second for 2 s each, which are 17.5 bytes,
/// then 82.5 at full rate; 2 s of set-up come before.
#[test]
fn a_window_that_opens_holds_a_movement_back_by_its_own_cause() {
    let (mut carriage, route, id) = one();
    let recovery = Recovery::LossBased { segment: 1.0, constant: 1.22 };
    let movement = carriage.get_mut(id).unwrap();
    movement.order.transport =
        Transport { first_window: 2.5, window_bytes: 20.0, recovery, ..movement.order.transport };
    let owner = movement.order.owner;
    carriage.begin(at(2.0), id, Some(&route), true);
    for (now, sent, lasts) in [(4.0, 2.5, Some(2.0)), (6.0, 7.5, Some(2.0)), (8.0, 17.5, None)] {
        assert_eq!(carriage.round_trip(at(now - 2.0), id), Some(at(now)));
        assert!(carriage.round_ends(at(now), id) && !carriage.round_ends(at(now - 1.0), id));
        carriage.next_round(at(now), id);
        assert!((carriage.remaining(at(now), id).unwrap() - (100.0 - sent)).abs() < 1e-6);
        assert_eq!(carriage.round_trip(at(now), id), lasts.map(|lasts| at(now + lasts)), "after {now} s");
    }
    carriage.sharing.advance(at(20.0).as_nanos());
    let mut finished = Vec::new();
    carriage.sharing.take_finished(&mut finished);
    assert_eq!(finished[0].at_ns, 16_250_000_000);
    let causes = carriage.sharing.cause_seconds(at(20.0).as_nanos(), owner);
    let slow = causes.iter().find(|(cause, _)| *cause == Cause::Named(crate::model::paths::SLOW_START));
    assert!((slow.expect("it was slow").1 - 6.0).abs() < 1e-9, "{causes:?}");
}

/// On a longer way the window that is open stays, and its round trips last longer.
#[test]
fn a_window_that_opens_goes_on_over_another_route() {
    let (mut carriage, route, id) = one();
    let recovery = Recovery::LossBased { segment: 1.0, constant: 1.22 };
    let movement = carriage.get_mut(id).unwrap();
    movement.order.transport = Transport { first_window: 2.5, window_bytes: 1e3, recovery, ..movement.order.transport };
    carriage.begin(at(2.0), id, Some(&route), true);
    carriage.next_round(at(4.0), id);
    let longer = Route { rtt: SimDuration::from_secs(4), ..route };
    carriage.reroute(at(5.0), &[0], Some(&longer));
    assert_eq!(carriage.round_trip(at(5.0), id), Some(at(9.0)));
    // 2.5 bytes, a second at 2.5 per second, then 5 bytes in 4 s.
    assert!((carriage.remaining(at(7.0), id).unwrap() - (100.0 - 2.5 - 2.5 - 2.5)).abs() < 1e-6);
}
