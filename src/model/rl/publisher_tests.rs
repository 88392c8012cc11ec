use super::*;

fn publisher(full_every: u32, delta: Option<f64>, pools: usize) -> Publisher {
    Publisher::new(PublishParams {
        full_bytes: 1000.0,
        delta_bytes: delta,
        full_every,
        copy_for: CopyFor::Site,
        nodes_per_engine: vec![0.5; pools],
        stored: false,
        relayed: false,
        peers: false,
        scan_rate: 100.0,
        overlap: false,
        inner_rate: 10.0,
        inner_bucket: 5.0,
        timeout: None,
    })
}

fn at(s: i64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(s)
}

/// Payload, copies and pace of every transfer ordered.
fn transfers(out: &[RlEffect]) -> Vec<(u16, f64, f64, f64)> {
    let of = |effect: &RlEffect| match *effect {
        RlEffect::Publish { pool, bytes, copies, pace } => Some((pool, bytes, copies, pace)),
        _ => None,
    };
    out.iter().filter_map(of).collect()
}

fn publish(p: &mut Publisher, version: u32) -> f64 {
    let (now, live) = (SimTime::ZERO, [4]);
    p.begin(now, version, &live).unwrap();
    let mut out = Vec::new();
    p.send(&live, &mut out);
    p.arrived(0, 4);
    p.landed(now, 0);
    assert_eq!(p.served(now, 0, &live).unwrap().version, version);
    transfers(&out)[0].1
}

/// Published delta-chain accounting: 2 full and 48 deltas of 1.98 % in 50 steps save 94 % of the volume.
#[test]
fn a_delta_chain_saves_what_was_published() {
    let mut p = publisher(25, Some(1000.0 * 20.3 / 1024.0), 1);
    let total: f64 = (1..=50).map(|v| publish(&mut p, v)).sum();
    assert!((1.0 - total / 50_000.0 - 0.941).abs() < 0.001, "{total}");
}

#[test]
fn versions_that_wait_go_out_together_and_never_exceed_the_full_weights() {
    let mut p = publisher(1000, Some(30.0), 1);
    assert_eq!(p.begin(SimTime::ZERO, 1, &[4]), Some(SimDuration::from_secs(10)));
    assert_eq!(p.begin(SimTime::ZERO, 2, &[4]), None, "one at a time");
    p.landed(SimTime::ZERO, 0);
    p.served(SimTime::ZERO, 0, &[4]);
    assert_eq!(p.begin(SimTime::ZERO, 1, &[4]), None, "nobody lacks it");
    assert!((publish(&mut p, 4) - 90.0).abs() < 1e-9, "three versions at once");
    assert_eq!(stats_of(&p).grown_deltas, 0);
    assert!((publish(&mut p, 400) - 1000.0).abs() < 1e-9);
    assert_eq!(stats_of(&p).grown_deltas, 1);
}

#[test]
fn the_tree_adds_one_bucket_per_level() {
    let mut p = publisher(1, None, 1);
    p.begin(SimTime::ZERO, 1, &[1]);
    assert_eq!(p.arrived(0, 1), SimDuration::ZERO);
    assert_eq!(p.arrived(0, 2), SimDuration::from_secs_f64(0.5));
    assert_eq!(p.arrived(0, 9), SimDuration::from_secs_f64(2.0));
}

/// Two nodes share nothing but the store: five engines of half a node each fetch three copies, after one upload.
#[test]
fn through_a_store_the_payload_goes_up_once_and_down_as_often_as_there_are_nodes() {
    let mut p = publisher(1, None, 1);
    (p.params.stored, p.params.copy_for) = (true, CopyFor::Node);
    p.begin(SimTime::ZERO, 1, &[5]);
    let mut out = Vec::new();
    assert_eq!(p.send(&[5], &mut out), None);
    assert_eq!(out, [RlEffect::Upload { bytes: 1000.0, pace: f64::INFINITY, full: true }]);
    out.clear();
    p.distribute(&[5], &mut out);
    assert_eq!(transfers(&out), [(0, 1000.0, 3.0, f64::INFINITY)]);
}

/// A delta of 30 bytes takes 10 s to build: overlapped, it leaves at once, at 3 bytes per second.
#[test]
fn an_overlapped_delta_leaves_as_fast_as_it_is_built() {
    let mut p = publisher(1000, Some(30.0), 1);
    p.params.overlap = true;
    assert_eq!(p.begin(SimTime::ZERO, 1, &[4]), Some(SimDuration::ZERO));
    let mut out = Vec::new();
    p.send(&[4], &mut out);
    assert_eq!(transfers(&out), [(0, 30.0, 1.0, 3.0)]);
}

