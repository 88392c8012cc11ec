//! Quotas of tenants and views: refused and counted, warned and dated, on one system and over several. By hand.

#[path = "world_support/audit.rs"]
mod audit;
#[path = "world_support/value.rs"]
mod value;
mod world_support;

use apollo_sim::experiment::results::RunResults;
use apollo_sim::scenario::{load_text, render_text};
use audit::audited;
use proptest::prelude::*;
use value::value;
use world_support::{kpi, plan_with, run};

const END: f64 = 100_000.0;

/// 1 PB of which 100 TB are taken, 20 TB by alice; alice and bob write 1 GB/s each, alice in a view.
fn shared(alice: &str, view: &str, more: &str) -> String {
    format!(
        r#"
format = 1
start = 2026-01-05
horizon = "100 ks"
warmup = "0 s"
replications = 1
[site.lab]
[tenant.alice]
[tenant.bob]
[storage.box]
site = "lab"
system = "nvme-node"
nodes = 100
capacity = "1 PB"
holds = "100 TB"
[storage.box.tenant.alice]
holds = "20 TB"
{alice}
[storage.box.view.scratch]
{view}
[work.a]
kind = "io"
storage = "box"
tenant = "alice"
view = "scratch"
pattern = "write"
clients = 4
ingest = true
rate = "1 GB/s"
[work.b]
kind = "io"
storage = "box"
tenant = "bob"
pattern = "write"
clients = 4
ingest = true
rate = "1 GB/s"
{more}
"#
    )
    .replace("100 ks", "100000 s")
}

fn close(seen: f64, expected: f64, what: &str) {
    assert!((seen / expected - 1.0).abs() <= 1e-6, "{what}: {seen}, by hand {expected}");
}

fn simulate(text: &str) -> RunResults {
    run(&plan_with(text, &[]))
}

/// Seconds after the start of 2026-01-05.
fn date(results: &RunResults, name: &str) -> f64 {
    let start = jiff::civil::date(2026, 1, 5).duration_since(jiff::civil::date(1970, 1, 1)).as_secs_f64();
    kpi(results, name) - start
}

fn errors(text: &str) -> String {
    render_text(&load_text("t.toml", text, &[]).expect_err("bad input"), false)
}

#[test]
fn a_hard_quota_refuses_one_tenant_and_nobody_else() {
    let results = simulate(&shared("quota = { hard = \"60 TB\", soft = \"50 TB\" }", "", ""));
    // 20 TB are held: 40 TB more fit, which have come after 40,000 s.
    close(kpi(&results, "tenant.alice.used"), 60e12, "alice");
    close(kpi(&results, "tenant.alice.refused"), (END - 40_000.0) * 1e9, "refused of alice");
    close(kpi(&results, "io.a.refused"), (END - 40_000.0) * 1e9, "refused of her load");
    close(date(&results, "tenant.alice.full_date"), 40_000.0, "full");
    close(date(&results, "tenant.alice.soft_quota_date"), 30_000.0, "soft");
    close(kpi(&results, "storage.box.view.scratch.used"), 40e12, "what came through the view");
    close(kpi(&results, "tenant.bob.used"), END * 1e9, "bob");
    assert_eq!(kpi(&results, "tenant.bob.refused").to_bits(), 0.0_f64.to_bits());
    close(kpi(&results, "storage.box.used"), 100e12 + 40e12 + END * 1e9, "the system");
    close(kpi(&results, "storage.box.refused"), (END - 40_000.0) * 1e9, "refused by the system's account");
    assert!(results.kpis.iter().all(|k| k.name != "tenant.bob.full_date"), "bob has no quota");
    assert!(
        results.warnings.iter().any(|w| w.message.contains("tenant.alice: the soft quota on box")),
        "{:?}",
        results.warnings
    );
    let quota = results.bottlenecks.iter().find(|b| b.work == "a" && b.cause == "quota").unwrap();
    close(quota.share, 0.6, "time refused");
}

#[test]
fn a_view_has_a_quota_of_its_own_and_dates_beyond_the_run_are_projected() {
    let results = simulate(&shared("quota = { hard = \"200 TB\" }", "quota = { hard = \"30 TB\" }", ""));
    close(kpi(&results, "storage.box.view.scratch.used"), 30e12, "view");
    close(date(&results, "storage.box.view.scratch.full_date"), 30_000.0, "view full");
    close(kpi(&results, "storage.box.view.scratch.refused"), 70e12, "refused");
    // Alice does not grow in the second half, so her own date does not come.
    assert!(results.kpis.iter().find(|k| k.name == "tenant.alice.full_date").unwrap().mean.is_none());
    let results = simulate(&shared("quota = { hard = \"200 TB\" }", "", ""));
    close(date(&results, "tenant.alice.full_date"), 180_000.0, "projected");
}

