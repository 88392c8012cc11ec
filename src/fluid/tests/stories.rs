//! Small stories whose answers can be worked out on paper.

use crate::fluid::{Cause, Finished, FlowKey, FlowSpec, OwnerId, ResourceId, Sharing};

const S: i64 = 1_000_000_000;

fn world(capacities: &[f64]) -> (Sharing, OwnerId, Vec<ResourceId>) {
    let mut sharing = Sharing::new();
    let owner = sharing.add_owner();
    let resources = capacities.iter().map(|&capacity| sharing.add_resource(capacity)).collect();
    (sharing, owner, resources)
}

fn near(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-9), "{a} is not {b}");
}

fn finished(sharing: &mut Sharing) -> Vec<Finished> {
    let mut out = Vec::new();
    sharing.take_finished(&mut out);
    out
}

#[test]
fn two_flows_share_and_the_one_that_stays_speeds_up() {
    let (mut sharing, owner, r) = world(&[100.0]);
    let uses = [(r[0], 1.0)];
    let short = sharing.start(0, &FlowSpec { tag: 1, ..FlowSpec::new(owner, &uses, 100.0) });
    let long = sharing.start(0, &FlowSpec { tag: 2, ..FlowSpec::new(owner, &uses, 200.0) });
    near(sharing.rate(short), 50.0);
    assert_eq!(sharing.next_finish(), Some(2 * S));
    sharing.advance(2 * S);
    near(sharing.rate(long), 100.0);
    near(sharing.remaining(2 * S, long), 100.0);
    assert_eq!(sharing.next_finish(), Some(3 * S));
    sharing.advance(10 * S);
    let ends: Vec<_> = finished(&mut sharing).iter().map(|end| (end.tag, end.at_ns)).collect();
    assert_eq!(ends, [(1, 2 * S), (2, 3 * S)]);
    near(sharing.carried(10 * S, r[0]), 300.0);
    assert_eq!(sharing.next_finish(), None);
}

#[test]
fn completions_between_ticks_are_exact() {
    // Three flows on a capacity of 3 bytes per 10 ns: the first ends at 10/3 ns, the next at 20/3, the last at 10.
    let (mut sharing, owner, r) = world(&[0.3e9]);
    let uses = [(r[0], 1.0)];
    for bytes in [1.0 / 3.0, 5.0 / 6.0, 11.0 / 6.0] {
        sharing.start(0, &FlowSpec::new(owner, &uses, bytes));
    }
    sharing.advance(9);
    assert_eq!(finished(&mut sharing).iter().map(|end| end.at_ns).collect::<Vec<_>>(), [4, 7]);
    sharing.advance(10);
    let last = finished(&mut sharing);
    assert!((last[0].exact.0 as f64 + last[0].exact.1 - 10.0).abs() < 1e-9, "{last:?}");
    near(sharing.carried(10, r[0]), 3.0);
}

#[test]
fn ties_go_to_the_lowest_resource_and_resources_before_caps() {
    let (mut sharing, owner, r) = world(&[100.0, 100.0, 100.0]);
    let both = sharing.start(0, &FlowSpec::new(owner, &[(r[2], 1.0), (r[1], 1.0)], 1.0));
    assert_eq!(sharing.cause(both), Some(Cause::Resource(r[1])));
    let uses = [(r[0], 1.0)];
    let capped = FlowSpec { cap: 100.0, cap_cause: 9, ..FlowSpec::new(owner, &uses, 1.0) };
    let capped = sharing.start(0, &capped);
    assert_eq!(sharing.cause(capped), Some(Cause::Resource(r[0])));
    sharing.set_cap(0, capped, 99.0, 8);
    assert_eq!(sharing.cause(capped), Some(Cause::Named(8)));
    assert_eq!(sharing.rate(capped), 99.0);
}

