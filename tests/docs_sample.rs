//! The committed sample result is whole, and of the scenario and the KPIs that the project has now.

use apollo_sim::kpi;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/sample")
}

fn json(name: &str) -> Value {
    let text = fs::read_to_string(sample().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn the_sample_is_whole() {
    let manifest = json("manifest.json");
    assert_eq!(manifest["state"], "complete");
    let files = manifest["files"].as_array().expect("the manifest lists files");
    assert!(files.iter().any(|file| file["name"] == "charts/rl-feedback-time.png"), "the README's picture is listed");
    for file in files {
        let name = file["name"].as_str().expect("a file has a name");
        let bytes = fs::read(sample().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let digest: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(file["sha256"], digest.as_str(), "{name} is not what the manifest says");
    }
}

#[test]
fn the_sample_speaks_of_the_present_kpis() {
    let summary = json("summary.json");
    for row in summary["kpis"].as_array().expect("there are KPIs") {
        let name = row["name"].as_str().expect("a KPI has a name");
        let known = kpi::lookup(name).unwrap_or_else(|e| panic!("{e}; make the sample anew (reports/README.md)"));
        assert_eq!(row["unit"], known.kpi.unit, "{name}");
    }
}
