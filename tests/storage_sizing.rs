//! Laws of sizing: a system sized for a demand serves it in the simulation, one unit fewer does not, and the closed
//! form of its rates is what a saturated system delivers.

mod world_support;

use apollo_sim::scenario::plan::Plan;
use proptest::prelude::*;
use world_support::{kpi as value, plan_with, run};

/// Part, and keys that make its buffer too small to show: writes are steady from the first byte.
const SYSTEMS: [(&str, &str); 6] = [
    ("vast-ebox-z3-highmem-88", "buffer = \"1 MB\"\n"),
    ("shared-everything-racks", "buffer = \"1 MB\"\n"),
    ("qualified-flash-liquid", "buffer = \"1 MB\"\n"),
    ("nvme-node", "buffer = \"1 MB\"\n"),
    ("azure-blob", ""),
    ("azure-managed-lustre-125", ""),
];

fn plan(text: &str) -> Plan {
    plan_with(text, &[])
}

fn scenario(system: &str, keys: &str, works: &str) -> String {
    format!(
        "format = 1\nhorizon = \"60 s\"\nreplications = 1\n[site.x]\n[storage.s]\nsite = \"x\"\nsystem = \"{system}\"\n{keys}\n{works}"
    )
}

fn io(name: &str, pattern: &str, pace: Option<f64>) -> String {
    let pace = pace.map_or(String::new(), |rate| format!("rate = \"{rate} B/s\"\n"));
    format!(
        "[work.{name}]\nkind = \"io\"\nstorage = \"s\"\npattern = \"{pattern}\"\nclients = 500\nclient_nic = \"100 Tbps\"\n\
         io_size = \"1 GB\"\nqueue_depth = 1000000\n{pace}"
    )
}

fn sized(read: f64, write: f64, at_once: bool) -> String {
    format!("sized_for = {{ read = \"{read} B/s\", write = \"{write} B/s\", at_once = {at_once} }}\n")
}

