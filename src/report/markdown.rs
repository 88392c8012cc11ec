//! The report as Markdown, for a pull request or a step summary.

use super::document::{Document, Section, Table};
use super::sections;
use crate::experiment::results::RunResults;

/// The report of a run as Markdown, ending with a newline.
pub fn render(run: &RunResults) -> String {
    write(&sections::document(run))
}

/// A document as Markdown.
pub fn write(document: &Document) -> String {
    let mut out = format!("# {}\n", escaped(&document.title));
    for line in &document.facts {
        out.push_str(&format!("\n{}  ", escaped(line)));
    }
    out.push('\n');
    for section in &document.sections {
        section_markdown(section, &mut out);
    }
    out
}

/// A heading, its table and its notes.
fn section_markdown(section: &Section, out: &mut String) {
    out.push_str(&format!("\n## {}\n", escaped(&section.heading)));
    if !section.table.rows.is_empty() {
        out.push('\n');
        out.push_str(&table(&section.table));
    }
    for note in &section.notes {
        out.push_str(&format!("\n{}\n", escaped(note)));
    }
}

/// A table; group rows are bold.
pub fn table(table: &Table) -> String {
    let heads: Vec<&str> = table.columns.iter().map(|c| c.title.as_ref()).collect();
    let rules: Vec<&str> = table.columns.iter().map(|c| if c.right { "---:" } else { "---" }).collect();
    let mut out = format!("| {} |\n| {} |\n", heads.join(" | "), rules.join(" | "));
    for row in &table.rows {
        let mut cells: Vec<String> = row.cells.iter().map(|c| escaped(c)).collect();
        cells.resize(table.columns.len(), String::new());
        if row.group {
            cells[0] = format!("**{}**", cells[0]);
        }
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    out
}

/// User text inside Markdown: no markup, no raw HTML, no line breaks.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_control() => out.push(' '),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '|' | '*' | '`' | '[' | ']' => {
                out.push('\\');
                out.push(c);
            }
            // Names hold underscores inside words, which Markdown leaves alone; a hash matters only at a line's start,
            // where every text of ours is preceded by something.
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn user_text_cannot_break_a_table_or_add_html() {
        assert_eq!(escaped("a|b\n<img src=x> [l](u) feedback_time"), "a\\|b &lt;img src=x> \\[l\\](u) feedback_time");
    }
}
