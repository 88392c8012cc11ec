//! The loader of an `io` work: what is refused and where, and what changes nobody else's results.

use apollo_sim::experiment::{RunOptions, run};
use apollo_sim::scenario::{load_text, render_text};

const BASE: &str = r#"format = 1
start = 2026-01-05
horizon = "1 min"
warmup = "0 s"
replications = 1
[site.lab]
[storage.hot]
site = "lab"
system = "vast-ebox-z3-highmem-88"
nodes = 16
[namespace.all]
home = "hot"
data = "1 TB"
[work.feed]
kind = "io"
storage = "hot"
pattern = "read"
clients = 4
loader = { accelerators = 32, sample = "150 MB", sample_sd = "60 MB", batch = 7, compute = "323 ms" }
"#;

fn errors(from: &str, to: &str) -> String {
    assert!(BASE.contains(from), "{from}");
    match load_text("case.toml", &BASE.replace(from, to), &[]) {
        Ok(loaded) => loaded.0.warnings.iter().map(|w| format!("{} {}\n", w.message, w.at)).collect(),
        Err(found) => render_text(&found, false),
    }
}

#[test]
fn wrong_loaders_are_refused_at_their_place() {
    let cases = [
        ("pattern = \"read\"", "pattern = \"write\"", "E0107", "case.toml:19:1"),
        ("clients = 4", "clients = 33", "E0203", "case.toml:19:"),
        ("clients = 4", "clients = 4\nrate = \"1 GB/s\"", "E0107", "case.toml:19:"),
        ("accelerators = 32", "accelerators = 0", "E0203", "case.toml:19:"),
        ("accelerators = 32, ", "", "E0102", "case.toml:19:"),
        ("sample = \"150 MB\"", "sample = 150", "E0202", "case.toml:19:"),
        ("sample = \"150 MB\"", "sample = \"0 B\"", "E0203", "case.toml:19:"),
        ("compute = \"323 ms\"", "compute = \"0 s\"", "E0203", "case.toml:19:"),
        ("batch = 7", "batch = 1e300", "E0203", "case.toml:19:"),
        ("batch = 7", "batch = 7, prefech = 2", "E0101", "case.toml:19:"),
        ("loader = {", "loader = 3 # {", "E0104", "case.toml:19:"),
        ("clients = 4", "clients = 4\nqueue_depth = 8", "'queue_depth' has no effect", "case.toml:19:"),
    ];
    for (from, to, code, place) in cases {
        let text = errors(from, to);
        assert!(text.contains(code) && text.contains(place), "{to}: {text}");
    }
    let target = "[target.a]\nkpi = \"io.plain.samples_rate\"\nat_least = \"1 /s\"\n[work.plain]\nkind = \"io\"\n\
                  storage = \"hot\"\npattern = \"read\"\nclients = 1\n[work.feed]";
    assert!(errors("[work.feed]", target).contains("E0304"));
}

fn mean(text: &str, name: &str) -> f64 {
    let loaded = load_text("case.toml", text, &[]).unwrap_or_else(|found| panic!("{}", render_text(&found, false)));
    let results = run(&loaded.0, &RunOptions::quiet()).expect("it runs");
    results.kpis.iter().find(|row| row.name == name).and_then(|row| row.mean).unwrap_or_else(|| panic!("{name}"))
}

/// Bytes read are steps times batches; a system with room feeds every accelerator; prefetch hides different sizes.
#[test]
fn a_system_with_room_feeds_every_accelerator() {
    // Eight unet3d accelerators read 26 GB/s, which is more than the usual 200 Gb/s of a client.
    let ample = BASE.replace("nodes = 16", "nodes = 200").replace("batch = 7,", "batch = 7, readers = 16,");
    let narrow = mean(&ample, "io.feed.accelerator_utilisation");
    assert!(narrow < 0.9, "{narrow}");
    let ample = ample.replace("clients = 4", "clients = 4\nclient_nic = \"800 Gbps\"");
    let used = mean(&ample, "io.feed.accelerator_utilisation");
    assert!(used > 0.999, "{used}");
    let none = mean(&ample.replace("batch = 7,", "batch = 7, prefetch = 0,"), "io.feed.accelerator_utilisation");
    assert!(none < 0.9, "{none}: without prefetch reading costs time");
    let (rate, samples) = (mean(&ample, "io.feed.rate"), mean(&ample, "io.feed.samples_rate"));
    assert!((rate / samples / 150e6 - 1.0).abs() < 0.03, "{rate} for {samples} samples/s");
    let storage = mean(&ample, "storage.hot.read_rate");
    assert!((storage / rate - 1.0).abs() < 1e-9, "{storage} is not {rate}: all accelerators count");
}

/// More accelerators than a system feeds read what it gives, whatever their number, and share it with another load.
#[test]
fn a_starved_loader_reads_what_the_system_gives() {
    let short = BASE.replace("nodes = 16", "nodes = 8").replace("sample_sd = \"60 MB\", ", "");
    let alone = short.replace(
        "kind = \"io\"\nstorage = \"hot\"\npattern = \"read\"\nclients = 4\nloader",
        "kind = \"io\"\nstorage = \"hot\"\npattern = \"read\"\nclients = 4\n#loader",
    );
    let given = mean(&alone, "io.feed.rate");
    let many = short.replace("accelerators = 32", "accelerators = 400").replace("clients = 4", "clients = 50");
    let read = mean(&many, "io.feed.rate");
    assert!((read / given - 1.0).abs() < 0.01, "{read} for {given}");
    // A step reads 400 x 7 x 150 MB; computing takes 0.323 s of it.
    let used = mean(&many, "io.feed.accelerator_utilisation");
    assert!((used / (0.323 * given / (400.0 * 7.0 * 150e6)) - 1.0).abs() < 0.01, "{used}");
}