fn count_key(plan: &Plan) -> &'static str {
    plan.storages[0].economics.unit
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The size that follows from a demand serves it, reads and writes together.
    #[test]
    fn a_sized_system_serves_its_demand(which in 0..SYSTEMS.len(), read in 5e10..2e12_f64, write in 5e10..2e12_f64, c in 1.0..2.0_f64) {
        let (system, keys) = SYSTEMS[which];
        let copies = if keys.is_empty() { String::new() } else { format!("buffer_copies = {c}\n") };
        let works = io("r", "read", Some(read)) + &io("w", "write", Some(write));
        let text = scenario(system, &format!("{keys}{copies}{}", sized(read, write, true)), &works);
        let results = run(&plan(&text));
        for (kpi, asked) in [("io.r.rate", read), ("io.w.rate", write)] {
            let rate = value(&results, kpi);
            prop_assert!((rate / asked - 1.0).abs() < 1e-9, "{kpi} {rate} of {asked}");
        }
    }

    /// One unit fewer than the size does not, so nothing is bought that the demand does not need.
    #[test]
    fn one_unit_fewer_does_not_serve_it(which in 0..5usize, read in 2e11..2e12_f64, write in 2e11..2e12_f64) {
        let (system, keys) = SYSTEMS[which];
        let works = io("r", "read", Some(read)) + &io("w", "write", Some(write));
        let full = plan(&scenario(system, &format!("{keys}{}", sized(read, write, true)), &works));
        let (units, key) = (full.storages[0].economics.units, count_key(&full));
        let sizing = full.storages[0].economics.sizing.clone().unwrap();
        prop_assume!(sizing.decides().unwrap().by != "smallest system");
        let few = format!("{keys}{key} = {}\n", units - 1.0);
        let few = if key == "enclosures" { format!("{few}heads = {}\n", full.storages[0].economics.heads) } else { few };
        let results = run(&plan(&scenario(system, &few, &works)));
        let served = value(&results, "io.r.rate") + value(&results, "io.w.rate");
        prop_assert!(served < (read + write) * (1.0 - 1e-9), "{served} of {}", read + write);
    }

    /// The closed form of the deliverable rates is what saturating loads measure.
    #[test]
    fn deliverable_rates_are_what_a_saturated_system_delivers(
        which in 0..SYSTEMS.len(), units in 12..60u32, c in 1.0..2.0_f64, rho in 1.0..3.0_f64, raw in any::<bool>(),
    ) {
        let (system, keys) = SYSTEMS[which];
        let media = !keys.is_empty();
        let mut keys = keys.to_owned();
        if media {
            let word = if raw { "raw" } else { "reduced" };
            keys += &format!("buffer_copies = {c}\nreduction = {rho}\nmigration_read = \"{word}\"\n");
        }
        keys += &match system {
            "azure-blob" => format!("accounts = {units}\n"),
            "azure-managed-lustre-125" => format!("capacity = \"{units} TiB\"\n"),
            "shared-everything-racks" => format!("enclosures = {units}\nheads = {}\n", 2 * units),
            _ => format!("nodes = {units}\n"),
        };
        for (pattern, measure) in [("read", "read_rate"), ("write", "write_rate")] {
            let plan = plan(&scenario(system, &keys, &io("l", pattern, None)));
            let e = &plan.storages[0].economics;
            let closed = if pattern == "read" { e.read } else { e.write };
            let rate = value(&run(&plan), &format!("storage.s.{measure}"));
            prop_assert!((rate / closed.0.get() - 1.0).abs() < 1e-9, "{pattern} {rate} of {closed:?}");
        }
    }

    /// A larger demand never takes a smaller system, and peaks that coincide never take a smaller one than peaks apart.
    #[test]
    fn more_demand_never_takes_less(which in 0..SYSTEMS.len(), read in 1e9..5e12_f64, write in 1e9..5e12_f64, more in 1.0..3.0_f64) {
        let (system, keys) = SYSTEMS[which];
        let units = |read: f64, write: f64, at_once| {
            let works = io("r", "read", Some(1.0)) + &io("w", "write", Some(1.0));
            let plan = plan(&scenario(system, &format!("{keys}{}", sized(read, write, at_once)), &works));
            let e = &plan.storages[0].economics;
            (e.units, e.heads, plan.storages[0].capacity.get())
        };
        let (apart, once, larger) = (units(read, write, false), units(read, write, true), units(read * more, write, true));
        for (small, large) in [(apart, once), (once, larger)] {
            prop_assert!(small.0 <= large.0 && small.1 <= large.1 && small.2 <= large.2 * (1.0 + 1e-12), "{small:?} {large:?}");
        }
    }
}

#[test]
fn three_exabytes_are_bound_by_capacity_and_need_the_published_counts() {
    for (system, keys, units, by) in [
        ("azure-blob", "", 533.0, "capacity"),
        ("vast-ebox-z3-highmem-88", "usable_fraction = \"73 %\"\nreduction = 1\n", 114_156.0, "capacity"),
        ("vast-ebox-l160iaos-v5", "usable_fraction = \"73 %\"\nreduction = 1\n", 29_728.0, "capacity"),
    ] {
        let demand = "sized_for = { capacity = \"3 EB\", read = \"1 TB/s\", write = \"500 GB/s\" }\n";
        let plan = plan(&scenario(system, &format!("{keys}{demand}"), &io("r", "read", Some(1e12))));
        let e = &plan.storages[0].economics;
        let decides = *e.sizing.as_ref().unwrap().decides().unwrap();
        assert_eq!((e.units, decides.by), (units, by), "{system}");
    }
}

#[test]
fn too_few_accounts_hold_the_rates_and_say_so() {
    let works = io("w", "write", Some(100e9)) + &io("r", "read", Some(100e9));
    let results = run(&plan(&scenario("azure-blob", "accounts = 4\n", &works)));
    assert!((value(&results, "io.w.rate") / 30e9 - 1.0).abs() < 1e-9, "4 accounts take 4 x 7.5 GB/s");
    assert!((value(&results, "io.r.rate") / 100e9 - 1.0).abs() < 1e-9, "4 accounts give 4 x 25 GB/s");
    let held = results.bottlenecks.iter().find(|c| c.work == "w").unwrap();
    assert_eq!(held.cause, "storage.s.account-ingress");
    for (kpi, accounts) in [("needed", 14), ("for_ingress", 14), ("for_egress", 4), ("for_requests", 1)] {
        assert_eq!(value(&results, &format!("storage.s.accounts_{kpi}")) as u64, accounts, "{kpi}");
    }
    assert!(
        results.warnings.iter().any(|w| w.message.contains("4 accounts are fewer than the 14 that ingress asks for"))
    );
}

