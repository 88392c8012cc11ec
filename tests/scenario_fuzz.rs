//! Mutated scenarios: no text makes the reader, the renderer of diagnostics, the assembly or the first seconds of a run
//! panic, every error has a place, and a plan that is still legal keeps the laws of conservation.
//!
//! The mutations are drawn from a fixed seed. `APOLLO_FUZZ_CASES` sets how many are tried; `.ci/full` tries many more.

use apollo_sim::assembly;
use apollo_sim::engine::rng::{Stream, Streams};
use apollo_sim::scenario::plan::{Plan, WorkKind};
use apollo_sim::scenario::{load_text, render_json, render_text, templates};
use apollo_sim::units::{SimDuration, SimTime};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Cases in an ordinary test run: a few seconds.
const CASES: u64 = 1500;
/// Simulated time of a mutated plan that is still legal, and the most events spent on it.
const SIMULATED_S: i64 = 40;
const EVENTS: u64 = 20_000;

/// Words that stand in for another word, and text that goes in between.
const WORDS: &[&str] = &[
    "0",
    "-1",
    "1e308",
    "nan",
    "inf",
    "9223372036854775807",
    "1e-300",
    "\"\"",
    "\"0 s\"",
    "\"-3 %\"",
    "\"1e30 Tbps\"",
    "\"400 Gpbs\"",
    "\"0 Gbps\"",
    "\"10000 years\"",
    "\"NaN s\"",
    "true",
    "[]",
    "{}",
    "[[[[[[[[",
    "{ a = { b = 1 } }",
    "\"west\"",
    "\"../../x\"",
    "\"\\u0000\"",
    "\"ü😀\"",
    "1979-05-27",
    "'''",
    "\"\"\"",
    "#",
    "=",
    "[",
    "]",
    "\n[site.x]\n",
    "\nkind = \"rl\"\n",
    "\nkind = \"copy\"\n",
    "{ lognormal = { median = \"1 s\", p99 = \"0.5 s\" } }",
    "{ exponential = { mean = \"0 s\" } }",
    "{ weibull = { scale = \"1 s\", shape = 0 } }",
    "\u{feff}",
    "\r\n",
    "\0",
    "{ uniform = { from = \"2 s\", to = \"1 s\" } }",
    "{ triangular = { low = \"3 s\", mode = \"1 s\", high = \"2 s\" } }",
];

#[test]
fn mutated_scenarios_give_diagnostics_and_never_a_panic() {
    let cases = std::env::var("APOLLO_FUZZ_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(CASES);
    let seeds = seeds();
    let mut stream = Streams::root(20_261_122).stream("mutations");
    let (mut refused, mut legal) = (0_u64, 0_u64);
    for case in 0..cases {
        let text = mutated(&seeds, &mut stream);
        match catch_unwind(AssertUnwindSafe(|| tried(&text))) {
            Ok(true) => legal += 1,
            Ok(false) => refused += 1,
            Err(_) => panic!("case {case} panicked; the text was:\n{text}"),
        }
    }
    println!("{cases} mutated scenarios: {refused} refused, {legal} legal");
    assert!(refused > cases / 4, "only {refused} of {cases} were refused: the mutations are too tame");
    assert!(legal > cases / 50, "only {legal} of {cases} were legal: the mutations are too wild");
}

/// Reads one text; true when it is a legal scenario.
fn tried(text: &str) -> bool {
    match load_text("fuzz.toml", text, &[]) {
        Ok((plan, sources)) => {
            let _ = render_text(&sources.warnings, false);
            let _ = apollo_sim::scenario::describe(&plan);
            begin(&plan);
            true
        }
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without an error");
            let (shown, _) = (render_text(&errors, false), render_json(&errors));
            for error in &errors {
                assert!(shown.contains(error.code), "{} is not shown", error.code);
                assert!(!error.at_text().is_empty(), "{} has no place", error.code);
            }
            false
        }
    }
}

/// The first seconds of a plan of moderate size.
fn begin(plan: &Plan) {
    let size = |kind: &WorkKind| match kind {
        WorkKind::Io(io) => io.clients,
        WorkKind::Copy(_) => 1,
        WorkKind::Trace(trace) => trace.rows.len() as u64,
        WorkKind::Rl(rl) => 32 * u64::from(rl.engine.slots) * rl.generators.len() as u64 + (rl.engine.cohort << 32),
    };
    if plan.works.iter().map(|w| size(&w.kind)).fold(0, u64::saturating_add) > 20_000 {
        return;
    }
    let mut engine = assembly::engine(plan, 1, 0, true, false);
    for second in 1..=SIMULATED_S {
        let end = (SimTime::ZERO + SimDuration::from_secs(second)).min(SimTime::ZERO + plan.horizon);
        if engine.run_until(end).is_err() || engine.events() > EVENTS {
            break;
        }
    }
    let now = engine.now();
    let mut world = engine.into_model();
    let broken = world.audit(now);
    assert!(broken.is_empty(), "laws of conservation are broken: {broken:?}");
    let _ = world.measure(now);
}

