//! One source, several systems: closed forms by hand, bytes on every link, what happens when a link dies or a system is full, bad input.

#[path = "world_support/audit.rs"]
mod audit;
#[path = "world_support/value.rs"]
mod value;
mod world_support;

use apollo_sim::scenario::{load_text, render_text};
use audit::audited;
use proptest::prelude::*;
use value::value;
use world_support::{kpi, plan_with, run};

/// Seconds that 1 TB takes over 100 Gb/s.
const SEND: f64 = 80.0;
/// Seconds of a chunk of 12.5 GB, and of the way over a link.
const CHUNK: f64 = 1.0;
const HOP: f64 = 0.01;

/// Sites, links of 100 Gb/s and 20 ms unless `gbps` says otherwise, a system at each site.
fn world(links: &[(&str, &str, f64)], systems: &[(&str, &str)], more: &str) -> String {
    let mut text = String::from(
        "format = 1\nstart = 2026-01-05\nhorizon = \"500 s\"\nreplications = 1\n[wan]\nfailures = false\nsetup_rtts = 0\nreconvergence = \"0 s\"\n",
    );
    let mut sites: Vec<&str> = links.iter().flat_map(|&(a, b, _)| [a, b]).collect();
    sites.sort_unstable();
    sites.dedup();
    for site in sites {
        text += &format!("[site.{site}]\n");
    }
    for (a, b, gbps) in links {
        text += &format!(
            "[link.{a}{b}]\nbetween = [\"{a}\", \"{b}\"]\ncapacity = \"{gbps} Gbps\"\nrtt = \"20 ms\"\nframing = \"100 %\"\n"
        );
    }
    for (system, site) in systems {
        text += &format!("[storage.{system}]\nsite = \"{site}\"\nsystem = \"azure-blob\"\ncapacity = \"1 EB\"\n");
    }
    text + more
}

fn copy(to: &str, how: &str, more: &str) -> String {
    format!(
        "[work.w]\nkind = \"copy\"\nfrom = \"sa\"\nto = [{to}]\nfan_out = \"{how}\"\nbytes = \"1 TB\"\nchunk = \"12.5 GB\"\n{more}"
    )
}

/// a - b - c, the second link with so many Gb/s.
fn line(second: f64, how: &str, more: &str) -> String {
    let systems = [("sa", "a"), ("sb", "b"), ("sc", "c")];
    world(&[("a", "b", 100.0), ("b", "c", second)], &systems, &copy("\"sb\", \"sc\"", how, more))
}

/// Times of the systems from the start, and of the copy.
fn times<const N: usize>(text: &str, systems: [&str; N]) -> [f64; N] {
    let results = run(&plan_with(text, &[]));
    let each = systems.map(|system| kpi(&results, &format!("transfer.w.to.{system}.time")));
    let last = each.iter().copied().fold(0.0, f64::max);
    assert!((kpi(&results, "transfer.w.time") - last).abs() < 1e-9, "the copy ends with the last system");
    each
}

fn near(seen: f64, by_hand: f64) {
    assert!((seen - by_hand).abs() <= 1e-6 * by_hand.abs().max(1.0), "{seen}, by hand {by_hand}");
}

/// The second link is half as fast: b is done when its own link is, c takes twice as long from the first chunk on.
#[test]
fn a_slow_leg_does_not_hold_up_who_feeds_it() {
    let [b, c] = times(&line(50.0, "relay", ""), ["sb", "sc"]);
    near(b, SEND + HOP);
    near(c, CHUNK + HOP + 2.0 * SEND + HOP);
}

/// The second link is twice as fast: nothing to send but what comes, so c is a chunk and two ways behind.
#[test]
fn a_fast_leg_waits_for_its_bytes() {
    let [b, c] = times(&line(200.0, "relay", ""), ["sb", "sc"]);
    near(b, SEND + HOP);
    near(c, SEND + CHUNK + 2.0 * HOP);
}