#[test]
fn weights_coefficients_and_caps() {
    let (mut sharing, owner, r) = world(&[100.0]);
    let (one, two) = ([(r[0], 1.0)], [(r[0], 2.0)]);
    let heavy = FlowSpec { weight: 3.0, ..FlowSpec::new(owner, &one, 1e9) };
    let costly = FlowSpec::new(owner, &two, 1e9);
    let capped = FlowSpec { cap: 5.0, ..FlowSpec::new(owner, &one, 1e9) };
    let keys = [heavy, costly, capped].map(|spec| sharing.start(0, &spec));
    // 3θ + 2θ + 5 = 100
    for (key, rate) in keys.into_iter().zip([57.0, 19.0, 5.0]) {
        near(sharing.rate(key), rate);
    }
    near(sharing.load(r[0]), 100.0);
}

#[test]
fn a_listed_twice_resource_adds_up() {
    let (mut sharing, owner, r) = world(&[100.0]);
    let key = sharing.start(0, &FlowSpec::new(owner, &[(r[0], 1.0), (r[0], 1.0)], 1.0));
    near(sharing.rate(key), 50.0);
}

#[test]
fn higher_priority_is_served_first_and_reserves_before_all() {
    let (mut sharing, owner, r) = world(&[100.0]);
    let uses = [(r[0], 1.0)];
    let low = sharing.start(0, &FlowSpec::new(owner, &uses, 1e9));
    let reserved = sharing.start(0, &FlowSpec { reserve: 10.0, ..FlowSpec::new(owner, &uses, 1e9) });
    let high = sharing.start(0, &FlowSpec { priority: 1, cap: 60.0, ..FlowSpec::new(owner, &uses, 1e9) });
    near(sharing.rate(high), 60.0);
    near(sharing.rate(low), 20.0);
    near(sharing.rate(reserved), 20.0);
    sharing.set_cap(0, high, f64::INFINITY, 0);
    near(sharing.rate(high), 90.0);
    assert_eq!(sharing.rate(low), 0.0);
    assert_eq!(sharing.cause(low), Some(Cause::Resource(r[0])));
    near(sharing.rate(reserved), 10.0);
}

#[test]
fn a_reserve_holds_a_flow_up_while_sharing_gives_less() {
    let (mut sharing, owner, r) = world(&[100.0, 1000.0]);
    let uses = [(r[1], 1.0), (r[0], 1.0)];
    let held = FlowSpec { reserve: 60.0, ..FlowSpec::new(owner, &uses, 460.0) };
    let held = sharing.start(0, &held);
    near(sharing.rate(held), 100.0);
    let other = sharing.start(S, &FlowSpec::new(owner, &uses, 1e9));
    near(sharing.rate(held), 60.0);
    near(sharing.rate(other), 40.0);
    let third = sharing.start(2 * S, &FlowSpec::new(owner, &uses, 1e9));
    near(sharing.rate(held), 60.0);
    near(sharing.rate(other), 20.0);
    near(sharing.rate(third), 20.0);
    assert_eq!(sharing.cause(held), Some(Cause::Resource(r[0])));
    near(sharing.remaining(3 * S, held), 240.0);
    near(sharing.carried(3 * S, r[0]), 300.0);
    // With twice as much there is more to share than to reserve.
    sharing.set_capacity(3 * S, r[0], 200.0);
    near(sharing.rate(held), 200.0 / 3.0);
    near(sharing.rate(other), 200.0 / 3.0);
    sharing.cancel(3 * S, third);
    sharing.set_capacity(3 * S, r[0], 100.0);
    near(sharing.rate(held), 60.0);
    assert_eq!(sharing.next_finish(), Some(7 * S));
    sharing.advance(7 * S);
    assert_eq!(finished(&mut sharing).len(), 1);
    near(sharing.rate(other), 100.0);
    assert_eq!(sharing.fallbacks(), 0);
}

