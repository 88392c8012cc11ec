//! From a KPI name to its row.

use super::registry::{ALL, Kpi, Stat};
use crate::units::nearest;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

/// A KPI name taken apart.
#[derive(Clone, Debug)]
pub struct Match {
    /// The row.
    pub kpi: &'static Kpi,
    /// What stands for the `*` of the pattern, in order: `["phx-hot"]`; link and direction for a utilisation.
    pub entity: Vec<String>,
    /// The stat: as written, or the mean where the KPI has one and none is written.
    pub stat: Option<Stat>,
}

impl Match {
    /// The full name, with the stat spelled out.
    pub fn name(&self) -> String {
        let mut entity = self.entity.iter();
        let parts = self.kpi.pattern.split('.').map(|p| match p {
            "*" => entity.next().map_or("*", String::as_str),
            fixed => fixed,
        });
        let base = parts.collect::<Vec<_>>().join(".");
        match self.stat {
            Some(stat) => format!("{base}.{}", stat.word()),
            None => base,
        }
    }
}

/// A name that is no KPI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KpiError {
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Names it was probably meant to be, best first.
    pub nearest: Vec<String>,
}

impl fmt::Display for KpiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.nearest.first() {
            Some(name) => write!(f, ", did you mean '{name}'?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for KpiError {}

/// All rows in the order they are documented.
pub fn all() -> impl Iterator<Item = &'static Kpi> {
    ALL.iter().flat_map(|group| group.iter())
}

/// Finds the row of a full KPI name such as `storage.phx-hot.read_efficiency` or `rl.online.feedback_time.p95`.
///
/// Names of entities hold no dots. A pattern itself (`storage.*.read_efficiency`) is a name too.
///
/// # Errors
///
/// An unknown KPI, a stat it does not have, or a stat that must be written and is not.
pub fn lookup(name: &str) -> Result<Match, KpiError> {
    const LONGEST: usize = 300;
    if name.len() > LONGEST {
        return Err(KpiError { message: "this is too long for the name of a KPI".to_owned(), nearest: vec![] });
    }
    let parts: Vec<&str> = name.split('.').collect();
    // The whole name comes first: the phases of feedback_time look like stats.
    if let Some((kpi, entity)) = find(&parts) {
        return with_stat(name, kpi, entity, None);
    }
    if let Some((last, front)) = parts.split_last()
        && let Some((kpi, entity)) = find(front)
    {
        return with_stat(name, kpi, entity, Some(last));
    }
    Err(KpiError { message: format!("'{name}' is no KPI"), nearest: near(&parts) })
}

/// What is wrong with a name that is none of `names`, which are all KPIs that were produced.
pub fn unproduced<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let near = nearest(name, names).map_or_else(String::new, |near| format!(", did you mean '{near}'?"));
    format!("nothing produces '{name}'{near}")
}

/// Rows with the parts of their patterns, by the last part, which is hardly ever that of two. Every pattern ends in a word.
static BY_LAST: LazyLock<BTreeMap<&str, Vec<Row>>> = LazyLock::new(|| {
    let mut rows: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    for kpi in all() {
        let parts: Vec<&str> = kpi.pattern.split('.').collect();
        rows.entry(parts[parts.len() - 1]).or_default().push((kpi, parts));
    }
    rows
});

/// A row and the parts of its pattern.
type Row = (&'static Kpi, Vec<&'static str>);

fn find(parts: &[&str]) -> Option<(&'static Kpi, Vec<String>)> {
    let rows = BY_LAST.get(parts.last()?)?;
    rows.iter().find_map(|(kpi, wanted)| Some((*kpi, entity_of(wanted, parts)?)))
}

/// What stands for each `*` of a pattern, if the parts match it.
fn entity_of(wanted: &[&str], parts: &[&str]) -> Option<Vec<String>> {
    let fits = wanted.len() == parts.len()
        && wanted.iter().zip(parts).all(|(w, p)| if *w == "*" { !p.is_empty() } else { w == p });
    fits.then(|| wanted.iter().zip(parts).filter(|(w, _)| **w == "*").map(|(_, p)| (*p).to_owned()).collect())
}

