//! MLPerf Storage through the data loader: samples per second of every published row, and how many accelerators a
//! system feeds. The table of rows lies beside the repository in `shared`; without it that test says so and passes.

use std::fmt::Write as _;
use std::path::Path;

use apollo_sim::experiment::{RunOptions, run};
use apollo_sim::scenario::{load_text, render_text};

/// A workload as mlcommons/storage configures it, with its tolerance for samples per second and its least utilisation.
struct Workload {
    model: &'static str,
    accelerator: &'static str,
    sample: &'static str,
    samples_per_file: u32,
    batch: u32,
    compute: f64,
    tolerance: f64,
    least: f64,
}

const WORKLOADS: [Workload; 6] = [
    unet3d("a100", 0.636),
    unet3d("h100", 0.323),
    resnet50("a100", 0.435),
    resnet50("h100", 0.224),
    cosmoflow("a100", 0.00551),
    cosmoflow("h100", 0.0035),
];

const fn unet3d(accelerator: &'static str, compute: f64) -> Workload {
    Workload {
        model: "unet3d",
        accelerator,
        sample: "146600628 B",
        samples_per_file: 1,
        batch: 7,
        compute,
        tolerance: 0.10,
        least: 0.9,
    }
}

const fn resnet50(accelerator: &'static str, compute: f64) -> Workload {
    Workload {
        model: "resnet50",
        accelerator,
        sample: "114660.07 B",
        samples_per_file: 1251,
        batch: 400,
        compute,
        tolerance: 0.01,
        least: 0.9,
    }
}

const fn cosmoflow(accelerator: &'static str, compute: f64) -> Workload {
    Workload {
        model: "cosmoflow",
        accelerator,
        sample: "2828486 B",
        samples_per_file: 1,
        batch: 1,
        compute,
        tolerance: 0.035,
        least: 0.7,
    }
}

fn workload(model: &str, accelerator: &str) -> &'static Workload {
    let fits = |w: &&Workload| w.model == model && w.accelerator == accelerator;
    WORKLOADS.iter().find(fits).unwrap_or_else(|| panic!("no workload {model} {accelerator}"))
}

/// A plan with one system of `rate` GB/s that is far larger than its load needs otherwise.
fn system(rate: f64, horizon: f64, latency_ms: f64) -> String {
    format!(
        "format = 1\nstart = 2026-01-05\nhorizon = \"{horizon} s\"\nwarmup = \"0 s\"\nreplications = 1\n[site.lab]\n\
         [storage.system]\nsite = \"lab\"\nsystem = \"azure-managed-lustre-125\"\ncapacity = \"1000 TiB\"\n\
         provisioned_rate = \"{rate} MB/s/TiB\"\nread_share = 1\nread_latency = \"{latency_ms} ms\"\n\
         operations = \"100 Gop/s\"\n"
    )
}

fn load(w: &Workload, accelerators: u64, hosts: u64, overhead: f64, nic: &str, reading: &str) -> String {
    format!(
        "[work.load]\nkind = \"io\"\nstorage = \"system\"\npattern = \"read\"\nclients = {hosts}\nclient_nic = \"{nic}\"\n\
         loader = {{ accelerators = {accelerators}, sample = \"{}\", samples_per_file = {}, batch = {}, \
         compute = \"{} s\", overhead = \"{overhead} s\", {reading} }}\n",
        w.sample, w.samples_per_file, w.batch, w.compute
    )
}

fn kpi(text: &str, name: &str) -> f64 {
    let loaded = load_text("case.toml", text, &[]).unwrap_or_else(|found| panic!("{}", render_text(&found, false)));
    let results = run(&loaded.0, &RunOptions::quiet()).expect("the case runs");
    let row = results.kpis.iter().find(|row| row.name == name);
    row.and_then(|row| row.mean).unwrap_or_else(|| panic!("{name} has a value"))
}

/// Steps of a run: the first one's share of samples per second is then a twentieth of a percent.
const STEPS: f64 = 2000.0;