#[test]
fn what_lower_priorities_have_reserved_is_left_to_them() {
    let (mut sharing, owner, r) = world(&[100.0]);
    let uses = [(r[0], 1.0)];
    let high = sharing.start(0, &FlowSpec { priority: 2, ..FlowSpec::new(owner, &uses, 1e9) });
    let low = sharing.start(0, &FlowSpec { reserve: 30.0, ..FlowSpec::new(owner, &uses, 1e9) });
    let poor = sharing.start(0, &FlowSpec::new(owner, &uses, 1e9));
    near(sharing.rate(high), 70.0);
    near(sharing.rate(low), 30.0);
    near(sharing.rate(poor), 0.0);
    // Now more is reserved than there is, and then not any more.
    let greedy = FlowSpec { reserve: 120.0, priority: 1, ..FlowSpec::new(owner, &uses, 1e9) };
    let greedy = sharing.start(S, &greedy);
    near(sharing.rate(greedy), 100.0);
    near(sharing.rate(high), 0.0);
    near(sharing.rate(low), 0.0);
    near(sharing.reserve_shortfall(low), 30.0);
    sharing.cancel(2 * S, greedy);
    near(sharing.rate(high), 70.0);
    near(sharing.rate(low), 30.0);
    assert_eq!(sharing.reserve_shortfall(low), 0.0);
    near(sharing.carried(3 * S, r[0]), 300.0);
    assert_eq!(sharing.fallbacks(), 0);
}

#[test]
fn all_that_ends_at_one_instant_is_reported_at_once() {
    let (mut sharing, owner, r) = world(&[1000.0, 300.0]);
    let uses = [(r[0], 1.0)];
    let capped = |cap, tag| FlowSpec { cap, tag, ..FlowSpec::new(owner, &uses, 2.0 * cap) };
    sharing.start(0, &capped(100.0, 0));
    sharing.start(0, &capped(50.0, 1));
    sharing.start(0, &FlowSpec { tag: 2, ..FlowSpec::new(owner, &[(r[1], 1.0)], 600.0) });
    let last = sharing.start(0, &FlowSpec { tag: 3, ..FlowSpec::new(owner, &uses, 1e9) });
    sharing.start(0, &FlowSpec { reserve: 400.0, weight: 1e-3, tag: 4, ..FlowSpec::new(owner, &uses, 800.0) });
    assert_eq!(sharing.next_finish(), Some(2 * S));
    sharing.advance(2 * S);
    assert_eq!(finished(&mut sharing).iter().map(|flow| flow.tag).collect::<Vec<_>>(), [0, 1, 2, 4]);
    near(sharing.rate(last), 1000.0);
}

#[test]
fn what_ends_beside_others_does_not_end_early() {
    let (mut sharing, owner, r) = world(&[1e6, 100.0, 1e6]);
    let both = [(r[0], 1.0), (r[1], 1.0)];
    sharing.start(0, &FlowSpec { reserve: 84.0, ..FlowSpec::new(owner, &both, 84.0) });
    let long = sharing.start(0, &FlowSpec { tag: 1, ..FlowSpec::new(owner, &[(r[1], 1.0)], 20.0) });
    near(sharing.rate(long), 16.0);
    sharing.start(0, &FlowSpec { tag: 2, ..FlowSpec::new(owner, &[(r[1], 1.0)], 8.5) });
    sharing.start(0, &FlowSpec { cap: 10.0, tag: 3, ..FlowSpec::new(owner, &[(r[2], 1.0)], 10.0) });
    sharing.advance(S);
    assert_eq!(finished(&mut sharing).iter().map(|flow| flow.tag).collect::<Vec<_>>(), [0, 3]);
    // Half a byte and twelve at 50 bytes/s each.
    assert_eq!(sharing.next_finish(), Some(S + S / 100));
}

