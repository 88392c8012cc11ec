//! Levels, dates and refusals of one system, worked by hand.

use super::*;
use crate::fluid::Sharing;

fn at(s: f64) -> SimTime {
    SimTime::from_secs_f64(s)
}

fn space(retention: Option<f64>, hard: f64) -> Space {
    let whole = AccountParams { full: 1000.0, hard, soft: Some(500.0), holds: 100.0 };
    let mut space = Space::new(SpaceParams { whole, snapshots: SimDuration::from_secs(10) });
    let meter = Sharing::new().add_meter(&[]);
    space.add_ingest(Load::plain(WorkId(0), meter, Some(8.0)), retention.map(SimDuration::from_secs_f64));
    space
}

#[test]
fn bytes_leave_after_their_retention_and_the_snapshots() {
    let mut space = space(Some(20.0), 1000.0);
    assert_eq!(space.update(at(5.0), |_| (0.0, 4.0)), None, "4 per second from 5 s on");
    assert_eq!(space.next_due(), Some(at(30.0)), "what came in the first 5 s would leave now: nothing");
    assert_eq!(space.update(at(30.0), |_| (100.0, 4.0)), None);
    assert_eq!(space.next_due(), Some(at(35.0)), "the first byte leaves after 20 s and 10 s of snapshots");
    let mut space = self::space(Some(20.0), 1000.0);
    space.update(at(5.0), |_| (0.0, 4.0));
    assert_eq!(space.update(at(15.0), |_| (40.0, 1.0)), None);
    assert!((space.used(WHOLE) - 140.0).abs() < 1e-9);
    assert_eq!(space.update(at(35.0), |_| (60.0, 1.0)), None);
    assert!((space.used(WHOLE) - 160.0).abs() < 1e-9 && (space.slope(WHOLE) + 3.0).abs() < 1e-9, "1 in, 4 out");
    assert!((space.used_at(at(40.0), |_| 65.0) - 145.0).abs() < 1e-9);
    assert_eq!(space.next_due(), Some(at(45.0)), "then it is 1 out as well");
    space.update(at(45.0), |_| (70.0, 1.0));
    assert!((space.used(WHOLE) - 130.0).abs() < 1e-9 && space.slope(WHOLE).abs() < 1e-9);
    assert_eq!(space.next_due(), None);
}

#[test]
fn a_full_system_refuses_counts_and_opens_again() {
    let mut space = space(Some(100.0), 900.0);
    space.update(at(0.0), |_| (0.0, 8.0));
    assert_eq!(space.next_due(), Some(at(50.0)), "the soft quota");
    space.update(at(50.0), |_| (400.0, 8.0));
    assert!(space.soft_passed(WHOLE) && space.reaches_soft(WHOLE) == Some(50.0));
    assert_eq!(space.next_due(), Some(at(87.5)), "80 %");
    space.update(at(87.5), |_| (700.0, 8.0));
    assert_eq!(space.next_due(), Some(at(100.0)), "90 % and the hard quota");
    assert_eq!(space.update(at(100.0), |_| (800.0, 8.0)), Some(SpaceEffect::Close(WHOLE)));
    assert_eq!(space.admit(50.0, &[]).to_bits(), 0.0_f64.to_bits());
    space.update(at(100.0), |_| (800.0, 0.0));
    assert_eq!(space.next_due(), Some(at(110.0)), "the first bytes leave");
    space.update(at(110.0), |_| (800.0, 0.0));
    assert_eq!(space.next_due(), Some(at(111.125)), "9 of 900 have left");
    assert_eq!(space.update(at(111.125), |_| (800.0, 0.0)), Some(SpaceEffect::Open(WHOLE)));
    assert!((space.refused(WHOLE) - 50.0 - 8.0 * 11.125).abs() < 1e-9);
}

/// A quota far below the capacity once opened and closed for ever at one instant.
#[test]
fn a_tiny_quota_closes_once() {
    let mut space = space(None, 1e-7);
    assert_eq!(space.update(at(0.0), |_| (0.0, 8.0)), Some(SpaceEffect::Close(WHOLE)));
    assert_eq!(space.update(at(0.0), |_| (0.0, 0.0)), None);
    space.release(100.0, &[]);
    assert_eq!(space.update(at(1.0), |_| (0.0, 0.0)), Some(SpaceEffect::Open(WHOLE)));
    assert_eq!(space.update(at(1.0), |_| (0.0, 0.0)), None);
}

#[test]
fn dates_beyond_the_run_are_projected_from_growth() {
    let mut space = space(None, 1000.0);
    space.update(at(10.0), |_| (20.0, 2.0));
    space.half_time();
    space.update(at(20.0), |_| (40.0, 2.0));
    assert_eq!(space.growth(WHOLE), Some(2.0));
    assert_eq!(space.reaches(WHOLE, 0), Some(20.0 + 660.0 / 2.0), "from 140 to 800");
    assert_eq!(space.reaches(WHOLE, 2), Some(450.0));
}

/// A lane refuses at its own quota, while others go on; both its limit and that of the system hold for what is admitted.
#[test]
fn a_lane_closes_alone_and_admits_what_fits_in_it_and_in_the_system() {
    let whole = AccountParams { full: 1000.0, hard: 1000.0, soft: None, holds: 100.0 };
    let mut space = Space::new(SpaceParams { whole, snapshots: SimDuration::ZERO });
    space.add_account(AccountParams { full: 200.0, hard: 200.0, soft: Some(150.0), holds: 40.0 });
    let mut sharing = Sharing::new();
    let (mine, other) = (sharing.add_meter(&[]), sharing.add_meter(&[]));
    let lane = account_of(LaneId::new(0));
    space.add_ingest(Load { accounts: vec![lane], ..Load::plain(WorkId(0), mine, Some(4.0)) }, None);
    space.add_ingest(Load::plain(WorkId(1), other, Some(1.0)), None);
    let read = |own: (f64, f64), s: f64| move |meter: MeterId| if meter == mine { own } else { (s, 1.0) };
    space.update(at(0.0), read((0.0, 4.0), 0.0));
    assert_eq!(space.admit(60.0, &[lane]).to_bits(), 60.0_f64.to_bits());
    assert_eq!(space.next_due(), Some(at(12.5)), "the soft quota of the lane");
    space.update(at(12.5), read((50.0, 4.0), 12.5));
    assert!(space.soft_passed(lane) && !space.soft_passed(WHOLE));
    assert_eq!(space.next_due(), Some(at(15.0)), "80 % of its hard one");
    assert_eq!(space.update(at(25.0), read((100.0, 4.0), 25.0)), Some(SpaceEffect::Close(lane)));
    assert!(space.refuses(WorkId(0), None) && !space.refuses(WorkId(1), None));
    assert_eq!(space.admit(10.0, &[lane]).to_bits(), 0.0_f64.to_bits());
    space.update(at(35.0), read((100.0, 0.0), 35.0));
    assert!((space.refused(lane) - 50.0).abs() < 1e-9 && (space.refused(WHOLE) - 50.0).abs() < 1e-9);
    assert!((space.used(lane) - 200.0).abs() < 1e-9 && (space.used(WHOLE) - 295.0).abs() < 1e-9);
    space.release(5.0, &[lane]);
    assert_eq!(space.update(at(36.0), read((100.0, 0.0), 36.0)), Some(SpaceEffect::Open(lane)));
    assert_eq!(space.reaches(lane, 2), Some(25.0), "it was full");
}
