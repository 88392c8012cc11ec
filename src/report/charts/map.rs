//! A map of the network: sites where they are, links coloured by their mean utilisation, the busiest ones numbered.

use std::collections::{BTreeMap, BTreeSet};

use super::chart::{Chart, Map, Spot, Stroke};
use super::spring::springs;
use crate::experiment::results::{Network, RunResults};

/// Directions of links that are numbered and listed.
const LISTED: usize = 8;
/// Below this utilisation a link is not worth a number.
const IDLE: f64 = 0.01;

/// The chart of the network.
pub(super) fn chart(run: &RunResults) -> Chart {
    let network = &run.network;
    let located = network.sites.iter().filter(|site| site.location.is_some()).count();
    let how = match located {
        0 => "drawn without coordinates: links as short as they can be",
        n if n < network.sites.len() => "sites without coordinates stand near their neighbours",
        _ => "",
    };
    let more = if how.is_empty() { String::new() } else { format!("; {how}") };
    Chart {
        name: "network",
        title: "Network: mean utilisation of each direction, over all replications".to_owned(),
        subtitle: format!(
            "{} ({} replication{}{more})",
            run.title,
            run.replications,
            if run.replications == 1 { "" } else { "s" }
        ),
        notes: Vec::new(),
        columns: 1,
        panels: Vec::new(),
        empty: "nothing to show: this scenario has no WAN links".to_owned(),
        map: (!network.ways.is_empty()).then(|| map(run)),
    }
}

fn map(run: &RunResults) -> Map {
    let network = &run.network;
    let shares: BTreeMap<&str, f64> = run
        .kpis
        .iter()
        .filter_map(|k| Some((k.name.as_str(), k.mean?)))
        .filter(|(name, _)| name.starts_with("link."))
        .collect();
    let mut between: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    let mut links: Vec<Stroke> = network
        .ways
        .iter()
        .map(|way| {
            let (a, b) = (&network.sites[way.ends.0].name, &network.sites[way.ends.1].name);
            let share = shares.get(format!("link.{}.{a}-to-{b}.utilisation", way.link).as_str());
            let lane = between.entry(way.ends).or_default();
            *lane += 1;
            let label = format!("{}, {a} → {b}", way.link);
            Stroke { ends: way.ends, lane: *lane - 1, share: share.copied().unwrap_or(f64::NAN), label, number: None }
        })
        .collect();
    let mut busiest: Vec<usize> = (0..links.len()).filter(|&l| links[l].share >= IDLE).collect();
    busiest.sort_by(|&a, &b| links[b].share.total_cmp(&links[a].share).then(a.cmp(&b)));
    // A link is numbered once, on its fuller direction.
    let mut named: BTreeSet<&str> = BTreeSet::new();
    busiest.retain(|&l| named.insert(&network.ways[l].link));
    for (number, &link) in busiest.iter().take(LISTED).enumerate() {
        links[link].number = Some(number + 1);
    }
    let spots = places(network).into_iter().zip(&network.sites).map(|(at, site)| Spot { name: site.name.clone(), at });
    Map { sites: spots.collect(), links }
}

/// A place in the plane for every site, in any unit, y downwards.
fn places(network: &Network) -> Vec<(f64, f64)> {
    let mut neighbours = vec![Vec::new(); network.sites.len()];
    for way in &network.ways {
        neighbours[way.ends.0].push(way.ends.1);
        neighbours[way.ends.1].push(way.ends.0);
    }
    let located: Vec<f64> = network.sites.iter().filter_map(|s| s.location).map(|(latitude, _)| latitude).collect();
    if located.is_empty() {
        return springs(&neighbours);
    }
    // An equirectangular projection that keeps lengths at the middle latitude.
    let middle = located.iter().fold(0.0, |sum, latitude| sum + latitude) / located.len() as f64;
    let squeeze = libm::cos(middle.to_radians());
    let mut places: Vec<Option<(f64, f64)>> = network
        .sites
        .iter()
        .map(|s| s.location.map(|(latitude, longitude)| (longitude * squeeze, -latitude)))
        .collect();
    beside_neighbours(&mut places, &neighbours);
    let lowest = places.iter().flatten().map(|p| p.1).fold(f64::NEG_INFINITY, f64::max);
    let left = places.iter().flatten().map(|p| p.0).fold(f64::INFINITY, f64::min);
    let mut strays = 0.0;
    let mut stray = || {
        strays += 1.0;
        (left + strays, lowest + 1.0)
    };
    places.into_iter().map(|place| place.unwrap_or_else(&mut stray)).collect()
}

/// Sites without coordinates go to the middle of their neighbours, a little aside so that they do not hide each other.
fn beside_neighbours(places: &mut [Option<(f64, f64)>], neighbours: &[Vec<usize>]) {
    const ASIDE: f64 = 0.6;
    for _ in 0..places.len() {
        let known: Vec<Option<(f64, f64)>> = places.to_vec();
        let mut changed = false;
        for site in 0..places.len() {
            let around: Vec<(f64, f64)> = neighbours[site].iter().filter_map(|&n| known[n]).collect();
            if known[site].is_some() || around.is_empty() {
                continue;
            }
            let n = around.len() as f64;
            let sum = around.iter().fold((0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1));
            let angle = site as f64 * 2.4;
            places[site] = Some((sum.0 / n + ASIDE * libm::cos(angle), sum.1 / n + ASIDE * libm::sin(angle)));
            changed = true;
        }
        if !changed {
            return;
        }
    }
}