/// A chunk larger than the copy: store and forward, one after the other.
#[test]
fn with_one_chunk_it_is_store_and_forward() {
    let text = line(100.0, "relay", "").replace("12.5 GB", "2 TB");
    let [b, c] = times(&text, ["sb", "sc"]);
    near(b, SEND + HOP);
    near(c, 2.0 * (SEND + HOP));
}

/// Chains differ in order: c first means that its bytes come back to b.
#[test]
fn a_relay_keeps_the_stated_order_and_the_nearest_does_not() {
    let far_first = |how: &str| {
        let text = line(100.0, how, "").replace("[\"sb\", \"sc\"]", "[\"sc\", \"sb\"]");
        let results = run(&plan_with(&text, &[]));
        let used = |name: &str| kpi(&results, &format!("link.{name}.utilisation")) * 500.0 / SEND;
        (kpi(&results, "transfer.w.to.sb.time"), used("bc.b-to-c"), used("bc.c-to-b"))
    };
    let (b, there, back) = far_first("relay");
    near(b, SEND + 2.0 * HOP + CHUNK + HOP);
    near(there, 1.0);
    near(back, 1.0);
    let (b, there, back) = far_first("relay-nearest");
    near(b, SEND + HOP);
    near(there, 1.0);
    near(back, 0.0);
}

/// The whole line is shut for 30 s. Behind the second link bytes wait; it is twice as fast and makes up for them, so nobody sees it in the end.
/// With equal links c is 30 s late and b is not.
#[test]
fn a_leg_that_stood_still_catches_up_when_it_can() {
    let shut = |link: &str| {
        format!(
            "[maintenance.m]\nlinks = [\"{link}\"]\nstarts = \"20 s\"\nduration = \"30 s\"\nevery = \"400 s\"\ndrain = false\n"
        )
    };
    let [b, c] = times(&line(200.0, "relay", &shut("bc")), ["sb", "sc"]);
    near(b, SEND + HOP);
    near(c, SEND + CHUNK + 2.0 * HOP);
    let [b, c] = times(&line(100.0, "relay", &shut("bc")), ["sb", "sc"]);
    near(b, SEND + HOP);
    near(c, 30.0 + SEND + CHUNK + 2.0 * HOP);
    let [b, c] = times(&line(100.0, "relay", &shut("ab")), ["sb", "sc"]);
    near(b, 30.0 + SEND + HOP);
    near(c, 30.0 + SEND + CHUNK + 2.0 * HOP);
}

/// The link b - c is shut after 20 s; the leg goes on by d at once, with half the rate for the rest.
#[test]
fn a_leg_is_rerouted() {
    let links = [("a", "b", 100.0), ("b", "c", 100.0), ("b", "d", 50.0), ("d", "c", 50.0)];
    let shut = "[maintenance.m]\nlinks = [\"bc\"]\nstarts = \"20 s\"\nduration = \"400 s\"\n";
    let text = world(&links, &[("sa", "a"), ("sb", "b"), ("sc", "c")], &copy("\"sb\", \"sc\"", "tree", shut));
    let [b, c] = times(&text, ["sb", "sc"]);
    near(b, SEND + HOP);
    // Until 20 s it has sent for 20 − 1.01 s; then two hops bring the rest.
    near(c, 20.0 + 2.0 * (SEND - (20.0 - CHUNK - HOP)) + 2.0 * HOP);
}