#[test]
fn a_flow_that_leaves_and_returns_at_once_ends_once() {
    let (mut sharing, owner, r) = world(&[100.0]);
    let uses = [(r[0], 1.0)];
    let flows = [0, 1].map(|tag| sharing.start(0, &FlowSpec { tag, ..FlowSpec::new(owner, &uses, 100.0) }));
    for _ in 0..40 {
        sharing.stall(0, flows[0], 1);
        sharing.set_uses(0, flows[0], &uses, &[]);
    }
    let late = sharing.start(0, &FlowSpec { tag: 2, ..FlowSpec::new(owner, &uses, 200.0) });
    sharing.advance(3 * S);
    assert_eq!(finished(&mut sharing).iter().map(|flow| flow.tag).collect::<Vec<_>>(), [0, 1]);
    near(sharing.rate(late), 100.0);
    assert_eq!(sharing.next_finish(), Some(4 * S));
}

#[test]
fn a_cap_of_negative_zero_is_zero() {
    let (mut sharing, owner, r) = world(&[100.0]);
    let uses = [(r[0], 1.0)];
    let still = sharing.start(0, &FlowSpec { cap: -0.0, ..FlowSpec::new(owner, &uses, 10.0) });
    let slowed = sharing.start(0, &FlowSpec::new(owner, &uses, 300.0));
    sharing.set_cap(S, slowed, -0.0, 0);
    assert_eq!(sharing.next_finish(), None);
    sharing.advance(2 * S);
    assert!(finished(&mut sharing).is_empty());
    assert_eq!((sharing.rate(still), sharing.rate(slowed)), (0.0, 0.0));
}

#[test]
fn every_priority_at_once() {
    let (mut sharing, owner, r) = world(&[100.0]);
    let uses = [(r[0], 1.0)];
    let spec = |priority| FlowSpec { priority, cap: 0.5, ..FlowSpec::new(owner, &uses, 1e3) };
    let flows: Vec<_> = (0..=u8::MAX).map(|priority| sharing.start(0, &spec(priority))).collect();
    assert_eq!((sharing.rate(flows[255]), sharing.rate(flows[56]), sharing.rate(flows[55])), (0.5, 0.5, 0.0));
}

#[test]
fn reserves_that_do_not_fit_shrink_in_proportion() {
    let (mut sharing, owner, r) = world(&[100.0]);
    let uses = [(r[0], 1.0)];
    let [big, small] = [150.0, 50.0].map(|reserve| FlowSpec { reserve, ..FlowSpec::new(owner, &uses, 1e9) });
    let (big, small) = (sharing.start(0, &big), sharing.start(0, &small));
    near(sharing.rate(big), 75.0);
    near(sharing.reserve_shortfall(big), 75.0);
    near(sharing.rate(small), 25.0);
    near(sharing.shortfall_seconds(S, owner), 2.0);
    sharing.set_capacity(S, r[0], 300.0);
    near(sharing.rate(big), 150.0);
    near(sharing.rate(small), 150.0);
    assert_eq!(sharing.reserve_shortfall(big), 0.0);
}

#[test]
fn dead_resources_and_stalls_hold_a_flow_and_no_byte_is_lost() {
    let (mut sharing, owner, r) = world(&[100.0, 50.0]);
    let key = sharing.start(0, &FlowSpec { tag: 5, ..FlowSpec::new(owner, &[(r[0], 1.0)], 300.0) });
    sharing.set_capacity(S, r[0], 0.0);
    assert_eq!((sharing.rate(key), sharing.cause(key)), (0.0, Some(Cause::Resource(r[0]))));
    assert_eq!(sharing.next_finish(), None);
    sharing.stall(2 * S, key, 3);
    assert_eq!(sharing.cause(key), Some(Cause::Named(3)));
    near(sharing.remaining(3 * S, key), 200.0);
    sharing.set_uses(3 * S, key, &[(r[1], 1.0)], &[]);
    assert_eq!(sharing.next_finish(), Some(7 * S));
    sharing.charge(owner, 3, 0.5);
    sharing.advance(7 * S);
    assert_eq!(finished(&mut sharing)[0].tag, 5);
    let expected = [(Cause::Resource(r[0]), 2.0), (Cause::Resource(r[1]), 4.0), (Cause::Named(3), 1.5)];
    assert_eq!(sharing.cause_seconds(8 * S, owner), expected);
}

