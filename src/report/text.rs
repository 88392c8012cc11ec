//! Text for a terminal: aligned tables, UTF-8 or plain ASCII, colour only when asked for.

use anstyle::{AnsiColor, Style as Paint};
use comfy_table::{CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table as Grid, TableStyle};

use super::document::{Document, Row, Section, Table, Tone};
use super::sections;
use crate::experiment::results::RunResults;

/// How text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TextStyle {
    /// Only ASCII characters.
    pub ascii: bool,
    /// ANSI colours.
    pub color: bool,
}

/// The line under the heads of a table is at most this long.
const RULE_WIDTH: usize = 96;

/// The report of a run as text, ending with a newline.
pub fn render(run: &RunResults, style: TextStyle) -> String {
    write(&sections::document(run), style)
}

/// A document as text.
pub fn write(document: &Document, style: TextStyle) -> String {
    let mut out = format!("{}\n", paint(&shown(&document.title, style), Tone::Strong, style));
    for line in &document.facts {
        out.push_str(&shown(line, style));
        out.push('\n');
    }
    for section in &document.sections {
        out.push('\n');
        section_text(section, style, &mut out);
    }
    out
}

/// A heading, its table and its notes.
fn section_text(section: &Section, style: TextStyle, out: &mut String) {
    out.push_str(&paint(&shown(&section.heading, style), Tone::Strong, style));
    out.push('\n');
    out.push_str(&table(&section.table, style));
    for note in &section.notes {
        out.push_str(&format!("  {}\n", shown(note, style)));
    }
}

/// A table with its rows aligned; nothing when it has no rows.
pub fn table(table: &Table, style: TextStyle) -> String {
    if table.rows.is_empty() {
        return String::new();
    }
    let mut grid = Grid::new();
    grid.load_style(rule(style)).set_content_arrangement(ContentArrangement::Disabled);
    grid.set_header(table.columns.iter().map(|c| c.title.as_ref()).collect::<Vec<_>>());
    let indent = table.rows.iter().any(|r| r.group);
    for row in table.rows.iter().filter(|r| !r.group) {
        grid.add_row(cells(row, table.columns.len(), indent, style));
    }
    for (i, column) in table.columns.iter().enumerate() {
        if let Some(grid_column) = grid.column_mut(i) {
            grid_column.set_cell_alignment(if column.right { CellAlignment::Right } else { CellAlignment::Left });
            // A unit belongs to the number on its left; other columns stand two apart.
            let left =
                if i == 0 || (column.title.is_empty() && !column.right && table.columns[i - 1].right) { 0 } else { 1 };
            grid_column.set_padding((left, 1));
        }
    }
    painted(&grid, table, style)
}

/// Only a line under the heads: vertical lines get in the way of copying.
fn rule(style: TextStyle) -> TableStyle {
    let fill = if style.ascii { '-' } else { '─' };
    TableStyle::new()
        .header_lines(ContentLineStyle::none().junction(' '))
        .header_separator(LineStyle::none().fill(fill).junction(fill))
        .content_lines(ContentLineStyle::none().junction(' '))
}

/// The cells of a row, filled up to the number of columns; names under a group are set in.
fn cells(row: &Row, columns: usize, indent: bool, style: TextStyle) -> Vec<String> {
    let mut cells: Vec<String> = row.cells.iter().map(|c| shown(c, style)).collect();
    cells.resize(columns, String::new());
    if indent {
        cells[0].insert_str(0, "  ");
    }
    cells
}

/// The lines of a grid with the group rows between them, which may be as long as they like.
///
/// Colour is laid on afterwards, so that escape codes cannot disturb the widths. No cell holds a line break.
fn painted(grid: &Grid, table: &Table, style: TextStyle) -> String {
    let mut lines = grid.lines();
    let mut out = String::new();
    let mut put = |line: &str| {
        out.push_str(line.trim_end());
        out.push('\n');
    };
    put(&lines.next().unwrap_or_default());
    // A long note at the end of a row need not stretch the line under the heads.
    put(&lines.next().unwrap_or_default().chars().take(RULE_WIDTH).collect::<String>());
    for row in &table.rows {
        let first = shown(&row.cells[0], style);
        let colored = paint(&first, row.tone, style);
        if row.group {
            put(&colored);
        } else {
            let line = lines.next().unwrap_or_default();
            put(&if row.tone == Tone::Plain { line } else { line.replacen(&first, &colored, 1) });
        }
    }
    out
}

/// `text` in the colour of `tone`, when colour is on.
pub fn paint(text: &str, tone: Tone, style: TextStyle) -> String {
    let paint = match tone {
        _ if !style.color => return text.to_owned(),
        Tone::Plain => return text.to_owned(),
        Tone::Strong => Paint::new().bold(),
        Tone::Good => AnsiColor::Green.on_default().bold(),
        Tone::Bad => AnsiColor::Red.on_default().bold(),
        Tone::Unsure => AnsiColor::Yellow.on_default().bold(),
    };
    format!("{paint}{text}{paint:#}")
}

/// A text as it may be printed in this style.
pub fn shown(text: &str, style: TextStyle) -> String {
    let text = printable(text);
    if style.ascii { to_ascii(&text) } else { text }
}

/// User text on one line: control characters (and with them terminal escapes) become a visible sign.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

/// The same text in ASCII: signs that we use become their usual spelling, anything else `?`.
fn to_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_ascii() => out.push(c),
            '±' => out.push_str("+-"),
            '≤' => out.push_str("<="),
            '≥' => out.push_str(">="),
            '×' => out.push('x'),
            '→' => out.push_str("->"),
            '…' => out.push_str("..."),
            '–' | '—' | '−' | '─' => out.push('-'),
            'µ' | 'μ' => out.push('u'),
            '█' => out.push('#'),
            '·' => out.push('*'),
            _ => out.push('?'),
        }
    }
    out
}
