use super::*;

fn end(storage: u16, site: u16) -> End {
    End { storage: StorageId(storage), site: SiteId(site), fetch: None, store: f64::INFINITY }
}

fn params(to: Vec<End>) -> CopyParams {
    CopyParams {
        from: end(0, 0),
        to,
        rule: Some(FanRule::Tree),
        chunk: 10.0,
        bytes: 100.0,
        pace: f64::INFINITY,
        operations: 1.0,
        transport: Transport::OPEN,
    }
}

/// From and to by system (none where a site only passes on), and the leg before.
fn shape(legs: &[Leg]) -> Vec<(Option<u16>, Option<u16>, Option<usize>)> {
    let number = |place: Place| place.storage.map(|storage| storage.0);
    legs.iter().map(|leg| (number(leg.from), number(leg.to), leg.after)).collect()
}

/// Site 1 has no system; site 2 has systems 1 and 2, the source's site has 3, site 3 has 4.
#[test]
fn second_systems_of_a_site_take_their_bytes_from_the_first() {
    let params = params(vec![end(1, 2), end(2, 2), end(3, 0), end(4, 3)]);
    let site = SiteId;
    let crossings = vec![(site(0), site(1), None), (site(1), site(2), Some(0)), (site(1), site(3), Some(0))];
    let legs = params.legs(Some(crossings));
    let by_hand = [
        (Some(0), None, None),
        (None, Some(1), Some(0)),
        (None, Some(4), Some(0)),
        (Some(1), Some(2), Some(1)),
        (Some(0), Some(3), None),
    ];
    assert_eq!(shape(&legs), by_hand);
    assert!(legs.iter().all(|leg| leg.after.is_none_or(|before| legs[before].to == leg.from)));
    let direct = params.legs(None);
    assert_eq!(shape(&direct), [1, 2, 3, 4].map(|to| (Some(0), Some(to), None)));
}

fn so_far(sent: f64, rate: f64, done: bool) -> Progress {
    Progress { sent, rate, rtt: SimDuration::from_secs(2), done }
}

/// A chunk of 10 bytes at 5 B/s is sent after 2 s and there after 3 s. At 2 B/s the leg falls behind by a chunk in 10 s ÷ 3; at 8 B/s it has caught up from
/// there 10 s ÷ 3 later; and goes on at the last rate of the leg before when that is done.
#[test]
fn a_leg_begins_falls_behind_and_catches_up() {
    let at = |seconds: f64| SimTime::ZERO + SimDuration::from_secs_f64(seconds);
    let tick = |turn: Turn, seconds: f64| match turn {
        Turn::Keep(Some(due)) => assert!((due.as_secs_f64() - seconds).abs() < 2e-9, "{due}, by hand {seconds}"),
        other => panic!("{other:?}, by hand {seconds}"),
    };
    let mut leg = params(vec![end(1, 1), end(2, 2)]).legs(None).remove(0);
    leg.bytes = 100.0;
    tick(leg.turn(at(0.0), (so_far(0.0, 5.0, false), 5.0), None, 10.0), 2.0);
    tick(leg.turn(at(2.0), (so_far(10.0, 5.0, false), 5.0), None, 10.0), 3.0);
    assert_eq!(leg.turn(at(3.0), (so_far(15.0, 5.0, false), 5.0), None, 10.0), Turn::Begin);
    assert_eq!((leg.lead, leg.follows), (15.0, Some(5.0)));
    tick(leg.turn(at(3.0), (so_far(15.0, 5.0, false), 5.0), Some(so_far(0.0, 2.0, false)), 10.0), 3.0 + 10.0 / 3.0);
    let behind = (so_far(15.0 + 50.0 / 3.0, 5.0, false), 5.0);
    assert_eq!(leg.turn(at(3.0 + 10.0 / 3.0), behind, Some(so_far(20.0 / 3.0 - 1e-9, 2.0, false)), 10.0), Turn::Pace);
    assert_eq!(leg.follows, None);
    tick(leg.turn(at(7.0), (so_far(35.0, 5.0, false), 5.0), Some(so_far(10.0, 8.0, false)), 10.0), 7.0 + 10.0 / 3.0);
    // The leg before is done: what is left is the lead, which comes at its last rate.
    let done = (so_far(100.0, 0.0, true), 5.0);
    assert_eq!(leg.turn(at(20.0), done, Some(so_far(85.0, 8.0, false)), 10.0), Turn::Pace);
    assert_eq!(leg.follows, Some(5.0));
    assert_eq!(leg.turn(at(20.0), done, Some(so_far(85.0, 5.0, false)), 10.0), Turn::Keep(None));
}
