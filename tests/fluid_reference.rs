//! Fair sharing against published finish times of every flow of seven traces (exact rational arithmetic where the
//! trace is small, an established simulator where it is larger). The files live beside the repository in `shared`;
//! without them the test says so and passes.

use apollo_sim::fluid::{FlowSpec, ResourceId, Sharing};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Network, trace, file of reference finish times.
const CASES: [(&str, &str, &str); 7] = [
    ("w3", "w3_200", "w3_200.exact"),
    ("w3", "w3_2k", "w3_2k.simgrid"),
    ("w3", "w3b_200", "w3b_200.exact"),
    ("w3", "w3b_2k", "w3b_2k.simgrid"),
    ("w4", "w4_200", "w4_200.exact"),
    ("w4", "w4_1k", "w4_1k.simgrid"),
    ("w4b_200", "w4b_200", "w4b_200.exact"),
];

fn reference() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference");
    folder.is_dir().then_some(folder)
}

fn rows(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().skip(1).map(|line| line.split(',').map(String::from).collect()).collect()
}

fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is not a number"))
}

fn nanoseconds(seconds: &str) -> i64 {
    let (whole, fraction) = seconds.split_once('.').expect("a decimal point");
    number::<i64>(whole) * 1_000_000_000 + number::<i64>(fraction)
}

/// The finish time of every flow in seconds, and the start of every flow.
fn simulate(folder: &Path, network: &str, trace: &str) -> Vec<(f64, f64)> {
    let mut sharing = Sharing::new();
    let owner = sharing.add_owner();
    let links = rows(&folder.join(format!("net/{network}_links.csv")));
    let links: Vec<ResourceId> =
        links.iter().map(|row| sharing.add_resource(number::<f64>(&row[3]) * 1e9 / 8.0)).collect();
    let mut routes = BTreeMap::new();
    for row in rows(&folder.join(format!("net/{network}_routes.csv"))) {
        let uses = row[2].split(' ').map(|link| (links[number::<usize>(link)], 1.0));
        routes.insert((row[0].clone(), row[1].clone()), uses.collect::<Vec<_>>());
    }
    let mut times = Vec::new();
    for (index, row) in rows(&folder.join(format!("traces/{trace}.csv"))).into_iter().enumerate() {
        let start = nanoseconds(&row[1]);
        times.push((f64::NAN, start as f64 * 1e-9));
        let bytes = number(&row[4]);
        let spec =
            FlowSpec { tag: index as u64, ..FlowSpec::new(owner, &routes[&(row[2].clone(), row[3].clone())], bytes) };
        sharing.start(start, &spec);
    }
    sharing.advance(i64::MAX / 2);
    let mut finished = Vec::new();
    sharing.take_finished(&mut finished);
    for end in finished {
        times[end.tag as usize].0 = end.exact.0 as f64 * 1e-9 + end.exact.1 * 1e-9;
    }
    times
}

#[test]
fn every_flow_finishes_when_the_reference_says() {
    let Some(folder) = reference() else {
        eprintln!("SKIPPED: no reference data at ../shared/reference");
        return;
    };
    for (network, trace, finish) in CASES {
        let mine = simulate(&folder, network, trace);
        let expected = rows(&folder.join(format!("finish/{finish}.csv")));
        assert_eq!(mine.len(), expected.len(), "{trace}");
        for ((at, start), row) in mine.iter().zip(&expected) {
            let reference: f64 = number(&row[1]);
            let allowed = 1e-9 * (reference - start) + 1e-8;
            assert!((at - reference).abs() <= allowed, "{trace}, flow {}: {at}, reference {reference}", row[0]);
        }
    }
}
