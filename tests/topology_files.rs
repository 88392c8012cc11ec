//! Networks and traces from CSV files: what they become, what is refused, and the finish times of reference traces.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use apollo_sim::experiment::results::RunResults;
use apollo_sim::experiment::{RunOptions, run};
use apollo_sim::scenario::{load, render_text};

const LINKS: &str =
    "link,from,to,gbps,metres\nab,a,b,400,1000000\nab,b,a,200,3000000\nbc,b,c,100,0\nca,c,a,100,500000\n";
const TRACE: &str = "flow,arrival_s,src,dst,bytes\n0,0,a,b,50e9\n1,0.25,x,c,25000000000\n";
const ROUTES: &str = "src,dst,links\nx,c,ab bc\nc,b,ca ab\n";
const PLAN: &str = "format = 1\nhorizon = \"1 min\"\nrecord = [\"flows\"]\n[topology]\nlinks = \"links.csv\"\nroutes = \"routes.csv\"\n\
                    latency = \"0 s\"\nframing = 1.0\nfailures = false\n[work.w]\nkind = \"trace\"\ntrace = \"trace.csv\"\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(links: &str, routes: &str, trace: &str, plan: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in [("links.csv", links), ("routes.csv", routes), ("trace.csv", trace), ("plan.toml", plan)] {
            std::fs::write(dir.path().join(name), text).expect("a file");
        }
        Folder(dir)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("plan.toml")
    }

    fn run(&self, set: &[&str]) -> RunResults {
        let set: Vec<String> = set.iter().map(|s| (*s).to_owned()).collect();
        let (plan, _) = load(&self.path(), &set).unwrap_or_else(|e| panic!("{}", render_text(&e, false)));
        run(&plan, &RunOptions { threads: Some(1), replications: Some(1), ..RunOptions::quiet() }).expect("a run")
    }

    /// All errors in words, with codes and places.
    fn errors(&self) -> String {
        let folder = format!("{}/", self.0.path().display());
        render_text(&load(&self.path(), &[]).expect_err("it is broken"), false).replace(&folder, "")
    }
}

fn finishes(run: &RunResults) -> Vec<(u64, f64)> {
    let flows = run.flows.as_ref().expect("flows are recorded");
    flows.iter().map(|f| (f.flow, f.finish_s.unwrap_or(f64::NAN))).collect()
}

fn kpi(run: &RunResults, name: &str) -> Option<f64> {
    run.kpis.iter().find(|k| k.name == name).and_then(|k| k.mean)
}

/// 50 GB at 50 GB/s from 0 to 0.25 s, then shared with 12.5 GB/s over `bc`: 37.5 GB at 37.5 GB/s end at 1.25 s. The other, 25 GB at
/// 12.5 GB/s, ends 2 s after it began.
#[test]
fn transfers_take_their_routes_and_share_links() {
    let run = Folder::new(LINKS, ROUTES, TRACE, PLAN).run(&[]);
    assert_eq!(finishes(&run), [(0, 1.25), (1, 2.25)]);
    let flows = run.flows.as_ref().expect("flows");
    assert_eq!((flows[0].bottleneck.as_str(), flows[1].bottleneck.as_str()), ("link.ab.a-to-b", "link.bc.b-to-c"));
    assert_eq!(kpi(&run, "transfer.w.transfers"), Some(2.0));
    assert_eq!(kpi(&run, "transfer.w.time"), Some(1.625));
    assert!((kpi(&run, "transfer.w.slowdown.max").expect("a slowdown") - 1.25).abs() < 1e-12);
    assert!(kpi(&run, "link.ca.c-to-a.utilisation").is_some(), "it goes this way");
    assert_eq!(kpi(&run, "link.ca.a-to-c.utilisation"), None, "and not that way");
}

