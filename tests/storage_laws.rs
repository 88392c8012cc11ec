//! Laws of storage, whatever the parameters: nothing is lost unaccounted, nothing exceeds its room, more hardware never
//! delivers less, and a mix is no better and no worse than what it is mixed of, but for what it gains.

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

/// Rates of the parts of a system in GB/s: NICs, fabric of heads and of enclosures, media read and written; share of the
/// media's time that reads and writes compete for; read share of the mix.
type Parts = ([f64; 5], f64, f64);

/// A system of one of the three layouts that show what is installed, whose buffer counts as always full where it has one.
fn laid_out(name: &str, layout: u8, ([nic, heads, boxes, read, write], shared, _): Parts, path: Path) -> String {
    let gb = 1e9;
    if layout == 2 {
        // Parity as reduction of the other layouts: bytes on media per client byte.
        return format!(
            "[storage.{name}]\nsite = \"a\"\nsystem = \"lustre-flash-servers\"\nnodes = 44\nnic = \"{} B/s\"\noperations = \"1 Gop/s\"\n\
             media_read = \"{} B/s\"\nmedia_write = \"{} B/s\"\nmedia_shared = {shared}\nreduction = {}\nclient_overhead = {}\n",
            nic * gb,
            read * gb,
            write * gb,
            path.reduction,
            path.client,
        );
    }
    let parts = if layout == 1 {
        format!(
            "system = \"shared-everything-racks\"\nenclosures = 44\nheads = 30\nhead_nic = \"{} B/s\"\nhead_fabric = \"{} B/s\"\n\
             enclosure_fabric = \"{} B/s\"\n",
            nic * gb,
            heads * gb,
            boxes * gb
        )
    } else {
        format!("system = \"vast-ebox-z3-highmem-88\"\nnodes = 44\nnic = \"{} B/s\"\n", nic * gb)
    };
    format!(
        "[storage.{name}]\nsite = \"a\"\n{parts}buffer = \"1 MB\"\nbuffer_rate = \"1 TB/s\"\noperations = \"1 Gop/s\"\n\
         media_read = \"{} B/s\"\nmedia_write = \"{} B/s\"\nmedia_shared = {shared}\nbuffer_copies = {}\nreduction = {}\n\
         migration_read = \"{}\"\nclient_overhead = {}\ninternal_overhead = {}\n",
        read * gb,
        write * gb,
        path.copies,
        path.reduction,
        if path.raw { "raw" } else { "reduced" },
        path.client,
        path.internal,
    )
}

/// Read, write and mixed efficiency, and the gains of the mix: by how much its theoretical and its real rate exceed what
/// reads and writes one after the other give.
fn mixed(layout: u8, parts: Parts, path: Path) -> ([f64; 3], [f64; 2]) {
    let share = parts.2;
    let mixed = format!("\"mixed\"\nread_share = \"{share}\"");
    let mut text = format!("horizon = \"20 s\"\nwarmup = \"10 s\"\n{HEAD}");
    for (name, pattern) in [("r", "\"read\""), ("w", "\"write\""), ("m", &mixed)] {
        let load = load(name, 500, pattern) + "client_nic = \"800 Gbps\"\nqueue_depth = 4096\n";
        text += &(laid_out(name, layout, parts, path) + &load);
    }
    let results = run(&plan_with(&text, &[]));
    let get = |name: &str| kpi(&results, &format!("storage.{name}"));
    let gain = |mix: f64, read: f64, write: f64| mix * (share / read + (1.0 - share) / write);
    let ideal = gain(get("m.theoretical_mixed_rate"), get("m.theoretical_read_rate"), get("m.theoretical_write_rate"));
    let real = gain(get("m.read_rate") + get("m.write_rate"), get("r.read_rate"), get("w.write_rate"));
    ([get("r.read_efficiency"), get("w.write_efficiency"), get("m.mixed_efficiency")], [ideal, real])
}

