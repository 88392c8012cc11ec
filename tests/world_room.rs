//! What a loop writes to systems that are too small for it: weights and checkpoints are refused as a whole, and nobody acts as if they were there.

mod world_support;

use apollo_sim::scenario::{load_text, render_text};
use world_support::{kpi, plan_with, run};

/// A loop of an 8B model on two sites with links and stores that take next to no time, and a step every minute. Full weights have 16 GB, a delta
/// 4 GB, a checkpoint 112 GB.
const LOOP: &str = include_str!("world_support/two_sites.toml");

/// Six deltas have 24 of the 25 GB. The seventh is refused, full weights of 16 GB take the place of all, two deltas fit beside them, the third is
/// refused, and so on: of v versions the 7th, 10th, 13th … are refused first, and every version is served in the end.
#[test]
fn deltas_without_room_are_refused_and_full_weights_come_in_their_place() {
    let results = run(&plan_with(LOOP, &[]));
    let [steps, refused] = ["steps", "refused_publishes"].map(|name| kpi(&results, &format!("rl.loop.{name}")));
    println!("{steps} steps, {refused} refused");
    assert!(steps > 20.0);
    // The last version may still be on its way.
    let by_hand = |versions: f64| ((versions - 7.0) / 3.0).floor() + 1.0;
    assert!((by_hand(steps - 1.0)..=by_hand(steps)).contains(&refused), "{refused}, by hand {}", by_hand(steps));
    assert!(results.warnings.iter().any(|w| w.message.contains("had no room for")), "{:?}", results.warnings);
    let room = run(&plan_with(LOOP, &["storage.store.capacity=\"1 TB\""]));
    assert_eq!(kpi(&room, "rl.loop.refused_publishes").to_bits(), 0.0_f64.to_bits());
    // Each refusal costs the way to the store, a second of patience and full weights in place of a delta.
    assert!(kpi(&results, "rl.loop.publish_time.max") > kpi(&room, "rl.loop.publish_time.max") + 1.0);
}

/// Two checkpoints of 112 GB fit into 250 GB, but a copy of 60 GB comes after the first: the second and all after it are refused, six that were due
/// less the one that is there.
#[test]
fn checkpoints_without_room_are_refused() {
    let copy = "
[work.copy]
kind = \"copy\"
from = \"store\"
to = \"hot\"
bytes = \"60 GB\"
starts = \"7 min\"
";
    let keep = "work.loop.checkpoint={ storage = \"hot\", every = \"5 min\", keep = 2 }";
    let roomy = "storage.store.capacity=\"1 TB\"";
    let results = run(&plan_with(&format!("{LOOP}{copy}"), &[keep, roomy]));
    let seen = ["checkpoints", "refused_checkpoints"].map(|name| kpi(&results, &format!("rl.loop.{name}")));
    assert_eq!(seen.map(|n| n.round() as i64), [1, 5], "{seen:?}");
    let alone = run(&plan_with(LOOP, &[keep, roomy]));
    let seen = ["checkpoints", "refused_checkpoints"].map(|name| kpi(&alone, &format!("rl.loop.{name}")));
    assert_eq!(seen.map(|n| n.round() as i64), [6, 0], "{seen:?}");
}

/// What can never be kept is an error, under the limits of the system and of a view; what may be refused now and then is a warning.
#[test]
fn what_can_never_lie_there_is_an_error() {
    let keep = |n: u32| format!("work.loop.checkpoint={{ storage = \"hot\", every = \"5 min\", keep = {n} }}");
    let cases: [(&[&str], &str, &str); 5] = [
        (&["storage.store.capacity=\"15 GB\""], "E0508", "16 GB, and 'store' has room for 15 GB"),
        (&["storage.store.holds=\"10 GB\""], "E0508", "room for 15 GB"),
        (&["storage.store.quota={ hard = \"15 GB\" }"], "E0508", "room for 15 GB"),
        (&[&keep(3)], "E0508", "336 GB, and 'hot' has room for 250 GB"),
        (&["storage.store.capacity=\"15 GB\"", &keep(3)], "E0508", "16 GB"),
    ];
    for (overrides, code, says) in cases {
        let overrides: Vec<String> = overrides.iter().map(|o| (*o).to_owned()).collect();
        let found = load_text("scenarios/test.toml", LOOP, &overrides)
            .map_or_else(|e| render_text(&e, false), |_| String::new());
        assert!(found.contains(code) && found.contains(says) && found.contains("help"), "{overrides:?}: {found}");
    }
    let (_, loaded) = load_text("scenarios/test.toml", LOOP, &[]).expect("a chain may be refused in part");
    let warned = render_text(&loaded.warnings, false);
    assert!(warned.contains("W0618") && warned.contains("have 4.012 TB"), "{warned}");
}

/// A version a minute, deltas of 1 GB, six of them between full weights of 16 GB: 22 GB, which fit into 24 GB where each publish takes less than the
/// minute. At 500 Mb/s the full weights alone take 256 s, so the delta after them spans five versions and takes 80 s itself: 5 + 2 + 4 × 1 GB
/// do not fit beside 16 GB.
#[test]
fn deltas_that_span_several_versions_are_seen_before_they_find_no_room() {
    let seen = |rate: &str| {
        let keys = [
            "work.loop.weights.changed=\"6.25 %\"",
            "work.loop.weights.full_every=7",
            "storage.store.capacity=\"24 GB\"",
            &format!("link.tg.capacity=\"{rate}\""),
        ];
        let plan = plan_with(LOOP, &keys);
        let warned = plan.warnings.iter().any(|warning| warning.code == "W0618");
        (warned, kpi(&run(&plan), "rl.loop.refused_publishes") > 0.0)
    };
    assert_eq!(
        ["8 Gbps", "2 Gbps", "500 Mbps", "250 Mbps"].map(seen),
        [(false, false), (false, false), (true, true), (true, true)]
    );
}

/// 112 GB leave 64 GPUs through network interfaces of 10 MB/s each in 175 s, though the store takes 7.5 GB/s; ten times as fast in 17.5 s; and where they are
/// no limit as fast as the store takes them.
#[test]
fn a_checkpoint_passes_the_network_interfaces_of_the_trainer() {
    let time = |per_gpu: &str| {
        let frontend = format!("fleet.t.frontend_per_gpu=\"{per_gpu}\"");
        let keys = ["work.loop.checkpoint={ storage = \"hot\", every = \"5 min\", keep = 1 }", &frontend];
        kpi(&run(&plan_with(LOOP, &keys)), "rl.loop.checkpoint_time")
    };
    let (slow, fast, free) = (time("80 Mbps"), time("800 Mbps"), time("100 Gbps"));
    assert!((slow - 175.0).abs() < 0.5, "{slow}");
    assert!((fast - 17.5).abs() < 0.5, "{fast}");
    assert!(free < fast && free > 112.0 / 7.5 - 0.1, "{free}");
}
