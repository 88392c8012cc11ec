//! The registry as plain text.

use super::lookup::{KpiError, all, lookup};
use super::registry::{Kpi, Stat};
use std::fmt::Write;

/// Width that texts are wrapped to.
const WIDTH: usize = 110;

/// Definition, formula, unit and stats of one KPI, named in full or by its pattern without stat.
///
/// # Errors
///
/// The name is no KPI.
pub fn render(name: &str) -> Result<String, KpiError> {
    let kpi = match lookup(name) {
        Ok(found) => found.kpi,
        // A KPI that needs a stat is described without one too.
        Err(error) => match error.nearest.first().and_then(|n| lookup(n).ok()) {
            Some(found) if error.message.ends_with("needs a stat") => found.kpi,
            _ => return Err(error),
        },
    };
    Ok(describe(kpi))
}

/// All KPIs, one line each: pattern, unit, stats, formula.
pub fn render_all() -> String {
    let width = all().map(|k| shown(k).len()).max().unwrap_or(0);
    let mut out = String::new();
    let mut area = "";
    for kpi in all() {
        let this = kpi.pattern.split('.').next().unwrap_or_default();
        if this != area {
            let gap = if area.is_empty() { "" } else { "\n" };
            let _ = write!(out, "{gap}");
            area = this;
        }
        let row = format!("{:width$}  {:7}  {}", shown(kpi), kpi.unit, stats(kpi));
        let _ = writeln!(out, "{}", row.trim_end());
    }
    out.push_str(
        "\n'apollo kpi NAME' prints definition and formula. NAME has the name of a site, link or work in place of *.\n",
    );
    out
}

/// The pattern, with the stat where a name needs one.
fn shown(kpi: &Kpi) -> String {
    match kpi.stats {
        [only] if *only != Stat::Mean => format!("{}.{}", kpi.pattern, only.word()),
        _ => kpi.pattern.to_owned(),
    }
}

fn stats(kpi: &Kpi) -> String {
    if kpi.stats.len() < 2 {
        return String::new();
    }
    kpi.stats.iter().map(|s| format!(".{}", s.word())).collect::<Vec<_>>().join(" ")
}

fn describe(kpi: &Kpi) -> String {
    let unit = if kpi.unit == "1" { "1 (a plain number or share)" } else { kpi.unit };
    let mut out = format!("{}\n  unit: {unit}\n", shown(kpi));
    if kpi.stats.len() > 1 {
        let _ = writeln!(out, "  stats: {} (none written: .mean)", stats(kpi));
    }
    let _ = writeln!(out, "  limits are written as {}", kpi.dimension.help());
    out.push_str(&wrapped("formula: ", kpi.formula));
    out.push_str(&wrapped("", kpi.definition));
    out
}

/// `label` and `text`, indented by two and broken between words.
fn wrapped(label: &str, text: &str) -> String {
    let mut out = String::new();
    let mut line = format!("  {label}");
    let indent = line.chars().count();
    for word in text.split_whitespace() {
        let used = line.chars().count();
        if used > indent && used + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(out, "{line}");
            line = " ".repeat(indent);
        }
        if line.chars().count() > indent {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(out, "{line}");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_kpi_shows_unit_formula_and_definition() {
        let text = render("storage.hot.read_efficiency").unwrap();
        for part in ["storage.*.read_efficiency", "unit: 1", "formula: ", "half the line rate", "Null for a service"] {
            assert!(text.contains(part), "'{part}' is not in\n{text}");
        }
        assert!(render("rl.x.on_time").unwrap().contains("feedback target"));
        assert!(render("rl.x.on_tme").is_err());
    }

    #[test]
    fn the_list_names_every_kpi() {
        let text = render_all();
        assert!(all().all(|k| text.contains(k.pattern)));
        assert!(text.contains(".p95"));
        assert!(text.lines().all(|l| l.chars().count() <= WIDTH + 10), "{text}");
    }
}
