//! JUnit XML of `apollo test`: one suite per scenario, one case per target.
//!
//! No times and no host names: the file is as reproducible as the results.

use std::path::{Component, Path};

use super::human;
use super::sections;
use crate::experiment::results::{RunResults, TargetRow, Uncompared, Verdict};

/// What became of one scenario file.
pub enum Suite<'a> {
    /// It ran; what was not compared with a baseline.
    Ran(&'a RunResults, &'a [Uncompared]),
    /// It could not be run: file and message.
    Broken(&'a str, &'a str),
    /// Only the baseline has it: file and message, and whether that is accepted.
    Removed(&'a str, &'a str, bool),
}

/// The XML document.
pub fn render(suites: &[Suite<'_>]) -> String {
    let mut body = String::new();
    let mut sum = Counts::default();
    for suite in suites {
        let (name, cases, counts) = match suite {
            Suite::Ran(run, skipped) => {
                let cases = run.targets.iter().map(|t| case(run, t)).chain(skipped.iter().map(|s| skip(run, s)));
                (run.file.as_str(), cases.collect(), count(&run.targets, skipped))
            }
            Suite::Broken(file, message) => {
                (*file, broken(file, message), Counts { tests: 1, errors: 1, ..Counts::default() })
            }
            Suite::Removed(file, message, accepted) => {
                let (errors, skipped) = (usize::from(!accepted), usize::from(*accepted));
                (*file, removed(file, message, *accepted), Counts { tests: 1, failures: 0, errors, skipped })
            }
        };
        let name = escaped(name);
        body.push_str(&format!("  <testsuite name=\"{name}\" {}>\n{cases}  </testsuite>\n", counts.attributes()));
        sum.add(&counts);
    }
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    format!("{head}\n<testsuites name=\"apollo test\" {}>\n{body}</testsuites>\n", sum.attributes())
}

/// Numbers in the attributes of a suite.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn attributes(&self) -> String {
        let skipped = if self.skipped > 0 { format!(" skipped=\"{}\"", self.skipped) } else { String::new() };
        format!("tests=\"{}\" failures=\"{}\" errors=\"{}\"{skipped}", self.tests, self.failures, self.errors)
    }

    fn add(&mut self, other: &Counts) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
        self.skipped += other.skipped;
    }
}

/// A failed target is a failure; an inconclusive one is an error, because nothing was found out.
fn count(targets: &[TargetRow], uncompared: &[Uncompared]) -> Counts {
    let refused = uncompared.iter().filter(|it| it.refused).count();
    let skipped = uncompared.len() - refused;
    let of = |verdict| targets.iter().filter(|t| t.verdict == verdict).count();
    let tests = targets.len() + uncompared.len();
    Counts { tests, failures: of(Verdict::Fail), errors: of(Verdict::Inconclusive) + refused, skipped }
}

/// One target.
fn case(run: &RunResults, target: &TargetRow) -> String {
    let head = format!("    <testcase classname=\"{}\" name=\"{}\"", class(&run.file), escaped(&target.name));
    let message = escaped(&sentence(target));
    match target.verdict {
        Verdict::Pass => format!("{head}/>\n"),
        Verdict::Fail => format!("{head}>\n      <failure type=\"fail\" message=\"{message}\"/>\n    </testcase>\n"),
        Verdict::Inconclusive => {
            format!("{head}>\n      <error type=\"inconclusive\" message=\"{message}\"/>\n    </testcase>\n")
        }
    }
}

/// What was not compared with a baseline is neither passed nor failed; a baseline that cannot be used is an error.
fn skip(run: &RunResults, it: &Uncompared) -> String {
    let (class, name) = (class(&run.file), escaped(&format!("{} against the baseline", it.name)));
    let what = if it.refused { "error type=\"input\"" } else { "skipped" };
    let why = escaped(&it.why);
    format!(
        "    <testcase classname=\"{class}\" name=\"{name}\">\n      <{what} message=\"{why}\"/>\n    </testcase>\n"
    )
}

/// The one case of a file that could not be run.
fn broken(file: &str, message: &str) -> String {
    let (class, message) = (class(file), escaped(message));
    format!(
        "    <testcase classname=\"{class}\" name=\"runs\">\n      <error type=\"input\">{message}</error>\n    </testcase>\n"
    )
}

/// The one case of a file that only the baseline has.
fn removed(file: &str, message: &str, accepted: bool) -> String {
    let (class, message) = (class(file), escaped(message));
    let what = if accepted { "skipped" } else { "error type=\"inconclusive\"" };
    format!(
        "    <testcase classname=\"{class}\" name=\"against the baseline\">\n      <{what} message=\"{message}\"/>\n    </testcase>\n"
    )
}

/// The class of the cases of a file: its path without extension, with dots, as tools group by. Two files of one name in two folders are two classes.
fn class(file: &str) -> String {
    let plain = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    };
    let path = Path::new(file).with_extension("");
    escaped(&path.components().filter_map(plain).collect::<Vec<_>>().join("."))
}

/// `rl.online.feedback_time.p95 is 72.10 s ± 2.0, limit ≤ 60 s`.
pub fn sentence(target: &TargetRow) -> String {
    let unit = human::display_unit(&target.kpi, &target.unit);
    let limit = sections::limit(target);
    match target.value {
        None => format!("{} has no value, limit {limit}", target.kpi),
        Some(value) => {
            let spread = target.ci95.map_or_else(
                || " (no interval)".to_owned(),
                |ci| {
                    if ci[0].to_bits() == ci[1].to_bits() {
                        String::new()
                    } else {
                        format!(" {}", human::interval_in(unit, value, ci))
                    }
                },
            );
            format!("{} is {}{spread}, limit {limit}", target.kpi, human::value(value, unit))
        }
    }
}

/// Text inside XML; control characters, which XML 1.0 cannot hold, become a sign.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}
