//! Every case in `scenarios/validation`: loaded and run through the library, every target must pass.
//!
//! Three of them are computed here once more, in a few lines that share no code with the simulator.

use std::path::{Path, PathBuf};

use apollo_sim::experiment::results::{RunResults, Verdict};
use apollo_sim::experiment::{RunOptions, run};
use apollo_sim::scenario::{load, render_text};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/validation")
}

fn results(path: &Path) -> RunResults {
    let loaded = load(path, &[]).unwrap_or_else(|found| panic!("{}", render_text(&found, false)));
    run(&loaded.0, &RunOptions::quiet()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn value(results: &RunResults, kpi: &str) -> f64 {
    let row = results.kpis.iter().find(|row| row.name == kpi);
    row.and_then(|row| row.mean).unwrap_or_else(|| panic!("{kpi} has a value"))
}

fn close(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-6, "{found} is not {expected}");
}

#[test]
fn every_case_passes() {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder())
        .expect("the folder of cases")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 26, "{} cases", paths.len());
    let mut misses = Vec::new();
    for path in &paths {
        let results = results(path);
        assert!(!results.targets.is_empty(), "{} judges something", path.display());
        for target in &results.targets {
            assert!(target.source.is_some(), "{}: {} has no source", path.display(), target.name);
            println!("{:24} {:18} {:?} {:?}", results.name, target.name, target.value, target.verdict);
            if target.verdict != Verdict::Pass {
                misses.push(format!("{} {}: {:?} {:?}", results.name, target.name, target.value, target.verdict));
            }
        }
    }
    assert!(misses.is_empty(), "{misses:#?}");
}

/// The header of every case says what was fitted and that its tolerance was decided before the run.
#[test]
fn every_case_says_what_was_fitted() {
    for entry in std::fs::read_dir(folder()).expect("the folder of cases") {
        let path = entry.expect("a readable folder").path();
        let text = std::fs::read_to_string(&path).expect("a readable case");
        let header: String = text.lines().take_while(|line| line.starts_with('#')).collect::<Vec<_>>().join(" ");
        assert!(header.contains("Fitted") && header.contains("olerance"), "{}", path.display());
    }
}

#[test]
fn a_transfer_takes_set_up_bytes_and_propagation() {
    let results = results(&folder().join("transfer-link.toml"));
    let (rtt, bytes, line) = (0.040, 1e12, 100e9 / 8.0);
    close(value(&results, "transfer.stated.time"), 2.0 * rtt + bytes / (line * 0.99) + rtt / 2.0);
    let rtt = 2.0 * 1e6 * 4.9e-9;
    close(value(&results, "transfer.derived.time"), 2.5 * rtt + 1e11 / (25e9 / 8.0));
}

#[test]
fn rates_of_shared_nodes_follow_from_the_crossings_of_their_nic() {
    let results = results(&folder().join("storage-crossings.toml"));
    let (nic, peers, client, inner) = (10.0 * 12.5e9, 0.9, 1.05, 1.1);
    let (copies, reduction, stripe) = (2.0, 2.0, 1.0 + 2.0 / 8.0);
    let burst = nic / (client + copies * peers * inner);
    let steady = nic / (client + (copies + 1.0 / reduction + stripe / reduction) * peers * inner);
    close(value(&results, "io.read.rate"), nic / (client + peers * inner));
    close(value(&results, "storage.writer.write_efficiency"), steady / (nic / 1.9));
    close(value(&results, "storage.writer.write_efficiency_burst"), burst / (nic / 1.9));
    let room = 10.0 * 1e12 / copies;
    let full_at = room / burst;
    close(value(&results, "io.write.rate"), (room + (300.0 - full_at) * steady) / 300.0);
    close(value(&results, "storage.writer.write_amplification"), copies + stripe / reduction);
}

#[test]
fn strict_priority_gives_the_link_to_the_higher_copy() {
    let results = results(&folder().join("share-priority.toml"));
    let (line, last_byte) = (10e9, 0.010);
    let high = 200e9 / line;
    close(value(&results, "transfer.high.time"), high + last_byte);
    close(value(&results, "transfer.low.time"), 400e9 / line + high + last_byte);
}

#[test]
fn a_step_and_a_publish_follow_their_formulas() {
    let results = results(&folder().join("rl-step-publish.toml"));
    let (gpus, tokens, parameters) = (64.0_f64, 1024.0 * 2000.0, 8e9);
    let utilisation = 0.4 * (gpus / 8.0).powf(0.9 - 1.0);
    close(value(&results, "rl.tree.step_time"), 2.0 + tokens * 8.0 * parameters / (gpus * 1e15 * utilisation));
    let (full, line, flight, swap) = (16e9, 10e9, 0.020, 3.0);
    close(value(&results, "rl.tree.publish_time"), full / line + flight + 4.0 / 64.0 + swap);
    close(value(&results, "rl.direct.publish_time"), 16.0 * full / line + flight + swap);
    close(value(&results, "rl.window.publish_time"), full / (2.0 * 10e6 / 0.040) + flight + swap);
}

/// NeMo-DCR at 5 % changed: the tree beats the store at every size, and by more the larger the model is.
#[test]
fn the_tree_gains_on_the_store_with_the_size_of_the_model() {
    let results = results(&folder().join("nemo-dcr-store.toml"));
    let gain = |size: &str| {
        let [store, tree] = ["store", "tree"].map(|way| value(&results, &format!("rl.{size}-5-{way}.publish_time")));
        store / tree
    };
    let gains = ["b30", "b120", "t1"].map(gain);
    println!("{gains:?}");
    assert!(gains[0] > 1.03 && gains.windows(2).all(|pair| pair[1] > pair[0] + 0.005), "{gains:?}");
}