fn with_stat(name: &str, kpi: &'static Kpi, entity: Vec<String>, word: Option<&str>) -> Result<Match, KpiError> {
    let base = Match { kpi, entity, stat: None };
    let named = |stat: Stat| Match { stat: Some(stat), ..base.clone() };
    let choices = || kpi.stats.iter().map(|s| named(*s).name()).collect::<Vec<_>>();
    match word {
        None if kpi.stats.is_empty() => Ok(base),
        None if kpi.stats.contains(&Stat::Mean) => Ok(named(Stat::Mean)),
        None => Err(KpiError { message: format!("'{name}' needs a stat"), nearest: choices() }),
        Some(word) => match Stat::from_word(word).filter(|s| kpi.stats.contains(s)) {
            Some(stat) => Ok(named(stat)),
            // One number per replication is its own mean.
            None if kpi.stats.is_empty() && word == Stat::Mean.word() => Ok(base),
            None if kpi.stats.is_empty() => {
                Err(KpiError { message: format!("'{}' has no stats", base.name()), nearest: vec![base.name()] })
            }
            None => {
                let words = kpi.stats.iter().map(|s| s.word()).collect::<Vec<_>>().join(", ");
                let message = format!("'{word}' is no stat of '{}', which has {words}", base.name());
                let stat = nearest(word, kpi.stats.iter().map(|s| s.word())).and_then(Stat::from_word);
                let other = || Some(near(&name.split('.').collect::<Vec<_>>())).filter(|names| !names.is_empty());
                let nearest = stat.map(|s| vec![named(s).name()]).or_else(other).unwrap_or_else(choices);
                Err(KpiError { message, nearest })
            }
        },
    }
}

/// Names near a wrong one: every row with the entities as written, compared as a whole.
fn near(parts: &[&str]) -> Vec<String> {
    let stat = parts.last().copied().filter(|p| Stat::from_word(p).is_some() && parts.len() > 1);
    let core = if stat.is_some() { &parts[..parts.len() - 1] } else { parts };
    let wrong = core.join(".").to_lowercase();
    let mut ranked: Vec<(usize, String)> = vec![];
    for kpi in all() {
        let filled = fill(kpi.pattern, core);
        let distance = strsim::damerau_levenshtein(&wrong, &filled.to_lowercase());
        // Entities agree by construction, so only the words of the measure may carry the allowance.
        if distance <= 1 + kpi.pattern.len() / 8 {
            let stat = stat.filter(|s| Stat::from_word(s).is_some_and(|s| kpi.stats.contains(&s)));
            let name = stat.map_or(filled.clone(), |s| format!("{filled}.{s}"));
            ranked.push((distance, name));
        }
    }
    ranked.sort_by_key(|(distance, _)| *distance);
    ranked.truncate(3);
    ranked.into_iter().map(|(_, name)| name).collect()
}

