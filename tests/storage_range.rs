//! What the whole range of mechanism parameters gives, simulated and by hand.
//!
//! The closed form is written here from the crossings per client byte alone: N nodes with one full-duplex NIC each, a
//! hop to a peer carries f = (N−1)/N, client overhead o and internal overhead i, c buffer copies, migration that reads
//! μ bytes (1 raw, 1/ρ reduced) and writes s = (1 + parity/data)/ρ, with stripes narrowed on few nodes. In theory a byte crosses the NICs
//! 1 + f times in the busier direction. The
//! first test prints the table that `docs/` shows.

mod world_support;

use apollo_sim::experiment::results::RunResults;
use world_support::{kpi, plan_with, run};

const NIC: f64 = 12.5e9;
const COPIES: [f64; 2] = [4.0 / 3.0, 2.0];
const REDUCTIONS: [f64; 3] = [1.0, 2.0, 3.0];
const NODES: [f64; 4] = [8.0, 16.0, 64.0, 400.0];
/// Overheads of the cloud preset; both ways alike.
const OVERHEAD: f64 = 1.11;

#[derive(Clone, Copy)]
struct System {
    nodes: f64,
    copies: f64,
    reduction: f64,
    raw: bool,
    overhead: f64,
}

impl System {
    fn hop(&self) -> f64 {
        (self.nodes - 1.0) / self.nodes * self.overhead
    }

    fn moved(&self) -> f64 {
        let read_back = if self.raw { 1.0 } else { 1.0 / self.reduction };
        (read_back + self.stripe() / self.reduction) * self.hop()
    }

    /// 146 + 4, or what fits with four blocks of a stripe on a node.
    fn stripe(&self) -> f64 {
        1.0 + 4.0 / (4.0 * self.nodes - 4.0).min(146.0)
    }

    /// (in, out) crossings of the NICs per client byte.
    fn read(&self) -> (f64, f64) {
        (self.hop(), self.hop() + self.overhead)
    }

    fn burst(&self) -> (f64, f64) {
        (self.overhead + self.copies * self.hop(), self.copies * self.hop())
    }

    fn steady(&self) -> (f64, f64) {
        (self.burst().0 + self.moved(), self.burst().1 + self.moved())
    }

    /// Crossings of the busier direction that the layout makes unavoidable.
    fn unavoidable(&self) -> f64 {
        1.0 + (self.nodes - 1.0) / self.nodes
    }

    /// Share of the theoretical rate that is left where `(in, out)` crossings bind.
    fn efficiency(&self, (inward, outward): (f64, f64)) -> f64 {
        self.unavoidable() / inward.max(outward)
    }

    fn theoretical(&self) -> f64 {
        self.nodes * NIC / self.unavoidable()
    }

    fn migration_rate(&self) -> f64 {
        self.nodes * NIC / self.moved()
    }

    fn table(&self, name: &str, buffer: &str) -> String {
        format!(
            r#"
[storage.{name}]
site = "a"
system = "vast-ebox-z3-highmem-88"
nodes = {}
nic = "100 Gbps"
media_read = "1 TB/s"
media_write = "1 TB/s"
buffer_rate = "1 TB/s"
buffer = "{buffer}"
buffer_copies = "{}"
reduction = "{}"
migration_read = "{}"
client_overhead = "{}"
internal_overhead = "{}"
operations = "1 Gop/s"
"#,
            self.nodes,
            self.copies,
            self.reduction,
            if self.raw { "raw" } else { "reduced" },
            self.overhead,
            self.overhead,
        )
    }
}

fn head(horizon: &str, warmup: &str) -> String {
    format!(
        "format = 1\nstart = 2026-01-05\nhorizon = \"{horizon}\"\nwarmup = \"{warmup}\"\nreplications = 1\n[site.a]\n"
    )
}

fn load(name: &str, storage: &str, pattern: &str, nodes: f64, more: &str) -> String {
    let clients = 4.0 * nodes;
    format!(
        "[work.{name}]\nkind = \"io\"\nstorage = \"{storage}\"\npattern = \"{pattern}\"\nclients = {clients}\n{more}\n"
    )
}

fn simulate(text: &str) -> RunResults {
    run(&plan_with(text, &[]))
}

fn close(seen: f64, expected: f64, what: &str) {
    assert!((seen / expected - 1.0).abs() <= 1e-6, "{what}: {seen}, by hand {expected}");
}

fn range(overhead: f64) -> Vec<System> {
    let mut all = Vec::new();
    for copies in COPIES {
        for reduction in REDUCTIONS {
            for raw in [false, true] {
                all.extend(NODES.map(|nodes| System { nodes, copies, reduction, raw, overhead }));
            }
        }
    }
    all
}

