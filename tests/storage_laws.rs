//! Laws of storage, whatever the parameters: nothing is lost unaccounted, nothing exceeds its room, more hardware never
//! delivers less, and a mix is no better and no worse than what it is mixed of.

#[path = "world_support/audit.rs"]
mod audit;
#[path = "world_support/value.rs"]
mod value;
mod world_support;

use audit::audited;
use proptest::prelude::*;
use value::value;
use world_support::{kpi, plan_with, run};

const HEAD: &str = "format = 1\nstart = 2026-01-05\nreplications = 1\n[site.a]\n";

#[derive(Clone, Copy, Debug)]
struct Path {
    copies: f64,
    reduction: f64,
    raw: bool,
    client: f64,
    internal: f64,
}

fn paths() -> impl Strategy<Value = Path> {
    (1.0..3.0_f64, 1.0..4.0_f64, any::<bool>(), 1.0..1.3_f64, 1.0..1.3_f64)
        .prop_map(|(copies, reduction, raw, client, internal)| Path { copies, reduction, raw, client, internal })
}

fn system(name: &str, nodes: u32, path: Path, buffer: &str) -> String {
    format!(
        "[storage.{name}]\nsite = \"a\"\nsystem = \"vast-ebox-z3-highmem-88\"\nnodes = {nodes}\nbuffer = \"{buffer}\"\n\
         media_read = \"1 TB/s\"\nmedia_write = \"1 TB/s\"\nbuffer_rate = \"1 TB/s\"\noperations = \"1 Gop/s\"\n\
         buffer_copies = {}\nreduction = {}\nmigration_read = \"{}\"\nclient_overhead = {}\ninternal_overhead = {}\n",
        path.copies,
        path.reduction,
        if path.raw { "raw" } else { "reduced" },
        path.client,
        path.internal,
    )
}

fn load(name: &str, nodes: u32, pattern: &str) -> String {
    let clients = 4 * nodes;
    format!("[work.{name}]\nkind = \"io\"\nstorage = \"{name}\"\nclients = {clients}\npattern = {pattern}\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 100, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

    /// Offered = accepted + refused; used never exceeds capacity or quota; what is accepted and not expired is used.
    #[test]
    fn offered_is_accepted_and_refused(
        rate in 1e6..2e9_f64,
        second in 1e6..2e9_f64,
        capacity in 5e12..2e14_f64,
        holds in 0.0..1.0_f64,
        quota in 0.0..1.0_f64,
        retention in prop::option::of(600.0..90_000.0_f64),
        begins in 0.0..50_000.0_f64,
    ) {
        let held = holds * capacity;
        let hard = held + quota * (capacity - held);
        let expiry = retention.map_or(String::new(), |s| format!("retention = \"{s} s\"\n"));
        let text = format!(
            "horizon = \"1 day\"\n{HEAD}[storage.s]\nsite = \"a\"\nsystem = \"nvme-node\"\nnodes = 10\ncapacity = \"{capacity} B\"\n\
             holds = \"{held} B\"\nquota = {{ hard = \"{} B\" }}\n\
             [work.one]\nkind = \"io\"\nstorage = \"s\"\npattern = \"write\"\nclients = 3\ningest = true\nrate = \"{rate} B/s\"\n{expiry}\
             [work.two]\nkind = \"io\"\nstorage = \"s\"\npattern = \"write\"\nclients = 1\ningest = true\nrate = \"{second} B/s\"\n\
             starts = \"{begins} s\"\n",
            hard.max(1.0),
        );
        let (m, _) = audited(&plan_with(&text, &[]), 0, 50);
        let get = |name: &str| value(&m, name).unwrap();
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * a.abs().max(b.abs()) + 1e3;
        let offered = 86_400.0 * rate + (86_400.0 - begins) * second;
        let accepted = get("storage.s.write_rate") * 86_400.0;
        prop_assert!(near(offered, accepted + get("storage.s.refused")), "{offered} {accepted} {}", get("storage.s.refused"));
        prop_assert!(near(get("storage.s.refused"), get("io.one.refused") + get("io.two.refused")));
        prop_assert!(get("storage.s.used") <= hard.max(1.0) * (1.0 + 1e-6) + 1e3);
        prop_assert!(get("storage.s.used") <= held + accepted + 1e6);
        if retention.is_none() {
            prop_assert!(near(get("storage.s.used"), held + accepted));
        }
    }

    /// Accepted = in buffer + on media at every look (the audit), in every state of the buffer, with works coming and going.
    #[test]
    fn accepted_is_in_the_buffer_or_on_media(path in paths(), nodes in 2..40_u32, buffer in 1.0..200.0_f64, ends in 20.0..100.0_f64) {
        let pattern = format!("\"write\"\nends = \"{ends} s\"");
        let mix = "\"mixed\"\nread_share = \"40 %\"\nstarts = \"50 s\"";
        let text = format!("horizon = \"200 s\"\n{HEAD}") + &system("w", nodes, path, &format!("{buffer} GB"))
            + &load("w", nodes, &pattern) + &load("w", nodes, mix).replace("[work.w]", "[work.m]");
        let (m, _) = audited(&plan_with(&text, &[]), 0, 200);
        prop_assert!(value(&m, "storage.w.write_rate").unwrap() > 0.0);
    }

    /// More nodes never lower what is delivered, and a mix lies between pure reads and pure writes.
    #[test]
    fn more_nodes_deliver_more_and_a_mix_lies_between(path in paths(), nodes in 2..60_u32, more in 1..40_u32, share in 0.02..0.98_f64) {
        let mixed = format!("\"mixed\"\nread_share = \"{share}\"");
        let mut text = format!("horizon = \"60 s\"\nwarmup = \"50 s\"\n{HEAD}");
        for (name, n) in [("few", nodes), ("many", nodes + more)] {
            for (kind, pattern) in [("r", "\"read\""), ("w", "\"write\""), ("m", &mixed)] {
                let name = format!("{name}-{kind}");
                text += &(system(&name, n, path, "10 GB") + &load(&name, n, pattern));
            }
        }
        let results = run(&plan_with(&text, &[]));
        let get = |name: &str| kpi(&results, &format!("storage.{name}"));
        for (kind, measure) in [("r", "read_rate"), ("w", "write_rate"), ("m", "read_rate"), ("m", "write_rate")] {
            let (few, many) = (get(&format!("few-{kind}.{measure}")), get(&format!("many-{kind}.{measure}")));
            prop_assert!(many >= few * (1.0 - 1e-9), "{measure} of {kind}: {few} on {nodes}, {many} on {more} more");
        }
        let (read, write) = (get("few-r.read_efficiency"), get("few-w.write_efficiency"));
        let mix = get("few-m.mixed_efficiency");
        let (low, high) = (read.min(write), read.max(write));
        prop_assert!(mix >= low * (1.0 - 1e-9) && mix <= high * (1.0 + 1e-9), "{low} {mix} {high}");
    }
}
