//! Whatever stands in a file, reading it ends in a plan or in errors with places, never in a panic.

use apollo_sim::scenario::plan::{Origin, Plan, WorkKind};
use apollo_sim::scenario::{load_text, render_json, render_text, templates};
use proptest::prelude::*;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// What every plan promises: indices in range, finite positive rates, sorted names.
fn check_plan(plan: &Plan) {
    let sorted = |names: Vec<&str>| assert!(names.windows(2).all(|w| w[0] < w[1]), "{names:?}");
    sorted(plan.sites.iter().map(|s| s.name.as_str()).collect());
    sorted(plan.links.iter().map(|s| s.name.as_str()).collect());
    sorted(plan.works.iter().map(|s| s.name.as_str()).collect());
    assert!(plan.horizon.is_positive() && plan.warmup < plan.horizon && plan.replications >= 1);
    for site in &plan.sites {
        assert!(site.fabric.get().is_finite() && site.fabric.get() > 0.0 && site.wan_edge.get() > 0.0);
    }
    for link in &plan.links {
        assert!(link.ends.0 < plan.sites.len() && link.ends.1 < plan.sites.len() && link.ends.0 != link.ends.1);
        assert!(link.capacity.get() > 0.0 && link.rtt.is_positive() && link.metres > 0.0);
        assert!(link.framing > 0.0 && link.framing <= 1.0);
        assert!(link.risk_groups.iter().all(|g| *g < plan.risk_groups.len()));
    }
    for fleet in &plan.fleets {
        assert!(fleet.site < plan.sites.len() && fleet.nodes >= 1 && fleet.gpus_per_node % fleet.gpus_per_unit == 0);
        assert!(fleet.hazards.iter().all(|h| h.repair < fleet.repairs.len() && h.per_gpu_second > 0.0));
    }
    for work in &plan.works {
        assert!(work.starts < work.ends && work.ends <= plan.horizon && work.priority <= 9);
        match &work.kind {
            WorkKind::Copy(copy) => {
                let known = |to: &usize| *to < plan.storages.len() && *to != copy.from;
                assert!(copy.from < plan.storages.len() && !copy.to.is_empty() && copy.to.iter().all(known));
                assert!(copy.chunk.get() > 0.0);
            }
            WorkKind::Io(io) => assert!(io.storage < plan.storages.len() && io.site < plan.sites.len()),
            WorkKind::Trace(trace) => {
                let points = plan.sites.len() + plan.stations.len();
                assert!(trace.pairs.iter().all(|&(a, b)| a < points && b < points && a != b));
                assert!(trace.rows.iter().all(|row| (row.2 as usize) < trace.pairs.len()));
            }
            WorkKind::Rl(rl) => {
                assert!(!rl.generators.is_empty() && rl.trainer_fleet < plan.fleets.len());
                assert!(rl.weights.senders <= rl.trainer_gpus && rl.generators.iter().all(|g| g.1 >= rl.engine.gpus));
            }
        }
    }
}

fn read(text: &str, overrides: &[String]) {
    match load_text("plan.toml", text, overrides) {
        Ok((plan, sources)) => {
            check_plan(&plan);
            assert!(!apollo_sim::scenario::describe(&plan).is_empty());
            render_text(&sources.warnings, true);
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            assert!(!render_text(&errors, false).is_empty());
            assert!(render_json(&errors).is_array());
        }
    }
}

/// Pieces that land in odd places.
const SHARDS: [&str; 24] = [
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    "=",
    ".",
    "\n",
    "nan",
    "-",
    "1e999",
    "0",
    "\"\"",
    "[[",
    "\\u0000",
    "é",
    "\"0 Gbps\"",
    "\"1e30 s\"",
    "true",
    "2026-13-45",
    "\"\"\"",
    "#",
    ", ",
];

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn mutated_files_never_panic(
        which in 0..templates().len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..SHARDS.len(), 0_usize..12), 1..6),
    ) {
        let mut text = templates()[which].text.to_owned();
        for (at, shard, cut) in edits {
            let start = text.floor_char_boundary(at.index(text.len() + 1));
            let end = text.floor_char_boundary((start + cut).min(text.len()));
            text.replace_range(start..end, SHARDS[shard]);
        }
        read(&text, &[]);
    }

    #[test]
    fn swapped_values_never_panic(
        which in 0..templates().len(),
        line in any::<prop::sample::Index>(),
        value in prop::sample::select(vec![
            "0", "-1", "1e18", "nan", "inf", "true", "[]", "{}", "\"\"", "\"x\"", "\"0 B\"", "\"1e300 Gbps\"", "\"99999 %\"",
            "[1, 2]", "[[]]", "[{}]", "1979-05-27", "\"1000 years\"", "\"3 months\"", "{ lognormal = { median = 0, p99 = 0 } }",
            "{ weibull = { scale = \"1 s\", shape = 0 } }", "{ of = 1, tolerance = 2 }", "\"9223372036854775807\"",
        ]),
    ) {
        let lines: Vec<&str> = templates()[which].text.lines().collect();
        let keys: Vec<usize> = (0..lines.len()).filter(|i| lines[*i].contains(" = ") && !lines[*i].starts_with('#')).collect();
        let chosen = keys[line.index(keys.len())];
        let swapped = |(i, text): (usize, &&str)| match text.split_once(" = ") {
            Some((key, _)) if i == chosen => format!("{key} = {value}"),
            _ => (*text).to_owned(),
        };
        let text: Vec<String> = lines.iter().enumerate().map(swapped).collect();
        read(&text.join("\n"), &[]);
    }

    #[test]
    fn any_override_is_applied_or_refused(address in "[a-z.*0-9-]{0,30}", value in "\\PC{0,20}") {
        read(templates()[2].text, &[format!("{address}={value}")]);
        read(templates()[2].text, &[value]);
    }

    #[test]
    fn a_stated_capacity_is_the_plans_capacity(gbps in 1_u32..100_000) {
        let set = format!("link.phx-dal.capacity={gbps} Gbps");
        let (plan, _) = load_text("p.toml", templates()[0].text, &[set]).unwrap();
        prop_assert!((plan.links[0].capacity.get() - f64::from(gbps) * 1.25e8).abs() < 1.0);
        let taken = plan.ledger.iter().find(|t| t.address == "link.phx-dal.capacity").unwrap();
        prop_assert_eq!(&taken.origin, &Origin::Override);
    }
}

#[test]
fn the_ledger_names_every_address_once() {
    for template in templates() {
        let (plan, _) = load_text("p.toml", template.text, &[]).unwrap();
        assert!(plan.ledger.windows(2).all(|w| w[0].address < w[1].address), "{}", template.name);
    }
}

#[test]
fn the_digest_follows_contents_and_overrides_but_not_names() {
    let digest = |name: &str, text: &str, set: &[&str]| {
        let set: Vec<String> = set.iter().map(|s| (*s).to_owned()).collect();
        load_text(name, text, &set).unwrap().1.digest
    };
    let text = templates()[0].text;
    assert_eq!(digest("a.toml", text, &[]), digest("dir/b.toml", text, &[]));
    assert_ne!(digest("a.toml", text, &[]), digest("a.toml", &format!("{text}#"), &[]));
    assert_ne!(digest("a.toml", text, &[]), digest("a.toml", text, &["seed=2"]));
}
