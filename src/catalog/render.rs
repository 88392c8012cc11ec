//! The catalogue as plain text.

use super::kind::kinds;
use super::load::PARTS;
use super::part::Part;
use std::fmt::Write;

/// Width that texts are wrapped to.
const WIDTH: usize = 110;

/// All parts by kind, one line each.
pub fn render_list() -> String {
    let width = PARTS.iter().map(|p| p.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for kind in kinds() {
        let _ = writeln!(out, "{}", kind.title());
        for part in PARTS.iter().filter(|p| p.kind == *kind) {
            let _ = writeln!(out, "  {:width$}  {}", part.name, part.title);
        }
        out.push('\n');
    }
    out.push_str("Each figure of a part can be overridden in a scenario, under its name.\n");
    out
}

/// Every figure of a part with its value, confidence and source.
pub fn render_part(part: &Part) -> String {
    let mut out = format!("{} ({})\n{}\n", part.name, part.kind.name(), part.title);
    for (spec, figure) in part.in_order() {
        let _ = writeln!(out, "\n{} = {}", spec.name, figure.text);
        let mut line = |label: &str, text: &str| out.push_str(&wrapped(label, text));
        line("", spec.doc);
        let dated = figure.date.as_ref().map(|d| format!(", {d}")).unwrap_or_default();
        line("", &format!("{}{dated}: {}", figure.confidence, figure.source));
        if let Some(range) = &figure.range {
            line("range: ", range);
        }
        if let Some(note) = &figure.note {
            line("note: ", note);
        }
    }
    out
}

/// `label` and `text`, indented and broken between words.
fn wrapped(label: &str, text: &str) -> String {
    let mut out = String::new();
    let mut line = format!("    {label}");
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(&line);
            out.push('\n');
            line = " ".repeat(4 + label.len());
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    out.push_str(&line);
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_every_part_and_a_part_shows_every_source() {
        let list = render_list();
        for part in PARTS.iter() {
            assert!(list.contains(&format!("  {} ", part.name)), "{}", part.name);
            let text = render_part(part);
            for (spec, figure) in part.in_order() {
                assert!(text.contains(&format!("{} = {}", spec.name, figure.text)));
                assert!(text.contains(figure.confidence.word()));
            }
            assert!(
                text.lines().filter(|l| l.starts_with(' ') && !l.contains("://")).all(|l| l.chars().count() <= WIDTH)
            );
        }
    }
}