/// A tree is not planned anew. a hands to b, b to c; a - b fails after 20 s, and after 5 s the first leg goes on by c: what c needs comes past it, over
/// c - b, and back over b - c. So the link between them carries the rest of the bytes in both directions, and c is no earlier than by b.
#[test]
fn a_tree_stays_as_it_was_planned_when_a_link_on_its_way_fails() {
    let links = [("a", "b", 100.0), ("b", "c", 100.0), ("a", "x", 100.0), ("x", "c", 100.0)];
    let cut = "[maintenance.m]\nlinks = [\"ab\"]\nstarts = \"20 s\"\nduration = \"400 s\"\ndrain = false\n";
    let text = world(&links, &[("sa", "a"), ("sb", "b"), ("sc", "c")], &copy("\"sb\", \"sc\"", "tree", cut));
    let text = text.replace("reconvergence = \"0 s\"", "reconvergence = \"5 s\"");
    let [b, c] = times(&text, ["sb", "sc"]);
    near(b, 5.0 + SEND + 3.0 * HOP);
    assert!((c - (5.0 + SEND + CHUNK + 4.0 * HOP)).abs() < 3.0 * HOP, "{c}");
    let results = run(&plan_with(&text, &[]));
    let seconds = |direction: &str| kpi(&results, &format!("link.{direction}.utilisation")) * 500.0;
    near(seconds("ab.a-to-b"), 20.0);
    for rest in ["ax.a-to-x", "xc.x-to-c", "bc.c-to-b"] {
        near(seconds(rest), SEND - 20.0);
    }
    near(seconds("bc.b-to-c"), SEND);
}

/// Two branches behind a hub without a system: both begin a chunk later, the slow one does not hold back the other, the trunk carries the bytes once.
#[test]
fn a_tree_parts_at_a_site_without_a_system() {
    let links = [("a", "h", 100.0), ("h", "b", 100.0), ("h", "c", 25.0)];
    let text = world(&links, &[("sa", "a"), ("sb", "b"), ("sc", "c")], &copy("\"sb\", \"sc\"", "tree", ""));
    let [b, c] = times(&text, ["sb", "sc"]);
    near(b, SEND + CHUNK + 2.0 * HOP);
    near(c, CHUNK + HOP + 4.0 * SEND + HOP);
    let results = run(&plan_with(&text, &[]));
    near(kpi(&results, "link.ah.a-to-h.utilisation") * 500.0 / SEND, 1.0);
    near(kpi(&results, "path.w.h-to-c.round_trip"), 2.0 * HOP);
}

/// Two systems at one site: the WAN carries the bytes once, the second takes them from the first. By unicast it carries them twice.
/// A system at the site of the source needs no WAN.
#[test]
fn systems_of_one_site_share_the_wan() {
    let systems = [("sa", "a"), ("home", "a"), ("sb", "b"), ("sc", "b")];
    let of = |how: &str| {
        let text = world(&[("a", "b", 100.0)], &systems, &copy("\"sb\", \"sc\", \"home\"", how, ""));
        let results = run(&plan_with(&text, &[]));
        (kpi(&results, "link.ab.a-to-b.utilisation") * 500.0 / SEND, kpi(&results, "transfer.w.to.sc.time"))
    };
    let (carried, c) = of("tree");
    near(carried, 1.0);
    near(c, SEND + HOP + CHUNK);
    let (carried, c) = of("unicast");
    near(carried, 2.0);
    near(c, 2.0 * SEND + HOP);
}

/// b has room for 400 GB: it takes them, and has no more to pass on. From the source c gets all.
#[test]
fn a_relay_passes_on_what_it_took() {
    let full = "[storage.sb.quota]\nhard = \"400 GB\"\n";
    let done = |how: &str| {
        let results = run(&plan_with(&line(100.0, how, full), &[]));
        ["to.sb.bytes_done", "to.sc.bytes_done", "bytes_done"]
            .map(|of| kpi(&results, &format!("transfer.w.{of}")) / 1e9)
    };
    let [b, c, all] = done("relay");
    near(b, 400.0);
    near(c, 400.0);
    near(all, 800.0);
    let [b, c, all] = done("unicast");
    near(b, 400.0);
    near(c, 1000.0);
    near(all, 1400.0);
}

/// The work ends after 40 s: b has 40 s of bytes, c those of a chunk and a way less; the room of the rest is given back.
#[test]
fn an_end_cuts_every_leg() {
    let plan = plan_with(&line(100.0, "relay", "ends = \"40 s\"\n"), &[]);
    let (m, _) = audited(&plan, 0, 50);
    let get = |name: &str| value(&m, name).unwrap_or_else(|| panic!("{name}"));
    near(get("transfer.w.to.sb.bytes_done") / 12.5e9, 40.0);
    near(get("transfer.w.to.sc.bytes_done") / 12.5e9, 40.0 - CHUNK - HOP);
    near(get("storage.sc.used") / 12.5e9, 40.0 - CHUNK - HOP);
    assert_eq!(value(&m, "transfer.w.time"), None);
}