/// Pool 1 misses version 1: it is sent the full weights, the publish is over for pool 0, version 2 goes to pool 0 alone, and
/// version 1 is served everywhere when pool 1 has caught up. Then a delta over one version brings pool 1 to 2.
#[test]
fn a_pool_that_misses_a_delta_gets_the_full_weights_and_holds_nobody_up() {
    let mut p = publisher(1000, Some(30.0), 2);
    p.params.timeout = Some(SimDuration::from_secs(5));
    let (live, mut out) = ([4, 4], Vec::new());
    p.begin(at(0), 1, &live);
    assert_eq!(p.send(&live, &mut out), Some(SimDuration::from_secs(5)));
    p.arrived(0, 4);
    p.landed(at(1), 0);
    assert_eq!(p.served(at(2), 0, &live), None);
    out.clear();
    assert_eq!(p.timed_out(at(5), 1, &live, &mut out), None);
    assert_eq!(out[0], RlEffect::CancelPublish { pool: 1 });
    assert_eq!(transfers(&out), [(1, 1000.0, 1.0, f64::INFINITY)]);
    assert_eq!(p.timed_out(at(6), 1, &live, &mut out), None, "it is over");

    out.clear();
    p.begin(at(7), 2, &live).unwrap();
    p.send(&live, &mut out);
    assert_eq!(transfers(&out), [(0, 30.0, 1.0, f64::INFINITY)]);
    p.arrived(0, 4);
    p.landed(at(8), 0);
    assert_eq!(p.served(at(9), 0, &live), None, "pool 1 still serves version 0");

    p.arrived(1, 4);
    p.landed(at(20), 1);
    assert_eq!(p.served(at(21), 1, &live), Some(Published { version: 1, landed: at(20), served: at(21), full: true }));
    out.clear();
    p.begin(at(21), 2, &live).unwrap();
    p.send(&live, &mut out);
    assert_eq!(transfers(&out), [(1, 30.0, 1.0, f64::INFINITY)]);
    p.arrived(1, 4);
    p.landed(at(22), 1);
    assert_eq!(p.served(at(23), 1, &live).map(|published| published.version), Some(2));
    let stats = stats_of(&p);
    assert_eq!(stats.missed_publishes, 1);
    // Version 1 from 0 to 21 s, when pool 1 had it too; version 2 from 7 s, when it left for pool 0, to 23 s.
    let times = [stats.publish.min(), stats.publish.max()].map(|t| t.unwrap_or_default());
    assert!((times[0] - 16.0).abs() < 0.1 && (times[1] - 21.0).abs() < 0.1, "{times:?}");
    assert_eq!(stats.publish.count(), 2);
}

fn stats_of(p: &Publisher) -> LoopStats {
    let mut stats = crate::model::rl::ledger::Ledger::new(SimDuration::from_secs(60)).stats(at(30), &[]);
    p.fill_stats(&mut stats);
    stats
}

/// The bytes are at the site at 4 s and its engines serve them at 9 s: the wait for bytes, 5 s long, was over in time.
#[test]
fn bytes_that_are_there_before_the_timeout_are_not_missed() {
    let mut p = publisher(1000, Some(30.0), 1);
    p.params.timeout = Some(SimDuration::from_secs(5));
    let (live, mut out) = ([4], Vec::new());
    p.begin(at(0), 1, &live);
    p.send(&live, &mut out);
    p.arrived(0, 4);
    out.clear();
    assert_eq!(p.timed_out(at(5), 1, &live, &mut out), None);
    assert_eq!((out.len(), p.under_way(), p.catches_up(0)), (0, Some(1), false));
    p.landed(at(8), 0);
    assert_eq!(p.served(at(9), 0, &live), Some(Published { version: 1, landed: at(8), served: at(9), full: false }));
    assert_eq!(stats_of(&p).missed_publishes, 0);
}

/// A refused delta reaches nobody; the next payload is full, and the one after a delta again.
#[test]
fn what_the_store_refuses_reaches_nobody_and_full_weights_come_next() {
    let mut p = publisher(1000, Some(30.0), 1);
    p.params.stored = true;
    let (live, mut out) = ([4], Vec::new());
    p.begin(at(0), 1, &live);
    p.send(&live, &mut out);
    p.refuse();
    p.refuse();
    assert_eq!((p.under_way(), p.version_at(0), stats_of(&p).refused_publishes), (None, 0, 1));
    let mut sent = Vec::new();
    for version in [2, 3] {
        out.clear();
        p.begin(at(10), version, &live).unwrap();
        p.send(&live, &mut out);
        sent.push(out[0].clone());
        p.landed(at(11), 0);
        p.served(at(12), 0, &live);
    }
    let upload = |bytes, full| RlEffect::Upload { bytes, pace: f64::INFINITY, full };
    assert_eq!(sent, [upload(1000.0, true), upload(30.0, false)]);
}

#[test]
fn a_pool_without_engines_is_left_out() {
    let mut p = publisher(1000, Some(30.0), 2);
    let (live, mut out) = ([4, 0], Vec::new());
    p.begin(at(0), 1, &live).unwrap();
    p.send(&live, &mut out);
    assert_eq!(transfers(&out), [(0, 30.0, 1.0, f64::INFINITY)]);
    p.arrived(0, 4);
    p.landed(at(1), 0);
    assert_eq!(p.served(at(2), 0, &live), Some(Published { version: 1, landed: at(1), served: at(2), full: false }));
    assert_eq!(p.begin(at(3), 1, &live), None);
}

/// Full weights that come too late go on as they are: nothing is sent twice.
#[test]
fn full_weights_that_are_late_are_not_sent_again() {
    let mut p = publisher(1, None, 2);
    let (live, mut out) = ([4, 4], Vec::new());
    p.begin(at(0), 1, &live);
    p.send(&live, &mut out);
    p.arrived(0, 4);
    p.landed(at(1), 0);
    p.served(at(2), 0, &live);
    out.clear();
    assert_eq!(p.timed_out(at(5), 1, &live, &mut out), None);
    assert_eq!((out.len(), p.under_way()), (0, None));
    assert!(p.catches_up(1));
    p.landed(at(30), 1);
    assert_eq!(p.served(at(31), 1, &live).map(|published| published.version), Some(1));
}