/// The pattern with each `*` replaced by what stands at its place.
fn fill(pattern: &str, parts: &[&str]) -> String {
    let at = |i: usize| parts.get(i).copied().filter(|part: &&str| !part.is_empty()).unwrap_or("*");
    pattern.split('.').enumerate().map(|(i, p)| if p == "*" { at(i) } else { p }).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Dimension, parse};
    use std::collections::BTreeSet;

    #[test]
    fn names_are_taken_apart() {
        let found = lookup("storage.phx-hot.read_efficiency").unwrap();
        assert_eq!((found.entity.as_slice(), found.stat), (["phx-hot".to_owned()].as_slice(), None));
        let found = lookup("link.phx-dal.phoenix-to-dallas.utilisation.p95").unwrap();
        assert_eq!(found.entity, ["phx-dal", "phoenix-to-dallas"]);
        assert_eq!(found.stat, Some(Stat::P95));
        assert_eq!(lookup("wan.busiest_utilisation").unwrap().entity, Vec::<String>::new());
        assert_eq!(lookup("rl.online.on_time.fraction").unwrap().stat, Some(Stat::Fraction));
        assert_eq!(lookup("fleet.phoenix.spares_needed.p99").unwrap().stat, Some(Stat::P99));
    }

    #[test]
    fn no_stat_means_the_mean_and_phases_are_no_stats() {
        assert_eq!(lookup("rl.online.feedback_time").unwrap().name(), "rl.online.feedback_time.mean");
        let phase = lookup("rl.online.feedback_time.transfer").unwrap();
        assert_eq!((phase.stat, phase.name().as_str()), (None, "rl.online.feedback_time.transfer"));
        assert_eq!(phase.kpi.pattern, "rl.*.feedback_time.transfer");
        assert_eq!(lookup("fleet.dallas.available.mean").unwrap().name(), "fleet.dallas.available");
    }

    #[test]
    fn slips_get_the_nearest_names() {
        for (wrong, near) in [
            ("storage.hot.read_eficiency", "storage.hot.read_efficiency"),
            ("rl.online.feedbck_time.p95", "rl.online.feedback_time.p95"),
            ("rl.online.feedback_time.transfr", "rl.online.feedback_time.transfer"),
            ("flet.dallas.available", "fleet.dallas.available"),
            ("rl.online.on_time", "rl.online.on_time.fraction"),
            ("wan.busiest_utilization", "wan.busiest_utilisation"),
            ("link.a-b.x-to-y.utilization.max", "link.a-b.x-to-y.utilisation.max"),
        ] {
            let error = lookup(wrong).unwrap_err();
            assert!(error.nearest.iter().any(|n| n == near), "{wrong}: {error} {:?}", error.nearest);
        }
        assert!(lookup("rl.online.feedback_time.p96").unwrap_err().message.contains("p95"));
        assert!(lookup("storage.hot.refused.p95").unwrap_err().message.contains("has no stats"));
        assert!(lookup("storage..used").is_err());
        assert!(lookup("").unwrap_err().nearest.is_empty());
        assert!(lookup(&"x.".repeat(100_000)).is_err());
        assert_eq!(
            unproduced("io.load.rat", ["io.load.rate"]),
            "nothing produces 'io.load.rat', did you mean 'io.load.rate'?"
        );
    }

    #[test]
    fn every_row_finds_itself_under_each_of_its_stats() {
        let mut patterns = BTreeSet::new();
        for kpi in all() {
            assert!(patterns.insert(kpi.pattern), "{} stands twice", kpi.pattern);
            let base = kpi.pattern.replace('*', "x");
            let stats: Vec<String> = match kpi.stats {
                [] => vec![base],
                stats => stats.iter().map(|s| format!("{base}.{}", s.word())).collect(),
            };
            for name in stats {
                let found = lookup(&name).unwrap_or_else(|e| panic!("{e}"));
                assert_eq!((found.kpi.pattern, found.name()), (kpi.pattern, name));
            }
        }
    }

    #[test]
    fn unit_words_and_dimensions_agree() {
        for kpi in all() {
            let sample = match kpi.unit {
                "s" => "1 s",
                "B" => "1 B",
                "B/s" => "1 B/s",
                "op/s" => "1 op/s",
                "tok/s" => "1 tok/s",
                "W" => "1 W",
                "/s" => "1 /s",
                "date" => "1970-01-01T00:00:01Z",
                "USD" => "$1",
                "1" | "GPU" | "GPU-h" | "version" | "step" | "rack" => "1",
                other => panic!("{}: unknown unit '{other}'", kpi.pattern),
            };
            let base = parse(sample, kpi.dimension).unwrap_or_else(|e| panic!("{}: {e}", kpi.pattern));
            assert!((base - 1.0).abs() < 1e-12, "{}: {sample} is {base} base units", kpi.pattern);
            let share = kpi.pattern.ends_with("efficiency") || kpi.pattern.ends_with("utilisation");
            assert!(!share || kpi.dimension == Dimension::Ratio);
        }
    }
}