/// 400 Gb/s one way, 200 the other; the round trip of `ab` is the sum of its two lengths, that of a one-way link twice its own.
#[test]
fn directions_of_a_link_differ_and_one_may_be_missing() {
    let plan = PLAN.replace("latency = \"0 s\"\n", "");
    let folder = Folder::new(LINKS, ROUTES, TRACE, &plan);
    let (plan, sources) = load(&folder.path(), &[]).unwrap_or_else(|e| panic!("{}", render_text(&e, false)));
    let links: Vec<(&str, f64, f64, i64)> =
        plan.links.iter().map(|l| (l.name.as_str(), l.capacity.get(), l.back.get(), l.rtt.as_nanos())).collect();
    assert_eq!(links, [("ab", 50e9, 25e9, 19_600_000), ("bc", 12.5e9, 0.0, 0), ("ca", 12.5e9, 0.0, 4_900_000)]);
    assert_eq!(plan.stations.iter().map(|s| (s.name.as_str(), s.site)).collect::<Vec<_>>(), [("x", 0)]);
    let other = Folder::new(LINKS, ROUTES, &TRACE.replace("50e9", "51e9"), PLAN);
    let changed = load(&other.path(), &[]).expect("a sound plan").1.digest;
    assert_ne!(sources.digest, changed, "the digest covers the trace");
}

#[test]
fn byte_order_marks_carriage_returns_quotes_and_comments_do_no_harm() {
    let odd = |text: &str| format!("\u{feff}{}\r\n# remark\r\n", text.replace('\n', "\r\n").replace("a,b", "\"a\", b"));
    let run = Folder::new(&odd(LINKS), &odd(ROUTES), &odd(TRACE), PLAN).run(&[]);
    assert_eq!(finishes(&run), [(0, 1.25), (1, 2.25)]);
}

/// A fixed route is left when a link of it dies, and nothing is lost: there is no other way here, so the transfer waits.
#[test]
fn a_route_of_a_file_holds_while_its_links_are_up() {
    let links =
        "link,from,to,gbps,metres\nab,a,b,80,0\nab,b,a,80,0\nac,a,c,80,0\nac,c,a,80,0\ncb,c,b,80,0\ncb,b,c,80,0\n";
    let trace = "flow,arrival_s,src,dst,bytes\n5,1,a,b,100e9\n";
    let plan = PLAN.replace("failures = false", "cuts = \"900 /1000km-year\"\ncut_repair = \"1 h\"");
    let run = Folder::new(links, "src,dst,links\na,b,ac cb\n", trace, &plan).run(&[]);
    assert!(kpi(&run, "link.ac.a-to-c.utilisation").expect("a share") > 0.1, "the long way, because the file says so");
    assert_eq!(finishes(&run), [(5, 11.0)]);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let links = |from: &str, to: &str| Folder::new(&LINKS.replacen(from, to, 1), ROUTES, TRACE, PLAN).errors();
    let routes = |text: &str| Folder::new(LINKS, &format!("src,dst,links\n{text}\n"), TRACE, PLAN).errors();
    let trace =
        |text: &str| Folder::new(LINKS, ROUTES, &format!("flow,arrival_s,src,dst,bytes\n{text}\n"), PLAN).errors();
    let cases = [
        (links("gbps", "gigabits"), "links.csv:1:1", "has no column gbps"),
        (links("gbps", "gpbs"), "links.csv:1:", "did you mean 'gbps'?"),
        (links("400", "0"), "links.csv:2:8", "'gbps' is zero"),
        (links("400", "-4"), "links.csv:2:8", "'gbps' is negative"),
        (links("400", "fast"), "links.csv:2:8", "takes a bare number of Gb/s, not 'fast'"),
        (links("400", "400 Gbps"), "links.csv:2:8", "takes a bare number of Gb/s"),
        (links("400", "1e300"), "links.csv:2:8", "'gbps' is too large"),
        (links("400", "nan"), "links.csv:2:8", "takes a bare number of Gb/s, not 'nan'"),
        (links("400", "inf"), "links.csv:2:8", "'gbps' is too large"),
        (links("1000000", "-1"), "links.csv:2:12", "'metres' is negative"),
        (links(",1000000", ""), "links.csv:2:11", "'metres' is empty"),
        (links("bc,b,c", "ab,a,b"), "links.csv:4:1", "stated twice in the direction from 'a' to 'b'"),
        (links("bc,b,c", "ab,b,c"), "links.csv:4:1", "link 'ab' joins 'a' and 'b' already"),
        (links("ca,c,a", "ca,a,a"), "links.csv:5:6", "leads from 'a' to itself"),
        (links("ca,c,a", "c a,c,a"), "links.csv:5:1", "'c a' cannot be a name"),
        (links(&LINKS[25..], ""), "links.csv:1:1", "has no links"),
        (routes("a,c,ab zz"), "routes.csv:2:8", "link 'zz' is not defined"),
        (routes("a,c,"), "routes.csv:2:5", "a route without links"),
        (routes("a,c,ab ca"), "routes.csv:2:5", "breaks at 'b': link 'ca' does not leave it"),
        (routes("b,c,ca"), "routes.csv:2:5", "begins with link 'ca', which does not leave it"),
        (routes("a,b,ab bc"), "routes.csv:2:5", "the route to 'b' ends at 'c'"),
        (routes("a,b,ab ab"), "routes.csv:2:8", "uses link 'ab' twice"),
        (routes("a,b,ab\na,b,ab"), "routes.csv:3:1", "a second route from 'a' to 'b'"),
        (routes("x,b,ab\nx,c,bc"), "routes.csv:3:1", "'x' is at site 'a' in one route and at 'b' in another"),
        (trace("0,1,a,b,1\n1,0.5,a,b,1"), "trace.csv:3:3", "time runs backwards: 0.5 s after 1 s"),
        (trace("0,1,a,d,1"), "trace.csv:2:7", "'d' is no site of the plan and no key"),
        (trace("0,1,a,a,1"), "trace.csv:2:7", "a transfer from 'a' to itself"),
        (trace("0,1,a,b,-1"), "trace.csv:2:9", "'bytes' is negative"),
        (trace("0,1,a,b,1 GB"), "trace.csv:2:9", "'bytes' takes a bare number of bytes"),
        (trace("0,-1,a,b,1"), "trace.csv:2:3", "'arrival_s' is negative"),
        (trace("zero,1,a,b,1"), "trace.csv:2:1", "'flow' takes a whole number"),
        (trace("0,1,a"), "trace.csv:2:6", "'dst' is empty"),
        (trace("3,1,a,b,1\n3,1,a,b,1"), "trace.csv:1:1", "more than one transfer of the number 3: rows 1 and 2"),
        (trace(""), "trace.csv:1:1", "has no transfers"),
        (trace("0,1,c,a,1\n1,1,b,a,1\n2,2,\"a,b\",a,1"), "trace.csv:4:6", "'a,b' cannot be a name"),
    ];
    let mut problems = String::new();
    for (text, place, words) in &cases {
        let hint = text.contains("= help") || text.contains("help:");
        if !text.contains(place) || !text.contains(words) || !hint {
            let _ = writeln!(problems, "wanted {place} and \"{words}\", got\n{text}");
        }
    }
    assert!(problems.is_empty(), "{problems}");
}