/// Steady and burst write efficiency of 96 systems and read efficiency of 8, all in two runs.
#[test]
fn efficiency_over_the_range_of_parameters() {
    for overhead in [1.0, OVERHEAD] {
        let systems = range(overhead);
        let mut text = head("60 s", "0 s");
        for (n, system) in systems.iter().enumerate() {
            text += &system.table(&format!("w{n}"), "10 GB");
            text += &load(&format!("w{n}"), &format!("w{n}"), "write", system.nodes, "");
        }
        for nodes in NODES {
            let system = System { nodes, ..systems[0] };
            text += &system.table(&format!("r{nodes}"), "10 GB");
            text += &load(&format!("r{nodes}"), &format!("r{nodes}"), "read", nodes, "");
        }
        let results = simulate(&text);
        println!("\nOverheads {overhead}: write efficiency (steady / burst) for N = {NODES:?} nodes");
        for (n, system) in systems.iter().enumerate() {
            let steady = kpi(&results, &format!("storage.w{n}.write_efficiency"));
            let burst = kpi(&results, &format!("storage.w{n}.write_efficiency_burst"));
            close(steady, system.efficiency(system.steady()), "steady writes");
            close(burst, system.efficiency(system.burst()), "burst writes");
            assert!(steady < burst && burst <= 1.0 + 1e-9, "nothing is faster than theory: {steady} {burst}");
            close(kpi(&results, &format!("storage.w{n}.theoretical_write_rate")), system.theoretical(), "theoretical");
            if n % 4 == 0 {
                let migration = if system.raw { "raw" } else { "reduced" };
                print!("| {:.2} | {} | {migration:7} |", system.copies, system.reduction);
            }
            print!(" {:.1} / {:.1} % |{}", 100.0 * steady, 100.0 * burst, if n % 4 == 3 { "\n" } else { "" });
        }
        print!("| read |");
        for nodes in NODES {
            let system = System { nodes, ..systems[0] };
            let seen = kpi(&results, &format!("storage.r{nodes}.read_efficiency"));
            close(seen, system.efficiency(system.read()), "reads");
            close(seen, 1.0 / overhead, "with like overheads the number of nodes does not matter");
            print!(" {:.1} % |", 100.0 * seen);
        }
        println!();
    }
}

/// The mixed theoretical rate is that of the mix: NIC crossings in f·r + (1+f)·(1−r), out (1+f)·r + f·(1−r).
#[test]
fn a_mixed_load_takes_the_sum_of_its_crossings() {
    let system = System { nodes: 64.0, copies: 4.0 / 3.0, reduction: 2.0, raw: false, overhead: OVERHEAD };
    let shares = [0.05, 0.3, 0.5, 0.7, 0.95];
    let mut text = head("5 min", "1 min");
    for r in shares {
        let name = format!("m{}", r * 100.0);
        text += &system.table(&name, "10 GB");
        text += &load(&name, &name, "mixed", 64.0, &format!("read_share = \"{} %\"", r * 100.0));
    }
    let results = simulate(&text);
    for r in shares {
        let mix = |read: f64, write: f64| r * read + (1.0 - r) * write;
        let (read, write) = (system.read(), system.steady());
        let needed = mix(read.0, write.0).max(mix(read.1, write.1));
        let (peers, most) = (system.unavoidable() - 1.0, system.unavoidable());
        let ideal = mix(peers, most).max(mix(most, peers));
        let seen = kpi(&results, &format!("storage.m{}.mixed_efficiency", r * 100.0));
        println!("{:.0} % reads: {:.2} % of theoretical for that mix", 100.0 * r, 100.0 * seen);
        close(seen, ideal / needed, "mixed load");
        let denominator = kpi(&results, &format!("storage.m{}.theoretical_mixed_rate", r * 100.0));
        close(denominator, 64.0 * NIC / ideal, "the denominator is printed");
        let rate = kpi(&results, &format!("storage.m{}.read_rate", r * 100.0));
        close(rate, r * 64.0 * NIC / needed, "reads of the mix");
    }
}