#[test]
fn stale_keys_do_nothing() {
    let (mut sharing, owner, r) = world(&[100.0]);
    let uses = [(r[0], 1.0)];
    let old = sharing.start(0, &FlowSpec::new(owner, &uses, 100.0));
    assert_eq!(sharing.cancel(S / 2, old), Some(50.0));
    let new = sharing.start(S, &FlowSpec::new(owner, &uses, 100.0));
    assert_ne!(old, new);
    assert_eq!(sharing.cancel(S, old), None);
    sharing.stall(S, old, 1);
    sharing.set_uses(S, old, &uses, &[]);
    assert_eq!((sharing.rate(old), sharing.remaining(S, old), sharing.cause(old)), (0.0, 0.0, None));
    assert_eq!(sharing.rate(new), 100.0);
}

#[test]
fn what_takes_centuries_ends_in_its_time() {
    let (mut sharing, owner, r) = world(&[1.0]);
    sharing.start(0, &FlowSpec::new(owner, &[(r[0], 1.0)], 4.7e9));
    assert_eq!(sharing.next_finish(), Some(4_700_000_000 * S));
    sharing.advance(4_650_000_000 * S);
    sharing.start(4_650_000_000 * S, &FlowSpec::new(owner, &[(r[0], 0.5)], 1e7));
    sharing.advance(5_000_000_000 * S);
    assert_eq!(finished(&mut sharing).len(), 2);
}

#[test]
fn a_small_flow_after_a_fast_month_ends_to_the_tick() {
    let (mut sharing, owner, r) = world(&[1e12]);
    let uses = [(r[0], 1.0)];
    sharing.start(0, &FlowSpec::new(owner, &uses, f64::INFINITY));
    let present = sharing.start(0, &FlowSpec::new(owner, &uses, 1e18));
    let now = 10 * 86_400 * S + 333;
    let left = sharing.remaining(now, present);
    sharing.set_capacity(now, r[0], 3.0);
    sharing.start(now + 7, &FlowSpec::new(owner, &uses, 1.1));
    assert_eq!(sharing.next_finish(), Some(now + 7 + 1_100_000_000));
    near(sharing.remaining(now + 7, present), left);
    near(sharing.carried(now, r[0]), 1e12 * (now as f64 * 1e-9));
}

#[test]
fn a_kind_is_kept_however_many_others_come() {
    let (mut sharing, owner, r) = world(&[100.0]);
    let uses = [(r[0], 2.0)];
    let kind = sharing.prepare(&FlowSpec { weight: 3.0, ..FlowSpec::new(owner, &uses, 7.0) });
    for other in 1..=20_000 {
        sharing.start(0, &FlowSpec { weight: 3.0 + f64::from(other), ..FlowSpec::new(owner, &uses, 1.0) });
        sharing.advance(i64::from(other) * S);
    }
    let now = 20_000 * S;
    finished(&mut sharing);
    let flow = sharing.start_kind(now, kind, 100.0, 5);
    let other = sharing.start(now, &FlowSpec::new(owner, &uses, 100.0));
    near(sharing.rate(flow), 37.5);
    near(sharing.rate(other), 12.5);
    let empty = sharing.start_kind(now, kind, 0.0, 6);
    assert_eq!(finished(&mut sharing).iter().map(|end| (end.key, end.tag)).collect::<Vec<_>>(), [(empty, 6)]);
}