/// Errors of plans, with where they are and what would be right; each is said once.
#[test]
fn what_is_right_is_said() {
    let plain = "flow,arrival_s,src,dst,bytes\n0,0,a,b,5\n";
    let plan =
        |more: &str| Folder::new(LINKS, "src,dst,links\nc,b,ca ab\n", plain, &format!("{PLAN}{more}\n")).errors();
    let matrix = |rows: &str| {
        let plan =
            format!("{PLAN}[demand.d]\nmatrix = \"m.csv\"\n").replace("trace = \"trace.csv\"", "trace = \"m2.csv\"");
        let folder = Folder::new(LINKS, "src,dst,links\nc,b,ca ab\n", plain, &plan);
        std::fs::write(folder.0.path().join("m.csv"), rows).expect("a file");
        std::fs::write(folder.0.path().join("m2.csv"), plain).expect("a file");
        folder.errors()
    };
    let demand = "[demand.d]\nfrom = \"a\"\nto = \"b\"\nrate = \"1 Gbps\"\n";
    let cases = [
        (
            plan("[link.ab]\nbetween = [\"a\", \"b\"]\ncapacity = \"1 Gbps\"\nrtt = \"1 ms\""),
            "plan.toml:13:1",
            "a link is stated once",
        ),
        (plan(&demand.replace("\"b\"", "\"a\"")), "plan.toml:15:6", "a demand joins two different sites"),
        (
            plan(&format!("{demand}day = [{{ at = \"8 h\", share = 1 }}, {{ at = \"6 h\", share = 1 }}]")),
            "plan.toml:17:",
            "write steps in order of time",
        ),
        (
            plan("[maintenance.m]\nstarts = \"1 min\"\nduration = \"1 h\"\nlinks = []"),
            "plan.toml:16:",
            "name links in 'links'",
        ),
        (matrix("a,b,1\na,b,2\n"), "m.csv:2:1", "add the rates of a pair up in one row"),
        (matrix("a,zz,1\n"), "m.csv:1:3", "define 'zz'"),
        (matrix("a,b,-1\n"), "m.csv:1:5", "a line is 'src,dst,gbps'"),
        (plan("[site.a]\n[site.a]\npower = \"1 MW\"\n"), "plan.toml:14:", "a table or key is written once"),
    ];
    for (errors, place, right) in cases {
        assert!(errors.contains(place) && errors.contains(right), "{place} {right} in\n{errors}");
        assert_eq!(errors.matches("error[").count(), 1, "{errors}");
    }
}