/// A buffer that takes 2 GB/s of two copies on each of 10 nodes, far less than their media and NICs: writes at 10 GB/s for
/// ever. NICs of 50 GB/s each way leave 500 / 1.9 as theoretical rate.
#[test]
fn a_buffer_too_slow_to_fill_has_a_steady_efficiency() {
    let text = format!("horizon = \"1000 s\"\nwarmup = \"100 s\"\n{HEAD}")
        + "[storage.w]\nsite = \"a\"\nsystem = \"nvme-node\"\nnodes = 10\nnic = \"400 Gbps\"\nmedia_read = \"100 GB/s\"\n\
           media_write = \"100 GB/s\"\nbuffer = \"1 TB\"\nbuffer_rate = \"2 GB/s\"\nbuffer_copies = 2\noperations = \"1 Gop/s\"\n"
        + &load("w", 10, "\"write\"");
    let results = run(&plan_with(&text, &[]));
    let get = |name: &str| kpi(&results, &format!("storage.w.{name}"));
    assert!((get("write_rate") / 10e9 - 1.0).abs() < 1e-9, "{}", get("write_rate"));
    assert!((get("write_efficiency") / (10.0 / (500.0 / 1.9)) - 1.0).abs() < 1e-9, "{}", get("write_efficiency"));
}

/// Shared-everything racks, 16 enclosures of the part: reads and writes cross other sides of the fabric, so the theoretical
/// rate of an even mix is far above either, and what the enclosures' media leave is not. The mix lies below both.
#[test]
fn a_mix_lies_below_both_where_only_its_theoretical_rate_gains() {
    let text = |name: &str, pattern: &str| {
        format!(
            "[storage.{name}]\nsite = \"a\"\nsystem = \"shared-everything-racks\"\nenclosures = 16\nbuffer = \"1 MB\"\n"
        ) + &load(name, 250, pattern)
    };
    let all = format!("horizon = \"20 s\"\nwarmup = \"10 s\"\n{HEAD}")
        + &text("r", "\"read\"")
        + &text("w", "\"write\"")
        + &text("m", "\"mixed\"\nread_share = \"50 %\"");
    let results = run(&plan_with(&all, &[]));
    let get = |name: &str| kpi(&results, &format!("storage.{name}"));
    let gain = get("m.theoretical_mixed_rate")
        * (0.5 / get("m.theoretical_read_rate") + 0.5 / get("m.theoretical_write_rate"));
    let (write, mix) = (get("w.write_efficiency"), get("m.mixed_efficiency"));
    assert!(mix < write && get("r.read_efficiency") > write, "{mix} {write}");
    assert!(gain > 1.05 && mix >= write / gain, "{gain}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, max_shrink_iters: 100, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

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

    /// On every layout a mix is a mean of reads and writes times the gain of the real mix over that of the theoretical one,
    /// both at least 1 and 1 where one stage holds both directions. So it lies between them where neither gains.
    #[test]
    fn a_mix_leaves_the_range_of_reads_and_writes_by_its_gains_alone(
        layout in 0..3_u8, rates in prop::array::uniform5(1.0..20.0_f64), shared in 0.0..1.0_f64, path in paths(), share in 0.02..0.98_f64,
    ) {
        let ([read, write, mix], [ideal, real]) = mixed(layout, (rates, shared, share), path);
        prop_assert!(ideal >= 1.0 - 1e-9 && real >= 1.0 - 1e-9, "{ideal} {real}");
        let (low, high) = (read.min(write), read.max(write));
        prop_assert!(mix >= low / ideal * (1.0 - 1e-9) && mix <= high * real * (1.0 + 1e-9), "{low} {mix} {high}: {ideal} {real}");
        let mean = mix / real * ideal;
        prop_assert!(mean >= low * (1.0 - 1e-9) && mean <= high * (1.0 + 1e-9), "{low} {mean} {high}");
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
