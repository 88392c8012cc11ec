//! `apollo kpi [NAME]`: the KPIs, or definition and formula of one.

use clap::Args;

use super::exit::Exit;
use super::global::Format;
use super::listing::Listing;
use super::screen::Screen;
use crate::kpi;

/// Arguments of `kpi`.
#[derive(Args, Debug)]
pub struct Kpi {
    /// Show definition and formula of this KPI, e.g. `rl.online.feedback_time` or `rl.*.feedback_time`; without it, list all
    name: Option<String>,
}

/// Prints the registry.
pub fn run(args: &Kpi, screen: &Screen) -> Exit {
    let Some(name) = &args.name else { return screen.print(&list(None, screen.format, kpi::render_all)) };
    match kpi::render(name) {
        Ok(text) => {
            let pattern = kpi::lookup(name).ok().map(|found| found.kpi.pattern);
            screen.print(&list(pattern.or(Some(name)), screen.format, || text))
        }
        Err(error) => {
            screen.error(&error.to_string());
            Exit::Input
        }
    }
}

/// All rows, or the one with this pattern.
fn list(pattern: Option<&str>, format: Format, text: impl FnOnce() -> String) -> String {
    let mut listing = Listing::new(&["name", "unit", "stats", "formula", "definition"]);
    for row in kpi::all().filter(|row| pattern.is_none_or(|p| p == row.pattern)) {
        let stats: Vec<&str> = row.stats.iter().map(|s| s.word()).collect();
        listing.row(vec![
            row.pattern.to_owned(),
            row.unit.to_owned(),
            stats.join(" "),
            row.formula.to_owned(),
            row.definition.to_owned(),
        ]);
    }
    listing.render(format, text)
}