/// Two round trips of set-up and half a one for the last byte, of which there is none.
#[test]
fn an_empty_transfer_takes_its_set_up_and_half_a_round_trip() {
    let links = "link,from,to,gbps,metres\nab,a,b,80,1000000\nab,b,a,80,1000000\n";
    let trace = "flow,arrival_s,src,dst,bytes\n7,1,a,b,0\n";
    let run = Folder::new(
        links,
        "src,dst,links\n",
        trace,
        &PLAN.replace("latency = \"0 s\"", "").replace("kind = \"trace\"", "kind = \"trace\"\nsetup_rtts = 2"),
    )
    .run(&[]);
    let flow = &run.flows.as_ref().expect("flows are recorded")[0];
    // 1,000 km at 4.9 us/km each way.
    let round = 2.0 * 4.9e-3;
    assert!((flow.finish_s.expect("it ends") - 1.0 - 2.5 * round).abs() < 1e-9, "{flow:?}");
}

/// A transfer of a trace that starts slowly is compared with itself alone, which starts slowly, too. 10 packets of 8,948 bytes and 256 streams are
/// 22.9 MB in the first round trip of 100 ms and 45.8 in the second; 50 MB take 1.59 of them.
#[test]
fn slow_start_is_no_slowdown_of_a_trace() {
    let links = "link,from,to,gbps,metres\nab,a,b,400,0\nba,b,a,400,0\n";
    let trace = "flow,arrival_s,src,dst,bytes\n0,0,a,b,50e6\n";
    let plan = PLAN.replace("routes = \"routes.csv\"\n", "").replace("latency = \"0 s\"", "latency = \"50 ms\"");
    let run = |more: &str| {
        let plan = plan.replace("[work.w]", &format!("[work.w]\nsetup_rtts = 0\n{more}"));
        Folder::new(links, "", trace, &plan).run(&[])
    };
    let slow = run("initial_window = 10\n");
    let first = 256.0 * 10.0 * 8948.0;
    let time = 0.1 * (1.0 + (50e6 - first) / (2.0 * first)) + 0.05;
    assert!(
        (kpi(&slow, "transfer.w.time").unwrap() - time).abs() < 1e-6,
        "{:?}, by hand {time}",
        kpi(&slow, "transfer.w.time")
    );
    assert!((kpi(&slow, "transfer.w.slowdown").unwrap() - 1.0).abs() < 1e-6);
    assert!(kpi(&run(""), "transfer.w.time").unwrap() < 0.06);
}

/// A link that goes one way only carries no answer: a transfer against it has no path.
#[test]
fn a_transfer_without_a_path_and_a_target_without_a_source_are_errors() {
    let links = "link,from,to,gbps,metres\nab,a,b,400,0\ncb,c,b,400,0\n";
    let trace = "flow,arrival_s,src,dst,bytes\n0,0,b,a,1\n";
    let plan = PLAN.replace("routes = \"routes.csv\"\n", "");
    let text = Folder::new(links, "", trace, &plan).errors();
    assert!(text.contains("E0502") && text.contains("from 'b' to 'a', but no path leads there"), "{text}");
    for (kpi, words) in [
        ("link.bc.c-to-b.utilisation", "'bc' goes b-to-c"),
        ("transfer.w.projected_finish", "whose transfers finish one by one"),
        ("link.zz.a-to-b.utilisation", "link 'zz' is not defined"),
    ] {
        let target = format!("{PLAN}[target.t]\nkpi = \"{kpi}\"\nat_most = 1\n");
        let text = Folder::new(LINKS, ROUTES, TRACE, &target).errors();
        assert!(text.contains(words), "{text}");
    }
}

