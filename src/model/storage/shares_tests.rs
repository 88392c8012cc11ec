//! Shares over claims that can take little, worked by hand.

use super::super::lanes::LaneParams;
use super::*;
use crate::fluid::Sharing;

const READ: [f64; 3] = [1.0, 0.0, 0.0];
const WRITE: [f64; 3] = [0.0, 1.0, 0.0];

fn lane(is_tenant: bool, share: f64) -> Lane {
    let mut sharing = Sharing::new();
    let meters = [0, 1, 2].map(|_| sharing.add_meter(&[]));
    Lane::new(LaneParams { name: "x".into(), is_tenant, share, reserve: [0.0; 3], caps: [None; 3], meters })
}

fn claim(tenant: usize, view: Option<usize>, amounts: [f64; 3], limit: f64) -> Claimant {
    let lanes = Lanes { tenant: Some(LaneId::new(tenant)), view: view.map(LaneId::new) };
    Claimant { lanes, amounts, limit }
}

fn room(apart: bool) -> Room {
    Room { rates: [100.0, 100.0], apart }
}

fn close(seen: f64, expected: f64) {
    assert!((seen / expected - 1.0).abs() < 1e-9, "{seen}, by hand {expected}");
}

/// Two tenants share 100. The second has 40 claims that take 0.5 each and one that takes all it gets: 50 − 20 are its.
#[test]
fn light_claims_do_not_dilute_the_share_of_their_tenant() {
    let mut claims = vec![claim(0, None, READ, 1e9), claim(1, None, READ, 1e9)];
    claims.extend((0..40).map(|_| claim(1, None, READ, 0.5)));
    let weights = weights(&[lane(true, 1.0), lane(true, 1.0)], room(false), &claims);
    close(weights[0], 1.0);
    close(weights[1], 30.0 / 50.0);
    close(weights[2], 30.0 / 50.0);
}

/// What a tenant cannot take goes to the others: 20 of the first, so the level is 80 and the second has it all.
#[test]
fn a_light_tenant_leaves_the_rest_to_the_others() {
    let mut claims = vec![claim(0, None, READ, 20.0)];
    claims.extend((0..4).map(|_| claim(1, None, READ, 1e9)));
    let weights = weights(&[lane(true, 1.0), lane(true, 1.0)], room(false), &claims);
    close(weights[1], 0.25);
    assert!(weights[0] >= 20.0 / 80.0, "enough for what it wants: {}", weights[0]);
}

/// Writes that meet no reads cost a tenant nothing of its reads; where they meet, they do.
#[test]
fn directions_are_split_apart_where_they_meet_in_nothing() {
    let lanes = [lane(true, 1.0), lane(true, 1.0)];
    let claims = [claim(0, None, READ, 1e9), claim(1, None, READ, 1e9), claim(1, None, WRITE, 1e9)];
    assert_eq!(weights(&lanes, room(true), &claims), [1.0, 1.0, 1.0]);
    assert_eq!(weights(&lanes, room(false), &claims), [1.0, 0.5, 0.5]);
}

/// Views with shares 3 and 1: the first can take 10 of its 37.5, the second has the 40 left of the tenant's 50.
#[test]
fn a_light_view_leaves_the_rest_to_its_tenant() {
    let lanes = [lane(true, 1.0), lane(true, 1.0), lane(false, 3.0), lane(false, 1.0)];
    let claims = [
        claim(0, None, READ, 1e9),
        claim(1, Some(2), READ, 10.0),
        claim(1, Some(3), READ, 1e9),
        claim(1, Some(3), READ, 1e9),
    ];
    let weights = weights(&lanes, room(false), &claims);
    close(weights[0], 1.0);
    close(weights[2], 20.0 / 50.0);
    assert!(weights[1] >= 10.0 / 50.0);
}

/// Where all can have what they want, or nothing is known of the system, shares go by number, as without limits.
#[test]
fn without_a_limit_that_matters_shares_go_by_number() {
    let lanes = [lane(true, 3.0), lane(true, 1.0)];
    let few = [claim(0, None, READ, 1.0), claim(0, None, READ, 2.0), claim(1, None, READ, 3.0)];
    assert_eq!(weights(&lanes, room(false), &few), [1.5, 1.5, 1.0]);
    let unknown = Room { rates: [f64::INFINITY; 2], apart: false };
    let endless = few.map(|c| Claimant { limit: f64::INFINITY, ..c });
    assert_eq!(weights(&lanes, unknown, &endless), [1.5, 1.5, 1.0]);
    assert_eq!(weights(&lanes, room(false), &endless), [1.5, 1.5, 1.0]);
}
