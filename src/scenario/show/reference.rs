//! The reference of the scenario language in Markdown.

use std::fmt::Write as _;

use crate::scenario::read::range_words;
use crate::scenario::spec::{self, Key, Kind, Need, TableSpec};
use crate::units::Dimension;

/// All tables and keys with kinds, ranges, defaults and their sources, as Markdown.
pub fn reference() -> String {
    let mut out = String::from(
        "# Scenario reference\n\n\
         Written by the program from the tables of keys that also check scenario files. A quantity with a unit is a \
         string (`\"400 Gbps\"`); a random quantity is a quantity or one law, for example `{ exponential = { mean = \
         \"20 min\" } }`. Defaults without a published source are marked *assumption*.\n",
    );
    for (address, table) in spec::all_tables() {
        section(&mut out, &address, table);
    }
    out.push_str(CATALOGUE_FILES);
    for table in [&spec::PART, &spec::FIGURE, &spec::CALIBRATION] {
        section(&mut out, "part", table);
    }
    out
}

/// What stands before the tables of catalogue files.
const CATALOGUE_FILES: &str = r#"
# Catalogue files

A file that `catalog` names holds parts: tables named as scenarios call them. A part with the name of one of the program
changes the figures it states, for this plan; a part with a new name says which part it is `like`. `apollo calibrate --out`
writes such files. A key of a scenario still wins over the figure of a part.

```text
[nvme-node]
read_latency = { value = "93 us", source = "fitted to fio.csv", confidence = "fitted", note = "error 4 %" }
```
"#;

fn section(out: &mut String, address: &str, table: &TableSpec) {
    let nested = !table.header.starts_with('[') && !address.is_empty();
    let title = if nested { format!("`{address}`") } else { format!("`{}`", table.header) };
    let title = if address.is_empty() { "Top level".to_owned() } else { title };
    let _ = write!(out, "\n## {title}\n\n{}\n\n| key | value | default | meaning |\n|---|---|---|---|\n", table.doc);
    for key in table.keys() {
        let _ =
            writeln!(out, "| `{}` | {} | {} | {} |", key.name, value(key), default(key), key.doc.replace('|', "\\|"));
    }
    if !table.later.is_empty() {
        let later = table.later.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
        let _ = write!(out, "\nPart of the language, not simulated by this version: {later}.\n");
    }
}

fn value(key: &Key) -> String {
    let with_range = |word: String, dim: Dimension| match range_words(key.range, dim) {
        range if range.is_empty() => word,
        range => format!("{word}, {range}"),
    };
    match key.kind {
        Kind::Format => "`1`".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Texts => "list of texts".to_owned(),
        Kind::TextLists => "list of lists of addresses".to_owned(),
        Kind::File => "path".to_owned(),
        Kind::Files => "list of paths".to_owned(),
        Kind::Bool => "`true`, `false`".to_owned(),
        Kind::Exact => with_range("whole number".to_owned(), Dimension::Count),
        Kind::Quantity(dim) => with_range(word_of(dim), dim),
        Kind::Whole(dim) => with_range(format!("whole number of {}", word_of(dim)), dim),
        Kind::Random(dim) => format!("random: {}", word_of(dim)),
        Kind::Horizon => "duration, also in months or years".to_owned(),
        Kind::Moment => "duration after the start, or date".to_owned(),
        Kind::Date => "date".to_owned(),
        Kind::Choice(words) => words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", "),
        Kind::Words(words) => {
            format!("list of {}", words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", "))
        }
        Kind::Name(entity) => format!("name of a {}", entity.word()),
        Kind::Names(entity) => format!("list of {}", entity.words()),
        Kind::NameOrNames(entity) => format!("name of a {}, or list of {}", entity.word(), entity.words()),
        Kind::Pair(entity) => format!("two {}", entity.words()),
        Kind::Part(word) => format!("{word} part of the catalogue"),
        Kind::Location => "`[latitude, longitude]`".to_owned(),
        Kind::Counts(words) => format!("table of numbers: {}", words.join(", ")),
        Kind::Limit => "quantity in the unit of the KPI or address it belongs to".to_owned(),
        Kind::Table(_) => "table, below".to_owned(),
        Kind::Tables(_) => "list of tables, below".to_owned(),
        Kind::Named(_) | Kind::Works => "named tables, below".to_owned(),
        Kind::Sweep => "table, below".to_owned(),
    }
}

/// The dimension in the plural, as error messages call it: `data rates`.
fn word_of(dim: Dimension) -> String {
    dim.help().split(':').next().unwrap_or_default().to_owned()
}

fn default(key: &Key) -> String {
    match key.need {
        Need::Required => "required".to_owned(),
        Need::Optional(what) => what.to_owned(),
        Need::Default { text: "{}", .. } => "defaults below".to_owned(),
        Need::Default { text, source, assumption: true } => format!("`{text}` (*assumption*: {source})"),
        Need::Default { text, source, .. } => format!("`{text}` ({source})"),
        Need::Part(figure) => format!("figure `{figure}` of the part"),
        Need::Wan => format!("`wan.{}`", key.name),
        Need::Derived(how) => how.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_in_the_reference() {
        let text = reference();
        for (_, table) in spec::all_tables() {
            for key in table.keys() {
                assert!(text.contains(&format!("| `{}` |", key.name)), "{}", key.name);
            }
        }
    }
}