#[test]
#[should_panic(expected = "at least 0 bytes")]
fn a_kind_carries_no_negative_bytes() {
    let (mut sharing, owner, r) = world(&[100.0]);
    let kind = sharing.prepare(&FlowSpec::new(owner, &[(r[0], 1.0)], 0.0));
    sharing.start_kind(0, kind, -1.0, 0);
}

#[test]
fn nothing_to_carry_finishes_at_once_and_endless_flows_never() {
    let (mut sharing, owner, r) = world(&[100.0]);
    let uses = [(r[0], 1.0)];
    let endless = sharing.start(0, &FlowSpec::new(owner, &uses, f64::INFINITY));
    let empty = sharing.start(S, &FlowSpec::new(owner, &uses, 0.0));
    assert_eq!(finished(&mut sharing)[0].key, empty);
    assert_eq!(sharing.next_finish(), None);
    assert_eq!(sharing.remaining(5 * S, endless), f64::INFINITY);
    assert_eq!(sharing.cancel(5 * S, endless), Some(f64::INFINITY));
    near(sharing.carried(9 * S, r[0]), 500.0);
}

#[test]
fn flows_that_end_together_come_in_the_order_of_their_start() {
    let (mut sharing, owner, r) = world(&[100.0, 100.0]);
    for tag in 0..20 {
        let uses = [(r[tag as usize % 2], 1.0)];
        sharing.start(0, &FlowSpec { tag, ..FlowSpec::new(owner, &uses, 10.0) });
    }
    sharing.advance(S);
    let tags: Vec<_> = finished(&mut sharing).iter().map(|end| end.tag).collect();
    assert_eq!(tags, (0..20).collect::<Vec<_>>());
}

#[test]
fn meters_sum_rates_and_know_when_they_are_bound() {
    let (mut sharing, owner, r) = world(&[100.0, 1000.0]);
    let meter = sharing.add_meter(&[r[0]]);
    let (meters, uses) = ([(meter, 2.0)], [(r[0], 1.0), (r[1], 1.0)]);
    let metered = FlowSpec { meters: &meters, ..FlowSpec::new(owner, &uses, 1e9) };
    let key = sharing.start(0, &metered);
    let mut changed = Vec::new();
    sharing.take_changed_meters(&mut changed);
    assert_eq!(changed, [meter]);
    sharing.set_cap(S, key, 10.0, 1);
    let reading = sharing.meter(3 * S, meter);
    near(reading.rate, 20.0);
    near(reading.total, 200.0 + 40.0);
    near(reading.active_s, 3.0);
    near(reading.bound_total, 200.0);
    near(reading.bound_s, 1.0);
    sharing.take_changed_meters(&mut changed);
    assert_eq!(changed, [meter, meter]);
    sharing.set_capacity(3 * S, r[1], 2000.0);
    sharing.take_changed_meters(&mut changed);
    assert_eq!(changed.len(), 2, "a change elsewhere is none of this meter's");
    sharing.cancel(4 * S, key);
    near(sharing.meter(9 * S, meter).active_s, 4.0);
}

#[test]
fn the_longest_cause_of_a_flow() {
    let (mut sharing, owner, r) = world(&[100.0, 100.0]);
    sharing.record_causes(true);
    let key = sharing.start(0, &FlowSpec::new(owner, &[(r[0], 1.0)], 500.0));
    sharing.set_uses(S, key, &[(r[1], 1.0)], &[]);
    sharing.advance(2 * S);
    sharing.stall(3 * S, key, 7);
    sharing.set_uses(4 * S, key, &[(r[0], 1.0)], &[]);
    sharing.advance(9 * S);
    // 1 + 2 s by the first, 2 s by the second, 1 s stalled.
    assert_eq!(finished(&mut sharing)[0].top_cause, Some(Cause::Resource(r[0])));
}