/// The texts that are mutated: the committed scenarios and the templates.
fn seeds() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<_> = fs::read_dir(folder).expect("listed").map(|e| e.expect("read").path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    files.sort();
    let mut texts: Vec<String> = files.iter().map(|file| fs::read_to_string(file).expect("read")).collect();
    texts.extend(templates().iter().map(|t| t.text.to_owned()));
    assert!(texts.len() > 3);
    texts
}

/// One of the texts with one to four changes.
fn mutated(seeds: &[String], stream: &mut Stream) -> String {
    let mut text = pick(seeds, stream).clone();
    for _ in 0..=stream.below(4) {
        text = match stream.below(8) {
            0 => without_a_line(&text, stream),
            1 => with_a_line_twice(&text, stream),
            2 => with_lines_swapped(&text, stream),
            3 => with_a_number_changed(&text, stream),
            4 => with_a_value_replaced(&text, stream),
            5 => with_a_word_inserted(&text, stream),
            6 => with_a_character_changed(&text, stream),
            _ => without_a_piece(&text, stream),
        };
    }
    text
}

fn pick<'a, T>(all: &'a [T], stream: &mut Stream) -> &'a T {
    &all[stream.below(all.len() as u64) as usize]
}

/// A position between two characters.
fn position(text: &str, stream: &mut Stream) -> usize {
    let mut at = stream.below(text.len() as u64 + 1) as usize;
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn edited(text: &str, stream: &mut Stream, edit: impl FnOnce(&mut Vec<&str>, usize, usize)) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return text.to_owned();
    }
    let (a, b) = (stream.below(lines.len() as u64) as usize, stream.below(lines.len() as u64) as usize);
    edit(&mut lines, a, b);
    lines.join("\n") + "\n"
}

fn without_a_line(text: &str, stream: &mut Stream) -> String {
    edited(text, stream, |lines, a, _| {
        lines.remove(a);
    })
}

fn with_a_line_twice(text: &str, stream: &mut Stream) -> String {
    edited(text, stream, |lines, a, b| lines.insert(b, lines[a]))
}

fn with_lines_swapped(text: &str, stream: &mut Stream) -> String {
    edited(text, stream, |lines, a, b| lines.swap(a, b))
}

/// Multiplies one number by a power of ten or of minus one.
fn with_a_number_changed(text: &str, stream: &mut Stream) -> String {
    let starts: Vec<usize> = text.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at).collect();
    if starts.is_empty() {
        return text.to_owned();
    }
    let at = *pick(&starts, stream);
    let insert = *pick(&["0", "00", "000000", "-", ".", "e9", "e-9", "_", "9"], stream);
    format!("{}{insert}{}", &text[..at], &text[at..])
}

/// Replaces what stands behind one `=`.
fn with_a_value_replaced(text: &str, stream: &mut Stream) -> String {
    let word = *pick(WORDS, stream);
    let replaced = |line: &str| line.split_once('=').map(|(key, _)| format!("{key}= {word}"));
    let lines: Vec<&str> = text.lines().collect();
    let with: Vec<usize> = (0..lines.len()).filter(|&i| lines[i].contains('=')).collect();
    if with.is_empty() {
        return text.to_owned();
    }
    let chosen = *pick(&with, stream);
    let line = |(i, line): (usize, &&str)| match i == chosen {
        true => replaced(line).unwrap_or_default(),
        false => (*line).to_owned(),
    };
    lines.iter().enumerate().map(line).collect::<Vec<_>>().join("\n") + "\n"
}

fn with_a_word_inserted(text: &str, stream: &mut Stream) -> String {
    let at = position(text, stream);
    format!("{}{}{}", &text[..at], pick(WORDS, stream), &text[at..])
}

fn with_a_character_changed(text: &str, stream: &mut Stream) -> String {
    let at = position(text, stream);
    let rest = text[at..].chars().next().map_or("", |c| &text[at + c.len_utf8()..]);
    let letter = char::from_u32(32 + stream.below(95) as u32).expect("a printable character");
    format!("{}{letter}{rest}", &text[..at])
}

fn without_a_piece(text: &str, stream: &mut Stream) -> String {
    let (a, b) = (position(text, stream), position(text, stream));
    let (from, to) = (a.min(b), a.max(b));
    // Mostly short pieces: a long one leaves little to test.
    let mut to = from + (to - from) / (1 + stream.below(200) as usize);
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    format!("{}{}", &text[..from], &text[to..])
}
