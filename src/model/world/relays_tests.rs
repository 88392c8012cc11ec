//! Which legs there are, and which of them end when a pool needs nothing more.

use super::*;
use crate::units::SimTime;

const SITES: [SiteId; 4] = [SiteId(0), SiteId(1), SiteId(2), SiteId(3)];

/// A chain 0 → 1 → 2 with two pools at site 1 and one at the source.
fn chain() -> Relays {
    let [source, near, far, _] = SITES;
    let mut relays = Relays::new(FanRule::Chain, 10.0);
    let pools = [(0, near), (1, near), (2, far), (3, source)];
    relays.begin(source, &pools, Some(vec![(source, near, None), (near, far, Some(0))]), 100.0, f64::INFINITY);
    relays
}

#[test]
fn one_copy_crosses_to_each_site_and_pools_beside_get_it_there() {
    let relays = chain();
    let hops: Vec<_> = relays.legs.iter().map(|leg| (leg.from.site.0, leg.to.site.0, leg.after)).collect();
    assert_eq!(hops, [(0, 1, None), (1, 2, Some(0)), (1, 1, Some(0)), (0, 0, None)]);
    assert_eq!(relays.pools, [Some(0), Some(2), Some(1), Some(3)]);
}

#[test]
fn a_leg_goes_on_while_others_wait_for_what_it_brings() {
    let mut relays = chain();
    assert_eq!(relays.detach(0), Vec::<usize>::new(), "sites 1 and 2 pass on what it brings");
    assert_eq!(relays.pools[0], None);
    relays.legs[2].finished = Some(SimTime::ZERO);
    assert_eq!(relays.detach(2), [1, 0], "nobody is left behind either");
}

#[test]
fn what_has_arrived_is_not_taken_back() {
    let mut relays = chain();
    relays.legs[0].finished = Some(SimTime::ZERO);
    assert_eq!(relays.detach(0), Vec::<usize>::new());
    assert_eq!(relays.pools[0], Some(0));
}

/// Where no way leads, every pool waits for its own copy from the source.
#[test]
fn without_crossings_each_pool_has_a_leg_of_its_own() {
    let mut relays = chain();
    relays.begin(SITES[0], &[(0, SITES[1]), (1, SITES[3])], None, 5.0, 1.0);
    let hops: Vec<_> = relays.legs.iter().map(|leg| (leg.from.site.0, leg.to.site.0, leg.after)).collect();
    assert_eq!(hops, [(0, 1, None), (0, 3, None)]);
    assert!((relays.legs[1].bytes - 5.0).abs() < 1e-12 && (relays.pace - 1.0).abs() < 1e-12);
}