#[test]
fn a_year_at_ten_terabits_beside_small_flows() {
    let (mut sharing, owner, r) = world(&[1.25e12]);
    let uses = [(r[0], 1.0)];
    sharing.start(0, &FlowSpec::new(owner, &uses, f64::INFINITY));
    let year = 365 * 86_400;
    for day in 0..365 {
        let at = day * 86_400 * S + 7;
        // Alone with the endless flow it has half: 16 ns.
        sharing.start(at, &FlowSpec::new(owner, &uses, 10_000.0));
        sharing.advance(at + 100);
        let end = finished(&mut sharing)[0];
        assert_eq!((end.at_ns, end.exact.0), (at + 16, at + 16));
        assert!(end.exact.1 < 1e-9, "{end:?}");
    }
    near(sharing.carried(year * S, r[0]), year as f64 * 1.25e12);
    near(sharing.cause_seconds(year * S, owner)[0].1, year as f64 + 365.0 * 16e-9);
}

#[test]
fn many_changes_at_one_instant_and_a_late_clock() {
    let (mut sharing, owner, r) = world(&[100.0]);
    let uses = [(r[0], 1.0)];
    let keys: Vec<FlowKey> = (0..50).map(|_| sharing.start(S, &FlowSpec::new(owner, &uses, 100.0))).collect();
    for &key in &keys[1..] {
        // An earlier time counts as the latest seen.
        assert_eq!(sharing.cancel(0, key), Some(100.0));
    }
    assert_eq!(sharing.next_finish(), Some(2 * S));
}

#[test]
#[should_panic(expected = "infinitely fast")]
fn a_flow_needs_something_to_stop_it() {
    let (mut sharing, owner, _) = world(&[]);
    sharing.start(0, &FlowSpec::new(owner, &[], 1.0));
}

/// A class that leaves one full resource for another of the same level has its first cause still, though no rate changes.
#[test]
fn a_cause_is_looked_for_again_where_the_level_stays() {
    let (mut sharing, owner, r) = world(&[10.0, 9.625, 5.0, 55.0]);
    fn endless(owner: OwnerId, uses: &[(ResourceId, f64)]) -> FlowSpec<'_> {
        FlowSpec::new(owner, uses, f64::INFINITY)
    }
    let through = sharing.start(0, &endless(owner, &[(r[0], 1.0), (r[1], 1.0), (r[2], 1.0)]));
    sharing.start(0, &endless(owner, &[(r[0], 1.0)]));
    sharing.start(0, &FlowSpec { weight: 10.0, ..endless(owner, &[(r[3], 1.0)]) });
    let gone = sharing.start(0, &endless(owner, &[(r[3], 1.0)]));
    near(sharing.rate(through), 5.0);
    assert_eq!(sharing.cause(through), Some(Cause::Resource(r[0])));
    sharing.start(S, &FlowSpec { cap: 4.625, ..endless(owner, &[(r[1], 1.0), (r[3], 1.0)]) });
    sharing.cancel(S, gone);
    near(sharing.rate(through), 5.0);
    assert_eq!(sharing.cause(through), Some(Cause::Resource(r[0])));
}

/// A weight so small that its level is beyond all numbers leaves nothing behind.
#[test]
fn a_level_beyond_all_numbers_passes() {
    let (mut sharing, owner, r) = world(&[1e9, 2e9]);
    let uses = [(r[0], 1.0), (r[1], 1.0)];
    sharing.start(0, &FlowSpec { weight: 1e-300, ..FlowSpec::new(owner, &uses, 100.0) });
    sharing.advance(2 * S);
    assert_eq!(finished(&mut sharing).len(), 1);
    let flows = [0, 1].map(|at| sharing.start(2 * S, &FlowSpec::new(owner, &[(r[at], 1.0)], 1e9)));
    near(sharing.rate(flows[0]), 1e9);
    near(sharing.rate(flows[1]), 2e9);
    sharing.advance(4 * S);
    assert_eq!(finished(&mut sharing).len(), 2);
    assert!((sharing.carried(4 * S, r[1]) - 1e9).abs() <= 100.0);
}
