//! How busy each WAN direction is over time: one panel per link, one curve per direction.

use super::axis;
use super::chart::{Chart, Color, Curve, Panel};
use super::timeline;
use crate::experiment::results::{RunResults, Series};

/// A link and its directions (`a-to-b`) with their series.
type Link<'a> = (&'a str, Vec<(&'a str, &'a Series)>);

/// The chart of WAN utilisation.
pub(super) fn chart(run: &RunResults) -> Chart {
    let (links, more) = timeline::busiest(links(run), "links", |(_, directions)| {
        directions.iter().map(|(_, s)| timeline::mean(&s.values)).fold(0.0, f64::max)
    });
    let columns = if links.len() > 4 { 2 } else { 1 };
    Chart {
        name: "wan-utilisation",
        title: "WAN utilisation over time, per direction, in % of capacity".to_owned(),
        subtitle: timeline::subtitle(run, &more),
        notes: Vec::new(),
        columns,
        panels: links.iter().map(|link| panel(run, link, columns)).collect(),
        empty: "nothing to show: this scenario has no WAN links".to_owned(),
        map: None,
    }
}

/// Links with their directions; series are sorted by name, so links are too.
fn links(run: &RunResults) -> Vec<Link<'_>> {
    let mut links: Vec<Link<'_>> = Vec::new();
    for entity in timeline::entities(run, "link", &["utilisation"]) {
        let (link, direction) = entity.split_once('.').unwrap_or((entity, ""));
        let Some(series) = timeline::named(run, &format!("link.{entity}.utilisation")) else { continue };
        match links.last_mut() {
            Some((name, directions)) if *name == link => directions.push((direction, series)),
            _ => links.push((link, vec![(direction, series)])),
        }
    }
    links
}

fn panel(run: &RunResults, (link, directions): &Link<'_>, columns: usize) -> Panel {
    const COLORS: [Color; 4] = [Color::Blue, Color::Vermilion, Color::Green, Color::Purple];
    let curve = |(i, (direction, series)): (usize, &(&str, &Series))| -> Curve {
        timeline::steps(series, &direction.replace("-to-", " → "), COLORS[i % COLORS.len()])
    };
    Panel {
        title: (*link).to_owned(),
        x: timeline::time_axis(run, columns),
        y: axis::share("utilisation"),
        curves: directions.iter().enumerate().map(curve).collect(),
        marks: Vec::new(),
        shade: timeline::warmup(run),
        note: directions.iter().all(|(_, s)| !timeline::any_value(s)).then(|| "no values".to_owned()),
        key: None,
    }
}