const BURST: &str = r#"format = 1
start = 2026-01-05
horizon = "30 min"
warmup = "0 s"
replications = 1
[site.lab]
[storage.hot]
site = "lab"
system = "azure-managed-lustre-125"
capacity = "800 TiB"
read_share = 1
write_share = 1
[work.save]
kind = "io"
storage = "hot"
pattern = "write"
clients = 64
checkpoint = { parameters = "70B", ranks = 512, every = "5 min" }
[work.steady]
kind = "io"
storage = "hot"
pattern = "write"
clients = 64
rate = "60 GB/s"
"#;

#[test]
fn wrong_bursts_and_phases_are_refused_at_their_place() {
    let cases = [
        ("clients = 64\ncheckpoint", "clients = 1k\ncheckpoint", "E0001", "case.toml:17:"),
        ("clients = 64\ncheckpoint", "clients = 1000\ncheckpoint", "E0203", "case.toml:18:"),
        ("ranks = 512", "ranks = 512, replicas = 600", "E0203", "case.toml:18:"),
        ("ranks = 512", "ranks = 512, replicas = 2", "no effect on a save", "case.toml:18:"),
        ("ranks = 512", "ranks = 0", "E0203", "case.toml:18:"),
        ("parameters = \"70B\"", "parameters = \"70 GB\"", "E0201", "case.toml:18:"),
        ("every = \"5 min\"", "every = \"0 s\"", "E0203", "case.toml:18:"),
        ("clients = 64\ncheckpoint", "clients = 64\nrate = \"1 GB/s\"\ncheckpoint", "E0107", "case.toml:18:"),
        (
            "pattern = \"write\"\nclients = 64\ncheckpoint",
            "pattern = \"mixed\"\nread_share = 0.5\nclients = 64\ncheckpoint",
            "E0107",
            "case.toml:19:",
        ),
        ("rate = \"60 GB/s\"", "phases = [{ at = \"1 min\" }]", "E01", "case.toml:24:"),
        (
            "rate = \"60 GB/s\"",
            "phases = [{ at = \"1 min\", rate = \"1 GB/s\", ramp = \"1 s\" }]",
            "E0107",
            "case.toml:24:",
        ),
        ("rate = \"60 GB/s\"", "phases = [{ at = \"1 min\", read_share = 0.5 }]", "E0107", "case.toml:24:"),
        (
            "rate = \"60 GB/s\"",
            "phases = [{ at = \"2 min\", clients = 3 }, { at = \"1 min\", clients = 3 }]",
            "E0503",
            "case.toml:24:",
        ),
        ("rate = \"60 GB/s\"", "ingest = true\nphases = [{ at = \"2 min\", clients = 3 }]", "E0107", "case.toml:25:"),
    ];
    for (from, to, code, place) in cases {
        assert!(BURST.contains(from), "{from}");
        let text = match load_text("case.toml", &BURST.replace(from, to), &[]) {
            Ok(loaded) => loaded.0.warnings.iter().map(|w| format!("{} {}\n", w.message, w.at)).collect(),
            Err(found) => render_text(&found, false),
        };
        assert!(text.contains(code) && text.contains(place), "{to}: {text}");
    }
}

/// Fair shares by flow: 512 ranks and 64 clients ask for 100 GB/s; a client that is paced to less than its share keeps it.
#[test]
fn a_burst_takes_its_share_from_other_loads_and_gives_it_back() {
    let bytes = 14.0 * 70e9;
    // The share of a flow is 100 GB/s / 576 = 0.174 GB/s, below the pace of a client (0.94): all get the same.
    let expected = bytes / (100e9 * 512.0 / 576.0) + 0.001;
    let time = mean(BURST, "io.save.checkpoint_time");
    assert!((time / expected - 1.0).abs() < 1e-6, "{time} is not {expected}");
    assert!((mean(BURST, "io.save.checkpoints") - 6.0).abs() < 1e-9);
    let alone = mean(&BURST.replace("rate = \"60 GB/s\"", "rate = \"1 B/s\""), "io.save.checkpoint_time");
    assert!((alone / (bytes / 100e9 + 0.001) - 1.0).abs() < 1e-6, "{alone}");
    // While a burst runs, the steady load gets 64 of 576 shares in place of 60 GB/s.
    let steady = mean(BURST, "io.steady.rate");
    let missed = 6.0 * (expected - 0.001) * (60e9 - 100e9 * 64.0 / 576.0);
    assert!((steady / (60e9 - missed / 1800.0) - 1.0).abs() < 1e-6, "{steady}");
    let storm = BURST
        .replace("pattern = \"write\"\nclients = 64\ncheckpoint", "pattern = \"read\"\nclients = 64\ncheckpoint")
        .replace("ranks = 512", "ranks = 512, replicas = 16");
    let load = mean(&storm, "io.save.checkpoint_time");
    assert!((load / (16.0 * bytes / 100e9 + 0.001) - 1.0).abs() < 1e-6, "{load}: every replica reads all of it");
}