/// Copies take their room at once: what does not fit into the quota is refused.
#[test]
fn a_copy_keeps_to_the_quota_of_its_tenant() {
    let more = "[storage.from]\nsite = \"lab\"\nsystem = \"nvme-node\"\nnodes = 10\n[work.c]\nkind = \"copy\"\n\
                tenant = \"alice\"\nfrom = \"from\"\nto = \"box\"\nbytes = \"30 TB\"\nstarts = \"10000 s\"";
    let results = simulate(&shared("quota = { hard = \"40 TB\" }", "", more));
    // 20 TB held, 10 TB ingested: the copy places 10 TB.
    close(kpi(&results, "transfer.c.bytes_done"), 10e12, "copied");
    close(kpi(&results, "tenant.alice.used"), 40e12, "alice");
    close(kpi(&results, "tenant.alice.refused"), 20e12 + (END - 10_000.0) * 1e9, "refused");
}

/// What a tenant has on several systems adds up; the first quota that is full gives the date. What has moved on to a tier
/// frees the quota where it was.
#[test]
fn a_tenant_is_one_over_its_systems_and_its_tiers() {
    let more = "[storage.cold]\nsite = \"lab\"\nsystem = \"nvme-node\"\nnodes = 100\ncapacity = \"1 PB\"\n\
                [storage.cold.tenant.alice]\nquota = { hard = \"70 TB\" }\n";
    let text = shared("quota = { hard = \"60 TB\" }", "", more)
        .replace("holds = \"100 TB\"", "holds = \"100 TB\"\ntier = { to = \"cold\", after = \"20000 s\" }");
    let results = simulate(&text);
    // 20 TB of her ingest lie on the box at most; 70 TB have moved after 90,000 s, and the rest waits.
    close(kpi(&results, "tenant.alice.used"), 20e12 + 100e12, "alice");
    close(date(&results, "tenant.alice.full_date"), 90_000.0, "cold is full first");
    close(kpi(&results, "storage.cold.used"), 70e12 + 80e12, "hers and bob's");
    close(kpi(&results, "storage.box.tier_backlog"), 10e12, "waiting");
}

#[test]
fn bad_quotas_are_refused_with_their_place() {
    for (alice, view, code, word) in [
        ("quota = { hard = \"10 TB\" }", "", "E0510", "below the 20 TB it holds"),
        ("quota = { hard = \"60 TB\", soft = \"60 TB\" }", "", "E0510", "never reached"),
        ("quota = {}", "", "E01", "quota"),
        ("quota = { hard = \"-1 TB\" }", "", "E0203", "hard"),
        ("quota = { hard = \"0 B\" }", "", "E0203", "hard"),
        ("quota = { hard = \"60 GB/s\" }", "", "E02", "hard"),
        ("quota = { works = \"60 TB\" }", "", "E0101", "works"),
        ("", "holds = \"200 TB\"", "E0510", "views hold 200 TB"),
    ] {
        let seen = errors(&shared(alice, view, ""));
        assert!(seen.contains(code) && seen.contains(word) && seen.contains("t.toml:"), "{alice} {view}: {seen}");
    }
    let target = "[target.t]\nkpi = \"tenant.bob.full_date\"\nat_least = \"2027-01-01\"\n";
    assert!(errors(&shared("", "", target)).contains("'bob' has no hard quota"));
    let target = "[target.t]\nkpi = \"storage.box.view.scratch.soft_quota_date\"\nat_least = \"2027-01-01\"\n";
    assert!(errors(&shared("", "", target)).contains("has no soft quota"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(4), ..ProptestConfig::default() })]

    /// Offered = accepted + refused for the tenant, the view and the system; nothing lies above a quota; others are whole.
    #[test]
    fn offered_is_accepted_and_refused_under_random_quotas(
        hard in 20.5..150.0_f64, view in 1.0..150.0_f64, system in 110.0..320.0_f64, stays in 5_000.0..90_000.0_f64,
    ) {
        let alice = format!("quota = {{ hard = \"{hard} TB\" }}");
        let scratch = format!("quota = {{ hard = \"{view} TB\" }}");
        let text = shared(&alice, &scratch, "")
            .replace("holds = \"100 TB\"", &format!("holds = \"100 TB\"\nquota = {{ hard = \"{system} TB\" }}"))
            .replace("ingest = true", &format!("ingest = true\nretention = \"{stays} s\""));
        let (m, _) = audited(&plan_with(&text, &[]), 0, 300);
        let get = |name: &str| value(&m, name).unwrap();
        for (of, work) in [("tenant.alice", "a"), ("tenant.bob", "b"), ("storage.box.view.scratch", "a")] {
            let accepted = get(&format!("{of}.write_rate")) * END;
            let refused = get(&format!("{of}.refused"));
            prop_assert!(((accepted + refused) / (END * 1e9) - 1.0).abs() < 1e-6, "{of}: {accepted} {refused}");
            let of_work = get(&format!("io.{work}.refused"));
            prop_assert!((refused - of_work).abs() < 1.0, "{of}: {refused}, its work {of_work}");
        }
        prop_assert!(get("tenant.alice.used") <= hard * 1e12 * (1.0 + 1e-9));
        prop_assert!(get("storage.box.view.scratch.used") <= view * 1e12 * (1.0 + 1e-9));
        prop_assert!(get("storage.box.used") <= system * 1e12 * (1.0 + 1e-9));
        let parts = get("tenant.alice.used") + get("tenant.bob.used") + 80e12;
        prop_assert!((parts / get("storage.box.used") - 1.0).abs() < 1e-9, "tenants and nobody are all");
    }
}