#[test]
fn every_published_row_gives_its_samples_per_second() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/mlperf-storage-v1.0-results.csv");
    let Ok(table) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED: {} is not here; a dozen rows stand in scenarios/validation", path.display());
        return;
    };
    let mut lines = table.lines().filter(|line| !line.starts_with('#'));
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let column = |name: &str| header.iter().position(|h| *h == name).unwrap_or_else(|| panic!("a column {name}"));
    let (mut rows, mut misses, mut report) = (0, Vec::new(), String::new());
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |name: &str| cells[column(name)].parse::<f64>().unwrap_or_else(|_| panic!("{name} in {line}"));
        let w = workload(cells[column("model")], cells[column("accelerator")]);
        let overhead = w.compute * (100.0 / number("au_pct_mean") - 1.0);
        let (accelerators, hosts) = (number("n_accelerators") as u64, number("n_hosts") as u64);
        let horizon = STEPS * (w.compute + overhead);
        let text = system(1e6, horizon, 0.1) + &load(w, accelerators, hosts, overhead, "100 Tbps", "readers = 16");
        let off = number("samples_per_s_mean") / kpi(&text, "io.load.samples_rate") - 1.0;
        let name = cells[column("system_and_test")];
        let known = name.starts_with("Micron_9550") && w.model == "unet3d" && w.accelerator == "a100";
        // The exception is off by more than any tolerance: should it come to fit, the table or the loader has changed.
        if (off.abs() > w.tolerance) != known {
            misses.push(format!("{name}: {:+.2} %", 100.0 * off));
        }
        rows += 1;
        let _ = writeln!(report, "{:+7.2} %  {name}", 100.0 * off);
    }
    println!("{report}");
    assert_eq!(rows, 132, "131 rows and the exception");
    assert!(misses.is_empty(), "{misses:#?}");
}

/// The largest number of accelerators at or above the least utilisation.
fn feeds(w: &Workload, gb_per_s: f64, hosts: u64, latency_ms: f64, nic: &str, reading: &str) -> u64 {
    let steps = 300.0;
    let fits = |n: u64| {
        let text = system(gb_per_s, steps * w.compute, latency_ms) + &load(w, n, hosts.min(n), 0.0, nic, reading);
        kpi(&text, "io.load.accelerator_utilisation") >= w.least
    };
    let (mut low, mut high) = (0, 1);
    while fits(high) {
        (low, high) = (high, 2 * high);
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if fits(middle) { low = middle } else { high = middle }
    }
    low
}

#[test]
fn a_system_feeds_as_many_accelerators_as_were_submitted() {
    // Nameplate GB/s, workload, hosts, predicted by its bandwidth, submitted.
    let cases = [
        (110.0, "unet3d", "h100", 18, 38, 36),
        (110.0, "unet3d", "a100", 18, 75, 72),
        (110.0, "resnet50", "h100", 32, 596, 512),
        (7.0, "unet3d", "h100", 1, 2, 2),
        (7.0, "unet3d", "a100", 1, 4, 4),
        (7.0, "resnet50", "h100", 1, 37, 38),
        (7.0, "cosmoflow", "h100", 1, 12, 12),
        (6.8, "unet3d", "h100", 1, 2, 1),
        (6.8, "unet3d", "a100", 1, 4, 3),
        (6.8, "resnet50", "h100", 1, 36, 37),
        (6.8, "cosmoflow", "h100", 1, 12, 9),
    ];
    for (rate, model, accelerator, hosts, predicted, submitted) in cases {
        let found = feeds(workload(model, accelerator), rate, hosts, 0.1, "100 Tbps", "readers = 16");
        println!("{rate} GB/s {model} {accelerator}: {found}, {submitted} submitted");
        assert!(found.abs_diff(predicted) <= predicted / 200, "{rate} GB/s {model} {accelerator}: {found}");
        let within = match rate {
            110.0 => found >= submitted && found as f64 <= 1.2 * submitted as f64,
            _ => found.abs_diff(submitted) <= (submitted / 20).max(1),
        };
        // Known to miss: nine small-file readers on a drive for which bandwidth alone says twelve.
        let missed = (rate, model) == (6.8, "cosmoflow");
        assert_eq!(within, !missed, "{rate} GB/s {model} {accelerator}: {found} for {submitted}");
    }
}

/// Small files over a network: bandwidth alone promises three times what was submitted; reading on demand does not.
#[test]
fn small_files_over_a_network_need_more_than_bandwidth() {
    let w = workload("cosmoflow", "h100");
    let submitted = 64.0;
    let wide = feeds(w, 110.0, 16, 0.1, "100 Tbps", "readers = 16");
    assert!((193..=194).contains(&wide), "{wide}");
    assert!(wide as f64 > 1.5 * submitted, "bandwidth alone has to fail here");
    let demand = feeds(w, 110.0, 16, 0.1, "200 Gbps", "readers = 2, prefetch = 0");
    println!("bandwidth alone {wide}, on demand {demand}, {submitted} submitted");
    assert!((submitted / 1.5..=1.5 * submitted).contains(&(demand as f64)), "{demand}");
}