/// A buffer of B client bytes fills at the burst rate B_r, so T = B / B_r; from then on the steady rate holds. After a
/// pause of d seconds min(B, d·M) has been migrated and can be written at burst rate again.
#[test]
fn the_write_buffer_fills_and_drains_by_the_clock() {
    let system = System { nodes: 64.0, copies: 2.0, reduction: 2.0, raw: false, overhead: OVERHEAD };
    let room = 64.0 * 1e12 / 2.0;
    let rate = |crossings| system.efficiency(crossings) * system.theoretical();
    let (burst, steady) = (rate(system.burst()), rate(system.steady()));
    let fill = room / burst;
    let drain = room / system.migration_rate();
    assert!(fill > 60.0 && drain > 20.0, "{fill} {drain}");
    let first_end = fill + 100.0;
    for (pause, freed) in [(0.5 * drain, 0.5 * room), (drain + 60.0, room)] {
        let (second, end) = (first_end + pause, first_end + pause + fill + 50.0);
        let text = head(&format!("{} s", end + 10.0), "0 s")
            + &system.table("s", "1 TB")
            + &load("one", "s", "write", 64.0, &format!("ends = \"{first_end} s\""))
            + &load("two", "s", "write", 64.0, &format!("starts = \"{second} s\"\nends = \"{end} s\""));
        let results = simulate(&text);
        // Bytes at two rates over a known time give the time of the change.
        let burst_time =
            |work: &str, span: f64| (kpi(&results, &format!("io.{work}.rate")) - steady) * span / (burst - steady);
        println!("fills in {:.3} s (by hand {fill:.3})", burst_time("one", first_end));
        close(burst_time("one", first_end), fill, "first fill");
        close(burst_time("two", end - second), freed / burst, "second fill");
        assert!(results.events < 60, "{} events for two fills", results.events);
        let series = results.series.iter().find(|s| s.name == "storage.s.buffer_fill").unwrap();
        for (t, level) in series.t_s.iter().zip(&series.values).filter(|(t, _)| **t <= second) {
            let by_hand = if *t <= first_end { (t / fill).min(1.0) } else { (1.0 - (t - first_end) / drain).max(0.0) };
            assert!((level - by_hand).abs() < 1e-6, "fill level {level} at {t} s, by hand {by_hand}");
        }
    }
}

/// Writes slower than migration never fill the buffer; it is filled to the start of migration and emptied again. Each
/// of these rounds takes a known time, so the events of an hour are bounded; and nothing is lost on the way.
#[test]
fn a_buffer_under_a_paced_load_does_not_thrash() {
    let system = System { nodes: 8.0, copies: 2.0, reduction: 2.0, raw: false, overhead: OVERHEAD };
    let room = 8.0 * 1e12 / 2.0;
    for share in [0.05, 0.3, 0.9, 0.999, 1.001, 1.2] {
        let steady = system.efficiency(system.steady()) * system.theoretical();
        let pace = share * steady;
        let text = head("1 h", "0 s")
            + &system.table("s", "1 TB")
            + &load("w", "s", "write", 8.0, &format!("rate = \"{pace} B/s\""));
        let results = simulate(&text);
        let round = 0.05 * room / pace;
        println!("pace {share} of steady: {} events, at most {:.0} rounds", results.events, 3600.0 / round);
        assert!((results.events as f64) < 40.0 + 2.0 * 3600.0 / round);
        // Beyond the steady rate S the level rises by what migration cannot take: of the NIC, b crossings go to each byte
        // written at pace P and m to each byte migrated, so it rises by (P − S)·(b + m)/m once migration has begun.
        let rise = (pace - steady) * system.steady().0 / system.moved();
        let until_full = 0.05 * room / pace + 0.95 * room / rise.max(1.0);
        let expected = if share < 1.0 || until_full > 3600.0 {
            pace * 3600.0
        } else {
            pace * until_full + steady * (3600.0 - until_full)
        };
        close(kpi(&results, "io.w.rate") * 3600.0, expected, "a paced load");
    }
}

/// A buffer of kilobytes would be filled and emptied millions of times a second; it counts as always full instead.
#[test]
fn a_tiny_buffer_is_no_buffer_and_no_endless_loop() {
    let system = System { nodes: 8.0, copies: 2.0, reduction: 2.0, raw: false, overhead: 1.0 };
    for buffer in ["1 B", "1 kB", "1 GB"] {
        let text = head("10 s", "1 s")
            + &system.table("s", buffer)
            + &system.table("t", buffer)
            + &load("w", "s", "write", 8.0, "ends = \"4 s\"")
            + &load("m", "s", "mixed", 8.0, "read_share = \"50 %\"\nstarts = \"4 s\"\nends = \"6 s\"")
            + &load("p", "t", "write", 8.0, "rate = \"1 GB/s\"");
        let results = simulate(&text);
        close(kpi(&results, "storage.s.write_efficiency"), system.efficiency(system.steady()), "steady writes");
        close(kpi(&results, "io.p.rate"), 1e9, "paced writes");
        assert!(results.events < 100, "{buffer}: {} events", results.events);
    }
}
