//! The embedded data files, read once on first use.

use super::kind::{FigureType, Kind, figure_spec};
use super::part::{Confidence, Figure, Part, read_value};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use toml::{Table, Value as Toml};

/// The data files and the kind of part each holds.
const FILES: [(Kind, &str, &str); 5] = [
    (Kind::Node, "node.toml", include_str!("data/node.toml")),
    (Kind::Storage, "storage.toml", include_str!("data/storage.toml")),
    (Kind::Vm, "vm.toml", include_str!("data/vm.toml")),
    (Kind::Model, "model.toml", include_str!("data/model.toml")),
    (Kind::Interconnect, "interconnect.toml", include_str!("data/interconnect.toml")),
];

/// All parts by kind, then in the order of their file.
pub(super) static PARTS: LazyLock<Vec<Part>> =
    LazyLock::new(|| read_all().expect("the embedded catalogue is valid: a test reads all of it"));

fn read_all() -> Result<Vec<Part>, String> {
    let mut parts = vec![];
    for (kind, file, text) in FILES {
        parts.extend(read_file(kind, text).map_err(|e| format!("{file}: {e}"))?);
    }
    Ok(parts)
}

/// The parts of one file. A part with `like = "other"` takes every figure it does not state from `other`, which
/// stands before it in the file.
fn read_file(kind: Kind, text: &str) -> Result<Vec<Part>, String> {
    let table: Table = text.parse().map_err(|e: toml::de::Error| e.to_string())?;
    let mut parts: Vec<Part> = vec![];
    for name in names_in_order(text) {
        let body = table.get(&name).and_then(Toml::as_table).ok_or_else(|| format!("{name} is no table"))?;
        let part = read_part(kind, &name, body, &parts).map_err(|e| format!("{name}: {e}"))?;
        parts.push(part);
    }
    if parts.len() == table.len() { Ok(parts) } else { Err("a part has no heading of its own".to_owned()) }
}

/// The top-level headings as they stand in the file: the parsed table is sorted by name.
fn names_in_order(text: &str) -> Vec<String> {
    let heading = |line: &str| line.strip_prefix('[')?.strip_suffix(']').map(str::to_owned);
    text.lines().filter_map(|line| heading(line.trim_end())).filter(|n| !n.contains('.')).collect()
}

fn read_part(kind: Kind, name: &str, body: &Table, before: &[Part]) -> Result<Part, String> {
    let title = body.get("title").and_then(Toml::as_str).ok_or("no title")?.to_owned();
    let mut figures = BTreeMap::new();
    if let Some(like) = body.get("like").and_then(Toml::as_str) {
        let model = before.iter().find(|p| p.name == like).ok_or_else(|| format!("like '{like}': no such part"))?;
        figures.clone_from(&model.figures);
    }
    for (key, value) in body.iter().filter(|(key, _)| !matches!(key.as_str(), "title" | "like")) {
        let spec = figure_spec(kind, key).ok_or_else(|| format!("'{key}' is no figure of a {}", kind.name()))?;
        let table = value.as_table().ok_or_else(|| format!("{key} is no table"))?;
        figures.insert(key.clone(), read_figure(spec.figure, table).map_err(|e| format!("{key}: {e}"))?);
    }
    Ok(Part { name: name.to_owned(), kind, title, base: None, figures })
}

fn read_figure(figure: FigureType, table: &Table) -> Result<Figure, String> {
    let known = ["value", "source", "confidence", "note", "date", "range"];
    if let Some(key) = table.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(format!("unknown key '{key}'"));
    }
    let text_of = |key: &str| table.get(key).and_then(Toml::as_str).map(str::to_owned);
    let need = |key: &str| text_of(key).filter(|s| !s.is_empty()).ok_or_else(|| format!("no {key}"));
    let text = need("value")?;
    let word = need("confidence")?;
    Ok(Figure {
        value: read_value(figure, &text)?,
        text,
        source: need("source")?,
        confidence: Confidence::from_word(&word).ok_or_else(|| format!("'{word}' is no confidence"))?,
        note: text_of("note"),
        date: text_of("date"),
        range: text_of("range"),
        at: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::kind_figures;
    use crate::catalog::part::Value;
    use crate::units::Dimension;
    use std::collections::BTreeSet;

    #[test]
    fn every_embedded_part_reads_and_has_what_its_kind_needs() {
        let parts = read_all().unwrap();
        let names: BTreeSet<&str> = parts.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names.len(), parts.len(), "a name stands for one part");
        for part in &parts {
            for spec in kind_figures(part.kind) {
                assert!(!part.needs(spec) || part.figure(spec.name).is_some(), "{} lacks {}", part.name, spec.name);
            }
        }
    }

    #[test]
    fn figures_say_enough_about_their_origin() {
        for part in PARTS.iter() {
            for (spec, figure) in part.in_order() {
                let at = format!("{}.{}", part.name, spec.name);
                let money = matches!(
                    spec.figure,
                    FigureType::Quantity(Dimension::Money | Dimension::MoneyPerHour | Dimension::MoneyPerByteMonth)
                );
                assert!(!money || figure.date.is_some(), "{at}: a price has a date");
                let explained = figure.note.is_some() || figure.range.is_some();
                assert!(figure.confidence <= Confidence::Secondary || explained, "{at}: says how it was derived");
                let quoted = figure.confidence <= Confidence::Secondary;
                assert!(!quoted || figure.source.len() > 8, "{at}: source is '{}'", figure.source);
                assert!(!matches!(figure.value, Value::Number(x) if !x.is_finite() || x < 0.0), "{at}");
            }
        }
    }

    #[test]
    fn a_broken_data_file_is_named_with_its_place() {
        for (text, part) in [
            ("[x]\ntitle = 'x'\ngpus = { value = 'many', source = 's', confidence = 'quoted' }", "x: gpus:"),
            ("[x]\ntitle = 'x'\ngpsu = { value = '8', source = 's', confidence = 'quoted' }", "no figure of a node"),
            ("[x]\ntitle = 'x'\ngpus = { value = '8', confidence = 'quoted' }", "no source"),
            ("[x]\ntitle = 'x'\nlike = 'y'", "no such part"),
            ("[x]\n", "no title"),
        ] {
            let error = read_file(Kind::Node, text).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