/// Whatever bytes a file holds, reading it ends with a plan or with errors.
#[test]
fn cut_and_mangled_files_never_panic() {
    let shards = ["", ",", "\n", "\"", "\u{feff}", "9e999", "-0", "é", "a,b", "link", " ", "\r"];
    for (file, text) in [LINKS, ROUTES, TRACE].into_iter().enumerate() {
        for at in 0..text.len() {
            let shard = shards[at % shards.len()];
            let mangled = format!("{}{shard}{}", &text[..at], &text[at + at % 3 * usize::from(at + 2 < text.len())..]);
            let mut files = [LINKS, ROUTES, TRACE].map(str::to_owned);
            files[file] = mangled;
            let folder = Folder::new(&files[0], &files[1], &files[2], PLAN);
            if let Err(errors) = load(&folder.path(), &[]) {
                assert!(!render_text(&errors, false).is_empty());
            }
        }
    }
}

fn reference() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference");
    folder.is_dir().then_some(folder)
}

/// Network, trace, file of reference finish times; the larger ones run in `.ci/run` and `.ci/full`.
const CASES: [(&str, &str, &str); 4] = [
    ("w3", "w3_200", "w3_200.exact"),
    ("w3", "w3b_200", "w3b_200.exact"),
    ("w4", "w4_200", "w4_200.exact"),
    ("w4b_200", "w4b_200", "w4b_200.exact"),
];

#[test]
fn every_transfer_of_a_reference_trace_finishes_when_the_reference_says() {
    let Some(folder) = reference() else {
        println!("skipped: the reference traces are not here");
        return;
    };
    let read = |name: String| std::fs::read_to_string(folder.join(name)).expect("a reference file");
    for (network, trace, answer) in CASES {
        let links = read(format!("net/{network}_links.csv"));
        let routes = read(format!("net/{network}_routes.csv"));
        let text = read(format!("traces/{trace}.csv"));
        let plan = PLAN.replace("1 min", "1e5 s");
        let found = finishes(&Folder::new(&links, &routes, &text, &plan).run(&[]));
        let starts = text.lines().skip(1).map(|row| row.split(',').nth(1).expect("a start").parse::<f64>().expect("s"));
        let answers = read(format!("finish/{answer}.csv"));
        let wanted =
            answers.lines().skip(1).map(|row| row.split(',').nth(1).expect("a finish").parse::<f64>().expect("s"));
        let mut count = 0;
        for ((start, wanted), (flow, found)) in starts.zip(wanted).zip(&found) {
            let error = ((found - wanted).abs() - 1e-8).max(0.0) / (wanted - start);
            assert!(error <= 1e-9, "{trace}, flow {flow}: {found} s, not {wanted} s");
            count += 1;
        }
        assert_eq!(count, found.len(), "{trace}");
    }
}

/// A transfer that arrives while no way leads there waits for one: 50 GB at 50 GB/s from the tenth second on, when the link comes, in place of the third.
#[test]
fn a_transfer_that_finds_no_way_waits_for_one() {
    let plan = "format = 1\nhorizon = \"1 min\"\nrecord = [\"flows\"]\n[wan]\nfailures = false\n[site.a]\n[site.b]\n[link.ab]\n\
                between = [\"a\", \"b\"]\ncapacity = \"400 Gbps\"\nframing = 1.0\nrtt = \"1 ns\"\nstarts = \"10 s\"\n\
                [work.w]\nkind = \"trace\"\ntrace = \"trace.csv\"\nsetup_rtts = 0\n";
    let run = Folder::new("", "", "flow,arrival_s,src,dst,bytes\n0,3,a,b,50e9\n1,20,b,a,50e9\n", plan).run(&[]);
    let seen = finishes(&run);
    assert!((seen[0].1 - 11.0).abs() < 1e-6 && (seen[1].1 - 21.0).abs() < 1e-6, "{seen:?}");
    let without = Folder::new("", "", "flow,arrival_s,src,dst,bytes\n0,3,a,b,50e9\n", &plan.replace("10 s", "29.5 s"))
        .run(&["horizon=30 s"]);
    assert_eq!(kpi(&without, "transfer.w.unfinished"), Some(1.0));
}