/// A pace holds for every leg: 1.25 GB/s each, a tenth of a link.
#[test]
fn a_pace_is_that_of_each_leg() {
    let [b, c] = times(&line(100.0, "relay", "pace = \"2.5 GB/s\"\n"), ["sb", "sc"]);
    near(b, 5.0 * SEND + HOP);
    near(c, 5.0 * SEND + 5.0 * CHUNK + 2.0 * HOP);
}

#[test]
fn bad_destinations_are_told() {
    let systems = [("sa", "a"), ("sb", "b"), ("sc", "b")];
    let told = |work: &str| match load_text("scenarios/test.toml", &world(&[("a", "b", 100.0)], &systems, work), &[]) {
        Ok((_, sources)) => render_text(&sources.warnings, false),
        Err(errors) => render_text(&errors, false),
    };
    for (to, how, words) in [
        ("\"sb\", \"sb\"", "tree", "[E0506]: 'to' names 'sb' twice"),
        ("\"sb\", \"sa\"", "tree", "[E0501]: 'w' copies a system onto itself"),
        ("\"sb\", \"sx\"", "tree", "[E0301]: storage system 'sx' is not defined"),
        ("", "tree", "[E0104]: 'to' names nothing"),
        ("\"sb\", 4", "tree", "[E0104]: 'to' takes a list of strings"),
        ("\"sb\"", "tree", "[W0609]: 'fan_out' has no effect: there is one system in 'to'"),
        ("\"sb\", \"sc\"", "unicast", "[W0609]: 'chunk' has no effect: nothing is passed on"),
        ("\"sb\", \"sc\"", "star", "'star'"),
    ] {
        let shown = told(&copy(to, how, ""));
        assert!(shown.contains(words), "{to} {how}: {shown}");
    }
    let none = copy("\"sb\", \"sc\"", "tree", "").replace("fan_out = \"tree\"\n", "");
    assert!(told(&none).contains("[E0102]: 'w' has 2 systems in 'to' and no 'fan_out'"), "{}", told(&none));
    let zero = copy("\"sb\", \"sc\"", "tree", "").replace("12.5 GB", "0 B");
    assert!(told(&zero).contains("[E0203]: 'chunk'"), "{}", told(&zero));
    let target = copy("\"sb\", \"sc\"", "tree", "[target.t]\nkpi = \"transfer.w.to.sd.time\"\nat_most = \"1 s\"\n");
    assert!(told(&target).contains("'w' does not copy to 'sd', but to sb, sc"), "{}", told(&target));
}

/// A random tree of links with random rates, and systems at some of its sites.
#[derive(Clone, Debug)]
struct Case {
    parents: Vec<usize>,
    gbps: Vec<u32>,
    sinks: Vec<usize>,
}

fn cases() -> impl Strategy<Value = Case> {
    (3..8_usize).prop_flat_map(|sites| {
        let parents: Vec<_> = (1..sites).map(|site| 0..site).collect();
        let sinks = proptest::sample::subsequence((1..sites).collect::<Vec<_>>(), 2..sites).prop_shuffle();
        (parents, proptest::collection::vec(10..200_u32, sites - 1), sinks).prop_map(|(parents, gbps, sinks)| Case {
            parents,
            gbps,
            sinks,
        })
    })
}

impl Case {
    fn text(&self, how: &str) -> String {
        let names: Vec<String> = (0..=self.parents.len()).map(|site| format!("n{site}")).collect();
        let links: Vec<(&str, &str, f64)> = (0..self.parents.len())
            .map(|edge| (names[self.parents[edge]].as_str(), names[edge + 1].as_str(), f64::from(self.gbps[edge])))
            .collect();
        let systems: Vec<(String, &str)> =
            self.sinks.iter().map(|&sink| (format!("s{sink}"), names[sink].as_str())).collect();
        let mut all: Vec<(&str, &str)> = systems.iter().map(|(system, site)| (system.as_str(), *site)).collect();
        all.push(("sa", "n0"));
        let to: Vec<String> = systems.iter().map(|(system, _)| format!("\"{system}\"")).collect();
        world(&links, &all, &copy(&to.join(", "), how, "")).replace("500 s", "20000 s")
    }