#[test]
fn works_that_do_not_run_together_do_not_add_up() {
    let first = io("a", "write", Some(60e9)) + "ends = \"20 s\"\n";
    let second = io("b", "write", Some(75e9)) + "starts = \"20 s\"\n";
    let results = run(&plan(&scenario("azure-blob", "accounts = 40\n", &(first + &second))));
    assert_eq!(value(&results, "storage.s.accounts_for_ingress") as u64, 10);
}

/// Cost by hand: 10 servers of 1 kW on half a rack at $100k, in a site that leases power at $100 and positions at $500 a month.
#[test]
fn a_cost_adds_up_by_hand() {
    let prices = "[price]\npower = \"$100/kW-month\"\nrack_position = \"$500/month\"\nlife = \"1461 days\"\n";
    let keys = "nodes = 10\nprice = \"$100k\"\nracks = 0.5\nnode_power = \"1 kW\"\n";
    let works = io("r", "read", Some(40e9));
    let results = run(&plan(&scenario("nvme-node", keys, &format!("{prices}{works}"))));
    let cost = 10.0 * 100e3 / 48.0 + 10.0 * 100.0 + 5.0 * 500.0;
    assert!((value(&results, "storage.s.cost") / cost - 1.0).abs() < 1e-9);
    assert!((value(&results, "storage.s.cost_per_delivered_read_gb_per_s") / (cost / 40.0) - 1.0).abs() < 1e-9);
    let pb = value(&results, "storage.s.usable") / 1e15;
    assert!((value(&results, "storage.s.cost_per_usable_pb_month") / (cost / pb) - 1.0).abs() < 1e-9);
    assert!((value(&results, "storage.s.power_per_pb") / (10e3 / pb) - 1.0).abs() < 1e-9);
    assert!((value(&results, "storage.s.racks_per_pb") / (5.0 / pb) - 1.0).abs() < 1e-9);
    let row = &results.systems[0];
    assert_eq!((row.sized_by.as_str(), row.units), ("as stated", 10.0));
}

/// A million operations a second at 50,000 reads a node, whatever the node could do of both kinds together.
#[test]
fn the_tighter_limit_of_operations_decides() {
    let text = scenario(
        "vast-ebox-z3-highmem-88",
        "read_operations = \"50 kop/s\"\nsized_for = { operations = \"1 Mop/s\" }\n",
        &io("r", "read", Some(1e9)),
    );
    let economics = &plan(&text).storages[0].economics;
    assert!((economics.units - 20.0).abs() < 1e-12, "{} nodes", economics.units);
}

/// 100,000 metadata operations a second at 4,000 a node; where the system states none they count beside those on data.
#[test]
fn metadata_sizes_a_system_too() {
    let units = |keys: &str| {
        let text = scenario("vast-ebox-z3-highmem-88", keys, &io("r", "read", Some(1e9)));
        plan(&text).storages[0].economics.units
    };
    let apart = units("metadata_operations = \"4 kop/s\"\nsized_for = { metadata = \"100 kop/s\" }\n");
    assert!((apart - 25.0).abs() < 1e-12, "{apart} nodes");
    let both = "operations = \"10 kop/s\"\nsized_for = { operations = \"150 kop/s\", metadata = \"100 kop/s\" }\n";
    assert!((units(both) - 25.0).abs() < 1e-12, "{} nodes", units(both));
    let in_turn = both.replace("\" }", "\", at_once = false }");
    assert!((units(&in_turn) - 15.0).abs() < 1e-12, "{} nodes", units(&in_turn));
}
