//! Which key an address means.

use super::work::LATER_KINDS;
use super::{Key, Kind, Need, RANGE, SCENARIO, SWEEP, TableSpec, WORK_ANY, WORK_COPY, WORK_IO, WORK_RL, WORK_TRACE};
use crate::catalog;
use crate::scenario::text::tree::Table;

/// The table of a kind of work; `None` when the kind is not simulated.
pub fn work_table(kind: &str) -> Option<&'static TableSpec> {
    match kind {
        "copy" => Some(&WORK_COPY),
        "io" => Some(&WORK_IO),
        "rl" => Some(&WORK_RL),
        "trace" => Some(&WORK_TRACE),
        _ => None,
    }
}

/// Whether the language has a kind of work that is not simulated yet.
pub fn is_later_kind(kind: &str) -> bool {
    LATER_KINDS.contains(&kind)
}

/// The key that a concrete path leads to, in the scenario `root` (which tells the kinds of works).
pub fn key_at(root: &Table, path: &[String]) -> Option<&'static Key> {
    let (first, rest) = path.split_first()?;
    let key = SCENARIO.key(first)?;
    descend(root, key, rest)
}

/// Names of the keys that the table at a concrete path may have; none where there is no table.
pub fn keys_below(root: &Table, path: &[String]) -> Vec<&'static str> {
    let Some((first, rest)) = path.split_first() else { return SCENARIO.keys().map(|key| key.name).collect() };
    let spec = match (SCENARIO.key(first).map(|key| &key.kind), rest) {
        (Some(Kind::Table(spec)), []) | (Some(Kind::Named(spec)), [_]) => *spec,
        (Some(Kind::Works), [name]) => work_of(root, name),
        _ => return Vec::new(),
    };
    spec.keys().map(|key| key.name).collect()
}

fn descend(root: &Table, key: &'static Key, rest: &[String]) -> Option<&'static Key> {
    let Some((next, after)) = rest.split_first() else { return Some(key) };
    let (spec, after, next) = match key.kind {
        Kind::Table(spec) => (spec, after, next),
        Kind::Tables(spec) | Kind::Named(spec) => (spec, after.get(1..)?, after.first()?),
        Kind::Works => (work_of(root, next), after.get(1..)?, after.first()?),
        _ => return None,
    };
    descend(root, spec.key(next)?, after)
}

fn work_of(root: &Table, name: &str) -> &'static TableSpec {
    let kind = root
        .get("work")
        .and_then(|e| e.node.as_table())
        .and_then(|works| works.get(name))
        .and_then(|e| e.node.as_table())
        .and_then(|work| work.get("kind"))
        .and_then(|e| e.node.as_text());
    kind.and_then(work_table).unwrap_or(&WORK_ANY)
}

/// The key that overrides a figure of a kind of part, which knows the admissible values of the figure.
pub fn figure_key(kind: catalog::Kind, figure: &str) -> Option<&'static Key> {
    let root = match kind {
        catalog::Kind::Node => "fleet.",
        catalog::Kind::Storage => "storage.",
        catalog::Kind::Model => "work.",
        catalog::Kind::Vm | catalog::Kind::Interconnect => return None,
    };
    let tables = all_tables().into_iter().filter(|(address, _)| address.starts_with(root));
    tables.flat_map(|(_, table)| table.keys()).find(|key| matches!(key.need, Need::Part(name) if name == figure))
}

/// Every table of the language with its address pattern, in order: for the reference and the schema.
pub fn all_tables() -> Vec<(String, &'static TableSpec)> {
    let mut out = vec![(String::new(), &SCENARIO)];
    for key in SCENARIO.keys() {
        match key.kind {
            Kind::Named(spec) => nested(&format!("{}.NAME", key.name), spec, &mut out),
            Kind::Table(spec) => nested(key.name, spec, &mut out),
            Kind::Sweep => out.extend([("sweep".to_owned(), &SWEEP), ("sweep.\"ADDRESS\"".to_owned(), &RANGE)]),
            Kind::Works => {
                for spec in [&WORK_COPY, &WORK_IO, &WORK_RL, &WORK_TRACE] {
                    nested("work.NAME", spec, &mut out);
                }
            }
            _ => {}
        }
    }
    out
}

fn nested(address: &str, spec: &'static TableSpec, out: &mut Vec<(String, &'static TableSpec)>) {
    out.push((address.to_owned(), spec));
    for key in spec.keys() {
        match key.kind {
            Kind::Table(inner) => nested(&format!("{address}.{}", key.name), inner, out),
            Kind::Named(inner) => nested(&format!("{address}.{}.NAME", key.name), inner, out),
            Kind::Tables(inner) => nested(&format!("{address}.{}.N", key.name), inner, out),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FLEET, STORAGE};
    use super::*;
    use crate::catalog::{FigureType, Kind as PartKind};

    /// Every figure of a part can be overridden, under its own name or the one the table of keys gives it, and
    /// with the same dimension; prices are not simulated.
    fn covers(kind: PartKind, tables: &[&'static TableSpec], except: &[&str]) {
        for figure in catalog::kind_figures(kind) {
            let later = tables.iter().any(|t| t.later.contains(&figure.name));
            if later || except.contains(&figure.name) {
                continue;
            }
            let key =
                tables.iter().flat_map(|t| t.keys()).find(|k| matches!(k.need, Need::Part(f) if f == figure.name));
            let key = key.unwrap_or_else(|| panic!("no key overrides {}", figure.name));
            let fits = match (key.kind, figure.figure) {
                (Kind::Quantity(a) | Kind::Whole(a), FigureType::Quantity(b)) => a == b,
                (Kind::Whole(_), FigureType::Whole) => true,
                (Kind::Random(a), FigureType::Dist(b)) => a == b,
                (Kind::Choice(a), FigureType::Word(b)) => {
                    let (mut a, mut b) = (a.to_vec(), b.to_vec());
                    a.sort_unstable();
                    b.sort_unstable();
                    a == b
                }
                _ => false,
            };
            assert!(fits, "{} and {} differ in kind", key.name, figure.name);
        }
    }

    #[test]
    fn every_figure_of_a_part_can_be_overridden() {
        covers(PartKind::Node, &[&FLEET], &["failure_causes"]);
        covers(PartKind::Storage, &[&STORAGE], &["layout"]);
        let rl: Vec<&'static TableSpec> =
            all_tables().into_iter().filter(|(a, _)| a.starts_with("work.NAME")).map(|(_, t)| t).collect();
        covers(PartKind::Model, &rl, &[]);
    }

    #[test]
    fn every_figure_a_key_asks_for_exists() {
        let figures: Vec<&str> =
            catalog::kinds().iter().flat_map(|k| catalog::kind_figures(*k)).map(|f| f.name).collect();
        for (address, table) in all_tables() {
            for key in table.keys() {
                if let Need::Part(figure) = key.need {
                    assert!(figures.contains(&figure), "{address}.{} asks for {figure}", key.name);
                }
            }
        }
    }

    #[test]
    fn addresses_lead_to_keys() {
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        let root = Table::new();
        for (address, name) in [
            ("horizon", "horizon"),
            ("link.a.capacity", "capacity"),
            ("wan.streams", "streams"),
            ("work.w.starts", "starts"),
        ] {
            assert_eq!(key_at(&root, &path(address)).map(|k| k.name), Some(name), "{address}");
        }
        for address in ["nope", "link.a.nope", "link.a.capacity.deep", "work.w.batch"] {
            assert!(key_at(&root, &path(address)).is_none(), "{address}");
        }
    }
}
