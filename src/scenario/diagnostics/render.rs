//! Diagnostics as text for people and as JSON for machines.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch as Edit, Renderer, Snippet};
use serde_json::{Value, json};

use super::{CAP, Diagnostic, Patch, Severity};
use crate::scenario::text::source::Place;

/// Longer lines are named by position only: a picture of them helps nobody and takes long to lay out.
const LONGEST_LINE: usize = 1000;

/// The findings as text, capped at [`CAP`], with colour if asked.
pub fn render_text(list: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for diagnostic in list.iter().take(CAP) {
        out.push_str(&renderer.render(&groups(diagnostic)));
        out.push_str("\n\n");
    }
    if list.len() > CAP {
        out.push_str(&format!("… and {} more\n", list.len() - CAP));
    }
    out
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

fn groups(d: &Diagnostic) -> Vec<Group<'_>> {
    let title = level(d.severity).primary_title(d.message.as_str()).id(d.code);
    let mut first = Group::with_title(title);
    if let Some(place) = &d.place {
        first = with_cause(first, place, &d.label, AnnotationKind::Primary);
    }
    for (place, words) in &d.context {
        first = with_cause(first, place, words, AnnotationKind::Context);
    }
    if let Some(help) = &d.help {
        first = first.element(Level::HELP.message(help.as_str()));
    }
    let mut groups = vec![first];
    groups.extend(d.patch.as_ref().and_then(patch_group));
    groups
}

fn with_cause<'a>(group: Group<'a>, place: &'a Place, label: &'a str, kind: AnnotationKind) -> Group<'a> {
    match window(place) {
        Some(window) => {
            let label = (!label.is_empty()).then_some(label);
            let snippet = Snippet::source(window.text).path(place.source.name.as_str()).line_start(window.line);
            group.element(snippet.annotation(kind.span(window.span).label(label)))
        }
        None => {
            let (line, column) = place.source.line_column(place.span.start);
            let group = group.element(Origin::path(place.source.name.as_str()).line(line).char_column(column));
            if label.is_empty() { group } else { group.element(Level::NOTE.message(label)) }
        }
    }
}

fn patch_group(patch: &Patch) -> Option<Group<'_>> {
    let window = window(&patch.place)?;
    let snippet = Snippet::source(window.text).path(patch.place.source.name.as_str()).line_start(window.line);
    Some(
        Level::HELP
            .secondary_title(patch.title.as_str())
            .element(snippet.patch(Edit::new(window.span, patch.with.as_str()))),
    )
}

/// The line a place starts on, and the place's range in it.
struct Window<'a> {
    text: &'a str,
    line: usize,
    span: std::ops::Range<usize>,
}

/// `None` for lines too long to be shown. A place over several lines is shown by its first.
fn window(place: &Place) -> Option<Window<'_>> {
    let source = &place.source;
    let start = source.floor(place.span.start);
    let (line, _) = source.line_column(start);
    let range = source.line_range(line);
    if range.len() > LONGEST_LINE {
        return None;
    }
    let end = source.floor(place.span.end).clamp(start, range.end.max(start));
    let text = &source.text[range.clone()];
    Some(Window { text, line, span: start - range.start..end - range.start })
}

/// The findings as a JSON array, capped at [`CAP`].
///
/// Each has `code`, `severity`, `message`, `file`, `line`, `column`, `end_line`, `end_column` (null without a
/// place), `label`, `help` and `suggestion` (null, or the same position fields and `replacement`).
pub fn render_json(list: &[Diagnostic]) -> Value {
    list.iter().take(CAP).map(one_json).collect()
}

fn one_json(d: &Diagnostic) -> Value {
    let mut object = json!({ "code": d.code, "severity": d.severity.word(), "message": d.message });
    position(&mut object, d.place.as_ref());
    object["label"] = if d.label.is_empty() { Value::Null } else { json!(d.label) };
    object["help"] = json!(d.help);
    object["suggestion"] = d.patch.as_ref().map_or(Value::Null, |patch| {
        let mut object = json!({ "replacement": patch.with });
        position(&mut object, Some(&patch.place));
        object
    });
    object
}

fn position(object: &mut Value, place: Option<&Place>) {
    let start = place.map(|p| p.source.line_column(p.span.start));
    let end = place.map(|p| p.source.line_column(p.span.end));
    object["file"] = json!(place.map(|p| p.source.name.as_str()));
    object["line"] = json!(start.map(|s| s.0));
    object["column"] = json!(start.map(|s| s.1));
    object["end_line"] = json!(end.map(|e| e.0));
    object["end_column"] = json!(end.map(|e| e.1));
}