    /// Whether a site lies behind a link, seen from the source.
    fn behind(&self, edge: usize, mut site: usize) -> bool {
        while site != 0 {
            if site == edge + 1 {
                return true;
            }
            site = self.parents[site - 1];
        }
        false
    }

    /// Seconds of first chunks on a way of a tree, whose links are used by nothing else: at each site on it that has a system or where the
    /// tree parts, a chunk at the rate of the thinnest link so far.
    fn fill(&self, way: &[usize]) -> f64 {
        let used = |edge: &usize| self.sinks.iter().any(|&sink| self.behind(*edge, sink));
        let (mut fill, mut thinnest) = (0.0, u32::MAX);
        for pair in way.windows(2) {
            let site = pair[0] + 1;
            thinnest = thinnest.min(self.gbps[pair[0]]);
            let onward = (0..self.parents.len()).filter(|&edge| self.parents[edge] == site).filter(used).count();
            if self.sinks.contains(&site) || onward > 1 {
                fill += 100.0 / f64::from(thinnest);
            }
        }
        fill
    }

    /// How often a link carries the bytes, away from the source.
    fn copies(&self, edge: usize, how: &str) -> f64 {
        let behind = |site: usize| self.behind(edge, site);
        let count = match how {
            "unicast" => self.sinks.iter().filter(|&&sink| behind(sink)).count(),
            "tree" => usize::from(self.sinks.iter().any(|&sink| behind(sink))),
            _ => {
                let from = std::iter::once(&0).chain(&self.sinks);
                from.zip(&self.sinks).filter(|&(&from, &to)| !behind(from) && behind(to)).count()
            }
        };
        count as f64
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every link carries the bytes as often as the shape says, every system gets all of them and not before the thinnest link of its way lets it, and
    /// nobody passes on what he has not got.
    #[test]
    fn every_link_carries_what_it_should(case in cases(), how in proptest::sample::select(vec!["unicast", "relay", "tree"])) {
        let plan = plan_with(&case.text(how), &[]);
        let (m, _) = audited(&plan, 0, 300);
        let get = |name: &str| value(&m, name).unwrap_or_else(|| panic!("{name} in {case:?}"));
        for edge in 0..case.parents.len() {
            let (a, b) = (format!("n{}", case.parents[edge]), format!("n{}", edge + 1));
            let seconds = 8e3 / f64::from(case.gbps[edge]);
            let seen = get(&format!("link.{a}{b}.{a}-to-{b}.utilisation")) * 20e3 / seconds;
            prop_assert!((seen - case.copies(edge, how)).abs() < 1e-6, "{how} {a}-{b} carries {seen}: {case:?}");
        }
        for &sink in &case.sinks {
            let way: Vec<usize> = (0..case.parents.len()).filter(|&edge| case.behind(edge, sink)).collect();
            let thinnest = way.iter().map(|&edge| case.gbps[edge]).min().unwrap_or(1);
            let done = get(&format!("transfer.w.to.s{sink}.bytes_done"));
            prop_assert!((done - 1e12).abs() < 1.0, "{how} {sink} {done}: {case:?}");
            let time = get(&format!("transfer.w.to.s{sink}.time"));
            let least = 8e3 / f64::from(thinnest) + HOP * way.len() as f64;
            prop_assert!(time >= least - 1e-6, "{how} {sink} {time} {case:?}");
            if how == "tree" {
                let by_hand = least + case.fill(&way);
                prop_assert!((time - by_hand).abs() < 1e-6, "{sink} {time}, by hand {by_hand}: {case:?}");
            }
        }
    }
}
